#!/bin/bash
# A generated file does not compile with a runtime of another interface version, and says why.
set -euo pipefail

golden=$1
dir=$TEST_TMPDIR
mkdir -p "$dir/runnel" "$dir/shared/base"
cp "$golden" "$dir/shared/base/types.runnel.h"
touch "$dir/shared/base/types.pb.h"
echo '#include "shared/base/types.runnel.h"' > "$dir/use.cc"

compile() {  # the runtime's version line
  echo "$1" > "$dir/runnel/codegen_support.h"
  "${CXX:-c++}" -std=c++20 -fsyntax-only -I "$dir" "$dir/use.cc" 2> "$dir/errors"
}

expect_refusal() {
  if compile "$1"; then echo "compiles with \"$1\""; exit 1; fi
  grep -q 'error.*generated for version 1 of Runnel.s runtime interface' "$dir/errors" ||
    { echo "no clear error with \"$1\":"; cat "$dir/errors"; exit 1; }
}

compile '#define RUNNEL_CODEGEN_VERSION 1' || { cat "$dir/errors"; exit 1; }
expect_refusal '#define RUNNEL_CODEGEN_VERSION 2'
expect_refusal '#define RUNNEL_CODEGEN_VERSION 0'
expect_refusal ''
