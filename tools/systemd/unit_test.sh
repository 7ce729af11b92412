#!/bin/bash
# systemd-analyze finds nothing wrong with the unit, and would with a wrong one.
set -euo pipefail
if ! command -v systemd-analyze >/dev/null; then
  echo "no systemd-analyze here: nothing is checked"
  exit 0
fi
dir=$TEST_TMPDIR/units
mkdir -p "$dir"
# The program is not installed here.
sed "s|^ExecStart=/usr/local/bin/runnel-examples|ExecStart=$(command -v true)|" "$1" > "$dir/runnel-examples.service"
grep -q "^ExecStart=$(command -v true)" "$dir/runnel-examples.service"
# It warns with the exit code 0.
complaints=$(systemd-analyze verify --man=no "$dir/runnel-examples.service" 2>&1 | grep runnel-examples || true)
[[ -z $complaints ]] || { echo "$complaints"; exit 1; }
sed 's/^Type=notify/Typ=notify/' "$dir/runnel-examples.service" > "$dir/wrong.service"
systemd-analyze verify --man=no "$dir/wrong.service" 2>&1 | grep -q 'wrong.service.*Typ' ||
  { echo "systemd-analyze takes a wrong unit for right"; exit 1; }
