#!/bin/bash
# Runs every workload once with a few messages and looks at the figures' form, not their value.
# Runnel's side is always run; those of gRPC and nchan where their programs are given:
# //tests/benchmark:bench_test does without, //tests/benchmark/grpc:bench_test (manual, as all that
# needs gRPC's packages) with them.
#
# Usage: bench_test.sh BENCH_PY SERVER CLIENT PROXY [GRPC_SERVER GRPC_CLIENT NCHAN_SERVER NCHAN_CLIENT]
set -euo pipefail

bench=$1
runnel=(--server="$2" --client="$3")
proxy=$4
if (($# > 4)); then
  peers=("${runnel[@]}" --grpc-server="$5" --grpc-client="$6" --nchan-server="$7" --nchan-client="$8")
else
  echo "NOT RUN: gRPC's side and nchan's, whose programs were not given"
  peers=("${runnel[@]}" --no-grpc)
fi

# 10,000 subscribers are no smoke test; they do what 1,000 do.
only=()
for workload in 'unary*' 'stream_*' 'ping*' 'crowd_1k_*'; do only+=(--only="$workload"); done
python3 "$bench" "${peers[@]}" --proxy="$proxy" --rounds=1 --messages=200 "${only[@]}" \
  --json="$TEST_TMPDIR/figures" >"$TEST_TMPDIR/table"
python3 - "$TEST_TMPDIR/figures" "$TEST_TMPDIR/table" $(($# > 4)) <<'END'
import collections, json, sys

lines = [json.loads(line) for line in open(sys.argv[1])]
table = open(sys.argv[2]).read().splitlines()
has_grpc = sys.argv[3] == "1"
found = collections.Counter()
for f in lines:
    assert f["runnel"] > 0 and f["rounds"] == 1 and f["better"] in ("lower", "higher"), f
    if "of" in f:
        other = f["base"]
        found[f["workload"], f["of"] if f["of"] == "nchan" else "of"] += 1
    else:
        other = f["grpc"]
        assert (other is not None) == (has_grpc and "prox" not in f["workload"] and
                                       f["workload"] != "stream_cut"), f
        assert (f["grpc_way"] is not None) == (other is not None), f
        found[f["workload"], f["metric"]] += 1
    if other is None:
        assert f["ratio"] is None, f
    else:
        assert abs(f["ratio"] / (f["runnel"] / other) - 1) < 1e-3, f
        assert f["ratio_min"] == f["ratio"] == f["ratio_max"], f
# Each for two codecs on two routes, but for ping-pong (sessions) and those through a proxy.
expected = {}
for name in ["unary_one_core", "unary", "unary_32", "unary_128", "stream_0", "stream_100",
             "stream_1k", "stream_16k", "stream_1k_tls"]:
    if name in ("unary_one_core", "unary"):
        metrics = ["p50", "p99"] + ["cpu"] * (name != "unary")
    else:
        metrics = ["rate", "cpu"]
    expected.update({(name, metric): 4 for metric in metrics})
    expected[name, "of"] = 8 if name == "stream_1k_tls" else 4
deliveries = ["server_memory", "client_memory", "p50", "p99", "rate", "cpu"]
expected.update({("crowd_1k_" + connections, metric): 1 for connections in ("own", "shared")
                 for metric in deliveries})
expected.update({("ping_one_core", metric): 2 for metric in ("p50", "p99", "cpu")})
expected.update({("ping_one_core", "of"): 1, ("stream_proxied", "rate"): 1,
                 ("stream_cut", "rate"): 1, ("stream_cut", "of"): 1})
if has_grpc:
    expected["crowd_1k_own", "nchan"] = 3
assert found == expected, (found, expected)
# A row for each, under two headings, or three.
assert len(table) == len(lines) + (5 if has_grpc else 3), table
assert table[0].split()[:5] == ["workload", "metric", "unit", "Runnel", "gRPC"], table[0]
END

# What it cannot do, it says, and does not measure.
refuses() {
  local reason=$1 status=0
  shift
  python3 "$@" >"$TEST_TMPDIR/printed" 2>"$TEST_TMPDIR/said" || status=$?
  if ((status == 0)) || [[ -s $TEST_TMPDIR/printed ]] || ! grep -qF -- "$reason" "$TEST_TMPDIR/said"; then
    echo "expected a failure that says: $reason; got exit code $status, and:" >&2
    cat "$TEST_TMPDIR/printed" "$TEST_TMPDIR/said" >&2
    exit 1
  fi
}
alone=("$bench" "${runnel[@]}" --no-grpc --rounds=1)
refuses "--only no_such_workload matches nothing; the workloads are unary_one_core, " "${alone[@]}" \
  --only=no_such_workload
refuses "argument --rounds: invalid positive int value: '0'" "${alone[@]}" --rounds=0
refuses "argument --seconds: invalid positive float value: '-1'" "${alone[@]}" --seconds=-1
refuses "--json: cannot write /no/such/folder/figures: No such file or directory" "${alone[@]}" \
  --json=/no/such/folder/figures
refuses "unrecognized arguments: --round=3" "${alone[@]}" --round=3
refuses "the server ended with exit code 1 before it served" \
  "${alone[@]}" --server=/bin/false --only=unary/proto/direct
refuses "the client ended with exit code 1" \
  "${alone[@]}" --client=/bin/false --only=unary/proto/direct
refuses "the proxy ended with exit code 1 before it listened" \
  "${alone[@]}" --proxy=/bin/false --only=stream_cut
# A stream that is over before the first cut.
cp "$(dirname "$bench")"/{bench,figures,processes,workloads}.py "$TEST_TMPDIR"
sed -i 's/messages=1000000/messages=100/' "$TEST_TMPDIR/workloads.py"
refuses "the proxy has cut no connection" \
  "$TEST_TMPDIR/bench.py" "${alone[@]:1}" --proxy="$proxy" --only=stream_cut

# Fewer open files than a crowd needs.
ulimit -n 1000
status=0
python3 "${alone[@]}" --only=crowd_1k_own >"$TEST_TMPDIR/printed" 2>"$TEST_TMPDIR/said" || status=$?
if ((status != 1)) || ! grep -qF "bench: crowd_1k_own: not measured: a process of it opens 1200 files, \
and the limit (ulimit -Hn) is 1000" "$TEST_TMPDIR/said"; then
  echo "expected exit code 1 and what is said of the limit; got $status, and:" >&2
  cat "$TEST_TMPDIR/said" >&2
  exit 1
fi

# The programs say what arguments they do not know.
rejects() {
  local reason=$1 status=0
  shift
  "$@" >"$TEST_TMPDIR/printed" 2>"$TEST_TMPDIR/said" </dev/null || status=$?
  if ((status != 2)) || ! grep -qF -- "$reason" "$TEST_TMPDIR/said"; then
    echo "expected exit code 2 of $1 and: $reason; got $status, and:" >&2
    cat "$TEST_TMPDIR/said" >&2
    exit 1
  fi
}
for client in "$3" ${6+"$6"} ${8+"$8"}; do
  rejects "bad argument --codec=xml; there are --server=URL " "$client" --codec=xml
  rejects "--server=URL is missing" "$client"
done
for server in "$2" ${5+"$5"}; do
  rejects "bad argument --gather=0; there are --certificate_file=FILE " "$server" --gather=0
  rejects "--certificate_file and --key_file go together" "$server" --key_file=key.pem
done
