#!/bin/bash
# The generated JSON and protobuf's own agree on so many random messages.
set -euo pipefail

"$1" --messages "$2" | tee "$TEST_TMPDIR/out"
grep -qx "$2 agree, 0 differ" "$TEST_TMPDIR/out"
