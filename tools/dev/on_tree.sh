#!/bin/bash
# Runs a check on the real source tree from inside a Bazel test: the tree is where the link
# to its WORKSPACE file leads.
#
# Usage (in an sh_test): on_tree.sh WORKSPACE SCRIPT [ARGUMENTS…]
set -euo pipefail
RUNNEL_ROOT=$(dirname "$(readlink -f "$1")")
export RUNNEL_ROOT
script=$PWD/$2
shift 2
if [[ ! -d $RUNNEL_ROOT/runtime || ! -d $RUNNEL_ROOT/tools ]]; then
  echo "no source tree at $RUNNEL_ROOT: this test needs to run on the machine that has it" >&2
  exit 1
fi
cd "$RUNNEL_ROOT"
exec "$script" "$@"
