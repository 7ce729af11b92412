#!/bin/bash
# Runs the README's server with its two clients and its curl.
#
# Usage: readme_test.sh SERVER CLIENT WATCH
set -euo pipefail
mkfifo "$TEST_TMPDIR/out"
"$1" 127.0.0.1:0 >"$TEST_TMPDIR/out" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT

# The server prints its address once it listens. Its output stays open as long as this runs.
exec 3<"$TEST_TMPDIR/out"
read -r line <&3 || { echo "the server did not start"; exit 1; }
url=${line#listening on }

expect() {
  [[ $2 == "$3" ]] && return
  printf '%s: expected\n%s\ngot\n%s\n' "$1" "$3" "$2"
  exit 1
}

expect "client" "$("$2" "$url")" $'Hello, world!\n2\n1\n0'
expect "watch" "$("$3" "$url/hello.v1.Greeter/CountDown")" \
  $'message 1\nmessage 0'
expect "curl, unary" \
  "$(curl -sS "$url/hello.v1.Greeter/Greet" -H 'Content-Type: application/json' -d '{"name": "you"}')" \
  '{"text":"Hello, you!"}'
expect "curl, stream" \
  "$(curl -sSN "$url/hello.v1.Greeter/CountDown" -H 'Content-Type: application/json' \
    -H 'Accept: text/event-stream' -d '{"from": 1}' | grep -v '^:' | grep .)" \
  $'data: {"left":1}\ndata: {}\nevent: end\nid: end\ndata: {}'
