#!/bin/bash
# Runs every workload once with a few messages and looks at the figures' form, not their value.
#
# Usage: bench_test.sh BENCH_PY SERVER CLIENT PROXY
set -euo pipefail

python3 "$1" --server="$2" --client="$3" --proxy="$4" --rounds=1 --messages=200 --json="$TEST_TMPDIR/figures" \
  >"$TEST_TMPDIR/printed"
cmp "$TEST_TMPDIR/printed" "$TEST_TMPDIR/figures"
python3 - "$TEST_TMPDIR/figures" <<'END'
import collections, json, sys

figures = [json.loads(line) for line in open(sys.argv[1])]
found = collections.Counter()
for f in figures:
    assert set(f) == {"workload", "metric", "unit", "codec", "route", "value", "median_of", "min",
                      "max"}, f
    assert 0 < f["min"] <= f["value"] <= f["max"] and f["median_of"] == 1, f
    found[f["workload"], f["metric"]] += 1
expected = [("unary", "p50"), ("unary", "p99"), ("unary_one_core", "p50"),
            ("unary_one_core", "p99"), ("unary_32", "rate"), ("stream_0", "rate"),
            ("stream_100", "rate"), ("stream_1k", "rate"), ("stream_16k", "rate")]
# Each for two codecs on two routes, but for those through a proxy.
expected = {name: 4 for name in expected}
expected.update({("stream_proxied", "rate"): 1, ("stream_cut", "rate"): 1,
                 ("stream_cut", "ratio"): 1})
assert found == expected, found
END

# What it cannot do, it says, and does not measure.
refuses() {
  local reason=$1 status=0
  shift
  python3 "$@" >"$TEST_TMPDIR/printed" 2>"$TEST_TMPDIR/said" || status=$?
  if ((status == 0)) || [[ -s $TEST_TMPDIR/printed ]] || ! grep -q "$reason" "$TEST_TMPDIR/said"; then
    echo "expected a failure that says: $reason; got exit code $status, and:" >&2
    cat "$TEST_TMPDIR/printed" "$TEST_TMPDIR/said" >&2
    exit 1
  fi
}
refuses "matches nothing" "$1" --server="$2" --client="$3" --only=no_such_workload
refuses "invalid positive int value" "$1" --server="$2" --client="$3" --rounds=0
refuses "cannot write" "$1" --server="$2" --client="$3" --json=/no/such/folder/figures
refuses "the server ended with exit code 1 before it served" \
  "$1" --server=/bin/false --client="$3" --only=unary/proto/direct --rounds=1
refuses "the client ended with exit code 1" \
  "$1" --server="$2" --client=/bin/false --only=unary/proto/direct --rounds=1
refuses "the proxy ended with exit code 1 before it listened" \
  "$1" --server="$2" --client="$3" --proxy=/bin/false --only=stream_cut --rounds=1
# A stream that is over before the first cut.
sed 's/1000000, \["proto"\]/100, ["proto"]/' "$1" >"$TEST_TMPDIR/short.py"
refuses "the proxy has cut no connection" "$TEST_TMPDIR/short.py" \
  --server="$2" --client="$3" --proxy="$4" --only=stream_cut --rounds=1
