#!/bin/bash
# The program `proxy`: it says where it listens, ends when it is told to, and says what it has done.
set -euo pipefail
proxy=$1

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

"$proxy" --help | grep -q -- '--cut-every MIN-MAX' || fail "--help does not name the options"
"$proxy" --upstream 127.0.0.1:1 --cut-every 200-50 2>/dev/null && fail "200-50 is no span"
"$proxy" --upstream 127.0.0.1:1 --explode 2>/dev/null && fail "there is no --explode"
"$proxy" --listen 127.0.0.1:0 2>/dev/null && fail "nobody said what is upstream"

out=$TEST_TMPDIR/out
"$proxy" --listen 127.0.0.1:0 --upstream 127.0.0.1:1 --cut-every=50-200 --buffer >"$out" &
pid=$!
for ((i = 0; i < 1000; ++i)); do
  grep -qE '^listening on 127\.0\.0\.1:[1-9][0-9]*$' "$out" && break
  kill -0 "$pid" || fail "it ended by itself"
  sleep 0.01
done
kill -TERM "$pid"
wait "$pid" || fail "it ended with status $?"
grep -q '^0 connections: 0 cut, 0 silent; 0 responses cut' "$out" || fail "it said: $(cat "$out")"
