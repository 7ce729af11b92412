#!/bin/bash
# The program `server`: it says where it listens, serves there, ends when it is told to, and refuses
# what it does not understand.
set -euo pipefail
server=$1

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# refused MESSAGE OPTIONS…
refused() {
  local message=$1 status=0
  shift
  "$server" "$@" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || status=$?
  ((status == 2)) || fail "server $* exited with $status, not 2"
  grep -qF -- "$message" "$TEST_TMPDIR/err" || fail "server $* said: $(cat "$TEST_TMPDIR/err")"
}

"$server" --help | grep -q -- '--port PORT' || fail "--help does not name the options"
refused 'there is no option "--explode"' --explode
refused 'there is no option "8080"' 8080
refused '--port wants a number' --port many
refused '--port wants a number' --port=65536
refused '--port wants a number' --port
refused '--host wants an address' --host=
refused 'nowhere at all' --port 0 --host 'nowhere at all'
refused 'example.com/page' --port 0 --allow-origin http://example.com/page

out=$TEST_TMPDIR/listening
"$server" --host 127.0.0.1 --port=0 >"$out" &
pid=$!
for ((i = 0; i < 3000; ++i)); do
  grep -qE '^listening at http://127\.0\.0\.1:[1-9][0-9]*$' "$out" && break
  kill -0 "$pid" || fail "it ended by itself"
  sleep 0.01
done
port=$(sed -n 's/^listening at .*://p' "$out")
[[ -n $port ]] || fail "it said: $(cat "$out")"
exec 3<>"/dev/tcp/127.0.0.1/$port" || fail "nobody listens on port $port"
exec 3>&-

status=0
"$server" --port "$port" 2>"$TEST_TMPDIR/err" || status=$?
((status == 1)) || fail "a port in use: exit status $status, not 1"
grep -q "$port" "$TEST_TMPDIR/err" || fail "a port in use: $(cat "$TEST_TMPDIR/err")"

kill -TERM "$pid"
wait "$pid" || fail "it ended with status $?"
(($(wc -l <"$out") == 1)) || fail "it said more than a line: $(cat "$out")"
