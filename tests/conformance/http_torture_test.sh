#!/bin/bash
# The tables pass, and a table whose expectation is wrong does not.
set -euo pipefail

program=$1
shift
"$program" "$@"

wrong=$TEST_TMPDIR/wrong.txt
for expectation in '< 400' '< 200 no such text' '< 200\n< 200'; do
  printf 'case wrong\n> GET /nowhere HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n\n%b\nopen\n' "$expectation" >"$wrong"
  if "$program" "$wrong"; then
    echo "a table with a wrong expectation passes: $expectation" >&2
    exit 1
  fi
done
