#!/bin/bash
# The program `server`: it says where it listens, serves there, ends when it is told to, and refuses
# what it does not understand.
set -euo pipefail
server=$PWD/$1
certificates=$PWD/$2
unset BUILD_WORKING_DIRECTORY

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

refused '--allow-host wants a name' --allow-host=
refused 'allowed_hosts has "example.com:80"' --port 0 --allow-host example.com:80
refused '--trusted-proxy wants an address' --trusted-proxy=
refused 'trusted_proxies has "nginx"' --port 0 --trusted-proxy nginx

tls=$TEST_TMPDIR/tls
mkdir "$tls"
"$certificates" "$tls"
pair=(--tls-cert "$tls/server.pem" --tls-key "$tls/server.key")
refused '--tls-cert wants a file' --tls-cert=
refused '--tls-cert and --tls-key go together' --tls-cert "$tls/server.pem"
refused '--tls-cert and --tls-key go together' --tls-key "$tls/server.key"
refused '--client-ca wants --tls-cert' --client-ca "$tls/client-ca.pem"
refused '"/nowhere.pem": No such file' --port 0 --tls-cert /nowhere.pem --tls-key "$tls/server.key"
refused '"/nowhere.key": No such file' --port 0 --tls-cert "$tls/server.pem" --tls-key /nowhere.key
refused "\"$tls/client.key\": holds no key" --port 0 --tls-cert "$tls/server.pem" --tls-key "$tls/client.key"
refused '"/nowhere-ca.pem": No such file' --port 0 "${pair[@]}" --client-ca /nowhere-ca.pem
refused "\"$tls/ca.key\": holds no certificates" --port 0 "${pair[@]}" --client-ca "$tls/ca.key"

# start SCHEME OPTIONS…: one that listens on a free port. Then it is `pid`, its port `port`, and what it
# says in `out`.
start() {
  local scheme=$1
  shift
  out=$TEST_TMPDIR/listening
  : >"$out"
  "$server" --port=0 "$@" >"$out" &
  pid=$!
  for ((i = 0; i < 3000; ++i)); do
    grep -qE "^listening at $scheme://127\.0\.0\.1:[1-9][0-9]*\$" "$out" && break
    kill -0 "$pid" || fail "it ended by itself"
    sleep 0.01
  done
  port=$(sed -n "s/^listening at $scheme:.*://p" "$out")
  [[ -n $port ]] || fail "it said: $(cat "$out")"
}

stop() {
  kill -TERM "$pid"
  wait "$pid" || fail "it ended with status $?"
  (($(wc -l <"$out") == 1)) || fail "it said more than a line: $(cat "$out")"
}

# ask OPTIONS… URL: makes a unary call; its response is then in `answer`.
ask() { answer=$(curl -sS --max-time 60 -H 'Content-Type: application/json' -d '{}' "$@" 2>&1) || true; }
path=/runnel.interop.v1.InteropService/Unary

start http --host 127.0.0.1 --allow-host app.example.com --trusted-proxy 127.0.0.1
ask -H 'Host: app.example.com' -H 'X-Forwarded-For: 192.0.2.7' "http://127.0.0.1:$port$path"
[[ $answer == *'"peer":"192.0.2.7:0"'* ]] || fail "with --trusted-proxy it answered: $answer"
status=0
"$server" --port "$port" 2>"$TEST_TMPDIR/err" || status=$?
((status == 1)) || fail "a port in use: exit status $status, not 1"
grep -q "$port" "$TEST_TMPDIR/err" || fail "a port in use: $(cat "$TEST_TMPDIR/err")"
stop

start https "${pair[@]}"
ask --cacert "$tls/ca.pem" "https://localhost:$port$path"
[[ $answer == *'"requests":1'* ]] || fail "over TLS it answered: $answer"
stop

# `bazel run` starts it elsewhere: names of files are those of where it was called.
cd /
export BUILD_WORKING_DIRECTORY=$tls
start https --tls-cert server.pem --tls-key server.key --client-ca client-ca.pem
ask --cacert "$tls/ca.pem" --cert "$tls/client.pem" --key "$tls/client.key" "https://localhost:$port$path"
[[ $answer == *'"principal":"alice"'* ]] || fail "to alice it answered: $answer"
ask --cacert "$tls/ca.pem" "https://localhost:$port$path"
[[ $answer != *requests* ]] || fail "to nobody it answered: $answer"
stop
