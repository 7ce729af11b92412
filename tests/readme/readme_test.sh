#!/bin/bash
# Runs the README's server and client, and the README's curl, against each other.
#
# Usage: readme_test.sh SERVER CLIENT
set -euo pipefail
log=$TEST_TMPDIR/server.log
"$1" 127.0.0.1:0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT

# The server prints its address once it listens; tail ends with the server.
url=$(tail -n +1 -f --pid="$server" "$log" | sed -n '/^listening on /{s///p;q}') || true
[[ -n $url ]] || { echo "the server did not start:"; cat "$log"; exit 1; }

expect() {
  [[ $2 == "$3" ]] && return
  printf '%s: expected\n%s\ngot\n%s\n' "$1" "$3" "$2"
  exit 1
}

expect "client" "$("$2" "$url")" $'Hello, world!\n2\n1\n0'
expect "curl, unary" \
  "$(curl -sS "$url/hello.v1.Greeter/Greet" -H 'Content-Type: application/json' -d '{"name": "you"}')" \
  '{"text":"Hello, you!"}'
expect "curl, stream" \
  "$(curl -sSN "$url/hello.v1.Greeter/CountDown" -H 'Content-Type: application/json' \
    -H 'Accept: text/event-stream' -d '{"from": 1}' | grep -v '^:' | grep .)" \
  $'data: {"left":1}\ndata: {}\nevent: end\nid: end\ndata: {}'
