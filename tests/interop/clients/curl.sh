# What the scripts share that have curl for a client. Sourced, never run.

. "$(dirname "${BASH_SOURCE[0]}")/cases.sh"

json='Content-Type: application/json'
events='Accept: text/event-stream'
options=()  # of every request

# fetch OPTIONS…: a request, quietly and never for ever. The response's head is then in `head` without
# carriage returns, its status in `status` (that of the last, where several came), its body in `out`.
fetch() {
  call curl -sS --max-time 20 "${options[@]}" -D "$scratch/head" "$@"
  head=$(tr -d '\r' <"$scratch/head")
  status=$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' <<<"$head" | tail -n 1)
}

# header NAME: its value in the response's head.
header() { sed -n "s/^$1: //Ip" <<<"$head"; }

# envelope TEXT: a message with its five bytes before it.
envelope() { printf '\x00\x00\x00\x00'"\\x$(printf %02x "${#1}")%s" "$1"; }
