#!/bin/bash
# event_stream_test.sh EVENT_STREAM CASES: every case passes.
set -euo pipefail
unset BUILD_WORKING_DIRECTORY
"$1" "$2" | tee /dev/stderr | grep -qx "$(grep -c '^{"name"' "$2") passed, 0 failed"
