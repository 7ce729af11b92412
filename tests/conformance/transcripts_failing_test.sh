#!/bin/bash
# transcripts_failing_test.sh TRANSCRIPTS: a transcript that the server does not keep to is found
# out, with the step, what was expected and what came.
set -euo pipefail

transcripts=$PWD/$1
good=$PWD/tests/conformance/transcripts/server/call_unary.json
cd "$TEST_TMPDIR"
unset BUILD_WORKING_DIRECTORY

expect() {
  local expected_status=$1 expected_text=$2 status=0
  shift 2
  "$transcripts" "$@" >out 2>&1 || status=$?
  if [[ $status -ne $expected_status ]] || ! grep -qF -- "$expected_text" out; then
    echo "transcripts $*: status $status, want $expected_status and \"$expected_text\", got:"
    cat out
    exit 1
  fi
}

expect 0 '1 passed, 0 failed' "$good"

python3 - "$good" <<'EOF'
import copy, json, sys

good = json.load(open(sys.argv[1]))

def write(name, change):
    transcript = copy.deepcopy(good)
    change(transcript["steps"])
    json.dump(transcript, open(name, "w"))

def expect_another_number(steps):
    steps[-1]["frames"]["frames"][0]["end"]["last"]["json"]["number"] = "8"

write("wrong.json", expect_another_number)
write("short.json", lambda steps: steps.pop())
write("nonsense.json", lambda steps: steps.insert(0, {"requests": {}}))
EOF
expect 1 '1 passed, 1 failed' "$good" wrong.json
expect 1 'wrong.json: json, whole; step 3' wrong.json
expect 1 'expected "8", got "7"' wrong.json
expect 1 'after the last step' short.json
expect 1 'no step requests' nonsense.json

echo '{' >broken.json
expect 1 '0 passed, 1 failed' broken.json
expect 1 'cannot be read' missing.json
expect 2 'usage' --whole
