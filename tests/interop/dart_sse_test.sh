#!/bin/bash
# The program `dart_sse`: what it says, what it refuses, and an echo by curl, with the bytes that
# Dart's client sends.
set -euo pipefail
server=$PWD/$1

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# refused MESSAGE OPTIONS…
refused() {
  local message=$1 status=0
  shift
  "$server" "$@" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || status=$?
  ((status == 2)) || fail "dart_sse $* exited with $status, not 2"
  grep -qF -- "$message" "$TEST_TMPDIR/err" || fail "dart_sse $* said: $(cat "$TEST_TMPDIR/err")"
}

"$server" --help | grep -q -- '--port PORT' || fail "--help does not name the options"
refused 'there is no option "--explode"' --explode
refused 'there is no option "8080"' 8080
refused '--port wants a number' --port many
refused '--port wants a number' --port=65536
refused '--host wants an address' --host=
refused '--keep-alive wants a number' --keep-alive=-1
refused '--keep-alive wants a number' --keep-alive nan
refused '--allow-origin wants an origin' --allow-origin=
refused 'allowed_origins has "example.com"' --allow-origin example.com
refused 'nowhere at all' --port 0 --host 'nowhere at all'

out=$TEST_TMPDIR/listening
"$server" --port 0 --allow-origin http://app.example.com >"$out" &
pid=$!
for ((i = 0; i < 3000; ++i)); do
  grep -qE '^listening at http://127\.0\.0\.1:[1-9][0-9]*/test$' "$out" && break
  kill -0 "$pid" || fail "it ended by itself"
  sleep 0.01
done
url=$(sed -n 's/^listening at //p' "$out")
[[ -n $url ]] || fail "it said: $(cat "$out")"

status=0
"$server" --port "$(sed 's/.*:\([0-9]*\).*/\1/' <<<"$url")" 2>"$TEST_TMPDIR/err" || status=$?
((status == 1)) || fail "a port in use: exit status $status, not 1"

# code OPTIONS…: the HTTP status of a request.
code() { curl -sS -o "$TEST_TMPDIR/body" -w '%{http_code}' --max-time 60 "$@"; }
is() {
  local want=$1 got
  shift
  got=$(code "$@")
  [[ $got == "$want" ]] || fail "curl $*: $got, not $want"
}

# stream ID FILE OPTIONS…: opens one in the background, as `stream_pid`.
stream() {
  local id=$1 file=$2
  shift 2
  : >"$file"
  curl -sS -N --max-time 60 -H 'Accept: text/event-stream' "$@" "$url?sseClientId=$id" >"$file" &
  stream_pid=$!
}
# until_says FILE TEXT
until_says() {
  for ((i = 0; i < 3000; ++i)); do
    grep -qF -- "$2" "$1" && return
    sleep 0.01
  done
  fail "no $2 in: $(cat "$1")"
}
post() {
  is 200 -H 'Content-Type: text/plain;charset=UTF-8' -H "Origin: ${url%/test}" --data-binary "$3" \
    "$url?sseClientId=$1&messageId=$2"
  [[ ! -s $TEST_TMPDIR/body ]] || fail "a POST was answered: $(cat "$TEST_TMPDIR/body")"
}

first=$TEST_TMPDIR/first
stream VjabYB "$first"
until_says "$first" 'id: '
post VjabYB 1 '"line1\nline2 \"q\" \\ €"' # the second first
post VjabYB 0 '"blah"'
until_says "$first" 'line2'
grep '^data: ' "$first" >"$TEST_TMPDIR/data"
printf '%s\n' 'data: "blah"' 'data: "line1\nline2 \"q\" \\ €"' |
  cmp - "$TEST_TMPDIR/data" || fail "the echoes are: $(cat "$TEST_TMPDIR/data")"

# A connection that dies: the client says what it had, and gets the rest.
id=$(sed -n 's/^id: \(.*-1\)$/\1/p' "$first")
kill "$stream_pid"
wait "$stream_pid" 2>/dev/null || true
again=$TEST_TMPDIR/again
stream VjabYB "$again" -H "Last-Event-ID: $id"
until_says "$again" 'data: "line1'
! grep -q '"blah"' "$again" || fail "it was sent twice: $(cat "$again")"
kill "$stream_pid"
wait "$stream_pid" 2>/dev/null || true

is 404 "$url"
is 200 -d '"x"' "${url%/test}/\$dwdsSseHandler?sseClientId=x"
is 404 -H 'Accept: text/event-stream' "${url%/test}/other"
is 404 -H 'Accept: text/event-stream' "$url/"
is 403 -H 'Origin: http://evil.example.com' -d '"x"' "$url?sseClientId=x"
is 403 -H 'Host: evil.example.com' -H 'Accept: text/event-stream' "$url?sseClientId=x"
for origin in http://localhost:5173 http://app.example.com; do
  is 200 -D "$TEST_TMPDIR/head" -H "Origin: $origin" -d '"x"' "$url?sseClientId=x"
  grep -qi "^access-control-allow-origin: $origin" "$TEST_TMPDIR/head" || fail "$origin may not read"
  grep -qi '^access-control-allow-credentials: true' "$TEST_TMPDIR/head" || fail "$origin: no cookies"
done

kill -TERM "$pid"
wait "$pid" || fail "it ended with status $?"
(($(wc -l <"$out") == 1)) || fail "it said more than a line: $(cat "$out")"
