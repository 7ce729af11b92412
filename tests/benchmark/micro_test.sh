#!/bin/bash
# Each micro-benchmark runs, for a moment.
set -euo pipefail

report=$("$1" --benchmark_min_time=0.001 2>/dev/null)
for name in WriteMessage ReadMessage WriteBase64 ReadBase64 WriteEvents ReadEvents WriteEnvelopes ReadEnvelopes \
  WriteFrames ReadFrames KeepFrames; do
  grep -q "^$name.*/16384 .*bytes_per_second=" <<<"$report" || {
    echo "no figure of $name in:" >&2
    echo "$report" >&2
    exit 1
  }
done
