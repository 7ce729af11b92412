#!/bin/bash
# Each benchmark of the event parser finds the events that are there, with memchr beside it.
set -euo pipefail

report=$("$1" --benchmark_min_time=0.001 2>/dev/null)
for name in EventsOf/20 EventsOf/1048576 NamedAndNumbered ManyLines NotAscii; do
  for what in Read Search; do
    grep -q "^$what$name .*items_per_second=" <<<"$report" || {
      echo "no figure of $what$name in:" >&2
      echo "$report" >&2
      exit 1
    }
  done
done
