#!/bin/bash
# event_stream_failing_test.sh EVENT_STREAM CASES: a case that expects something else fails, with what
# was expected and what came; a file that is not of the form is refused, with the reason.
set -euo pipefail

event_stream=$PWD/$1
good=$PWD/$2
cd "$TEST_TMPDIR"
unset BUILD_WORKING_DIRECTORY

expect() {
  local expected_status=$1 expected_text=$2 status=0
  shift 2
  "$event_stream" "$@" >out 2>&1 || status=$?
  if [[ $status -ne $expected_status ]] || ! grep -qF -- "$expected_text" out; then
    echo "event_stream $*: status $status, want $expected_status and \"$expected_text\", got:"
    cat out
    exit 1
  fi
}

python3 - "$good" <<'EOP'
import base64, json, sys

def case(name, stream, events, **more):
    return {"name": name, "stream_base64": base64.b64encode(stream.encode()).decode(),
            "events": events, "last_event_id": "", **more}

def write(name, *cases):
    json.dump({"cases": cases}, open(name, "w"))

one = {"type": "message", "data": "a", "id": ""}
other = dict(one, data="b")
good = case("good", "data: a\n\n", [one])
write("good.json", good)
write("data.json", good, dict(good, name="wrong", events=[other]))
write("type.json", dict(good, events=[dict(one, type="x")]))
write("id.json", dict(good, events=[dict(one, id="7")]))
write("missing_event.json", dict(good, events=[one, other]))
write("extra_event.json", dict(good, events=[]))
write("retry.json", dict(good, retry_ms=5))
write("no_retry.json", case("retry", "retry: 7\n", []))
write("last_id.json", dict(good, last_event_id="7"))
# A line of 5 MiB, in reads of one byte.
write("long.json", case("long", "data: " + "x" * (5 << 20) + "\n\n",
                        [dict(one, data="x" * (5 << 20))]))

write("no_events.json", {k: v for k, v in good.items() if k != "events"})
write("no_type.json", dict(good, events=[{"data": "a", "id": ""}]))
write("no_last_id.json", {k: v for k, v in good.items() if k != "last_event_id"})
write("base64.json", dict(good, stream_base64="?"))
write("chunks.json", dict(good, chunks=[4, 3]))
write("far_chunk.json", dict(good, chunks=[10]))
write("text_retry.json", dict(good, retry_ms="5"))
write("number.json", 7)

cases = json.load(open(sys.argv[1]))["cases"]
json.dump([{k: v for k, v in c.items() if k not in ("chunks", "stream_base64")} for c in cases],
          open("expected", "w"))
EOP

expect 0 '1 passed, 0 failed' good.json
expect 1 '1 passed, 1 failed' data.json
expect 1 'FAILED wrong: whole: event 1: expected {"data":"b"' data.json
expect 1 'got {"data":"a"' data.json
expect 1 '0 passed, 1 failed' type.json
expect 1 '0 passed, 1 failed' id.json
expect 1 'expected 2 events, got 1; the first missing is {"data":"b"' missing_event.json
expect 1 'expected 0 events, got 1; the first too many is {"data":"a"' extra_event.json
expect 1 'retry_ms: expected 5, got none' retry.json
expect 1 'retry_ms: expected none, got 7' no_retry.json
expect 1 'last_event_id: expected "7", got ""' last_id.json
expect 1 '2 passed, 1 failed' good.json data.json
expect 0 '1 passed, 0 failed' long.json

expect 2 'usage' --json
expect 2 'usage' --other good.json
expect 2 'missing.json: cannot be read' missing.json
expect 2 'cannot be read' .
echo '{' >broken.json
expect 2 'broken.json: [json.exception.parse_error' broken.json
echo '[]' >list.json
expect 2 'list.json: it is not an object with an array `cases`' list.json
expect 2 'case 1 (good): no array `events`' no_events.json
expect 2 'case 1 (good): event 1: no string `type`' no_type.json
expect 2 'case 1 (good): no string `last_event_id`' no_last_id.json
expect 2 'case 1 (good): `stream_base64`: ' base64.json
expect 2 'chunk 3 is no offset between 4 and 9' chunks.json
expect 2 'chunk 10 is no offset between 0 and 9' far_chunk.json
expect 2 '`retry_ms` is not a whole number' text_retry.json
expect 2 'case 1: it is not an object' number.json

"$event_stream" --json "$good" >parsed
python3 - <<'EOP'
import json
parsed, expected = json.load(open("parsed"))["cases"], json.load(open("expected"))
assert len(parsed) == len(expected)
for one, other in zip(parsed, expected):
    assert one == other, (one, other)
EOP
