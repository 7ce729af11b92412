# What the scripts share that have buf curl for a client. Sourced, never run.

. "$(dirname "${BASH_SOURCE[0]}")/cases.sh"

options=()  # of every call

# ask METHOD OPTIONS…: a call of `service` with the program `buf` that does not last for ever. The
# responses are then in `out`, one JSON text a line.
ask() {
  local method=$1
  shift
  call timeout 60 "$buf" curl --schema "$schema" "${options[@]}" "$@" "$service/$method"
  out=$(python3 -c '
import json, sys
text, decoder, at = sys.stdin.read().strip(), json.JSONDecoder(), 0
while at < len(text):
    value, at = decoder.raw_decode(text, at)
    print(json.dumps(value, separators=(",", ":")))
    while at < len(text) and text[at].isspace():
        at += 1
' <<<"$out")
}

# The error that buf printed, on one line.
error() { python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin), separators=(",", ":")))' <<<"$err"; }

details='[{"@type": "type.googleapis.com/runnel.interop.v1.Note", "text": "n"},
  {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1.5s"},
  {"@type": "type.googleapis.com/runnel.interop.v1.Note", "text": "m"}]'
