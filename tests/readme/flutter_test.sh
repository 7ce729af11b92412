#!/bin/bash
# Runs the server of runtime/sse/FLUTTER.md and sends it the page's requests, as they stand there.
#
# Usage: flutter_test.sh PAGE SERVER
set -euo pipefail
page=$1
mkfifo "$TEST_TMPDIR/out"
"$2" 127.0.0.1:0 >"$TEST_TMPDIR/out" &
server=$!
trap 'kill "$server" $(jobs -p) 2>/dev/null || true' EXIT

# The server prints its address once it listens. Its output stays open as long as this runs.
exec 3<"$TEST_TMPDIR/out"
read -r line <&3 || { echo "the server did not start"; exit 1; }
url=${line#listening on }

fail() {
  echo "FAILED: $1" >&2
  exit 1
}
expect() { [[ $2 == "$3" ]] || fail "$1: expected"$'\n'"$3"$'\n'"got"$'\n'"$2"; }

# request NUMBER: the page's block of this number, as arguments of curl, in `arguments`.
request() {
  local block first method target rest headers body
  block=$(awk -v want="$1" '
    /^```http$/ { ++number; inside = 1; next }
    /^```/ { inside = 0 }
    inside && number == want' "$page")
  [[ -n $block ]] || fail "the page has no request $1"
  read -r method target rest <<<"$block"
  arguments=(-sS -N --max-time 60 -X "$method" "$url$target")
  headers=${block%%$'\n\n'*}
  while IFS= read -r first; do arguments+=(-H "$first"); done < <(tail -n +2 <<<"$headers")
  [[ $block == "$headers" ]] && return
  body=${block#*$'\n\n'}
  arguments+=(--data-binary "$body")
}

request 1
curl "${arguments[@]}" >"$TEST_TMPDIR/stream" &
for ((i = 0; i < 3000; ++i)); do
  [[ -s $TEST_TMPDIR/stream ]] && break
  sleep 0.01
done
request 2
expect 'a POST' "$(curl "${arguments[@]}" -w '%{http_code}')" 200
for ((i = 0; i < 3000; ++i)); do
  grep -q '^data: ' "$TEST_TMPDIR/stream" && break
  sleep 0.01
done
expect 'the answer' "$(grep '^data: ' "$TEST_TMPDIR/stream")" 'data: "{\"text\":\"Hello, Dart!\"}"'

events() { curl "${arguments[@]}" | grep -v '^:'; }
# What the page says that comes: its last block.
rest=$(awk '/^```$/ { if (inside) inside = 0; else { inside = 1; block = "" } next } inside { block = block $0 "\n" } END { printf "%s", block }' "$page")
request 4
expect 'the rest of a stream' "$(events)" "$rest"
request 3
expect 'a whole stream' "$(events)" $'id: 1\ndata: {"number":1}\n\n'"$rest"

# The Dart code says what those requests say.
dart=$(awk '/^```dart$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$page")
for words in "SseClient('/ask')" "/ticker.v1.Ticker/Watch'" "http.Request('POST', method)" \
  "headers['content-type'] = 'application/json'" "headers['accept'] = 'text/event-stream'" \
  "headers['last-event-id'] = lastEventId" "..name = 'Dart'" "..count = 3"; do
  grep -qF -- "$words" <<<"$dart" || fail "the Dart code has no $words"
done

kill -TERM "$server"
wait "$server" || fail "the server ended with status $?"
