#!/bin/bash
# Looks whether every row of SSE_FEATURES.md names a test, and every test that it names exists.
#
# Usage: sse_features_test.sh TABLE SOURCES…
set -euo pipefail
table=$1
shift

# What is wrong with a table, in lines.
complaints() {
  python3 - "$@" <<'PYTHON'
import re
import sys

table, sources = sys.argv[1], sys.argv[2:]
tests, cases = set(), ""
for path in sources:
    text = open(path, encoding="utf-8").read()
    if path.endswith(".mjs"):
        cases += text
    tests.update("%s.%s" % pair for pair in
                 re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", text, re.M))
rows = 0
for number, line in enumerate(open(table, encoding="utf-8"), 1):
    if not line.startswith("| ") or line.startswith("| ---"):
        continue
    cells = line.strip().strip("|").split("|")
    if cells[-1].strip() == "test":
        continue
    rows += 1
    names = re.findall(r"`([^`]+)`", cells[-1])
    if not names:
        print("line %d names no test: %s" % (number, line.strip()))
    for name in names:
        client, colon, case = name.partition(": ")
        found = 'test("' + case in cases or "test(`" + case in cases if colon else name in tests
        if not found:
            print("line %d: there is no test %s" % (number, name))
if rows < 70:
    print("%s has only %d rows" % (table, rows))
PYTHON
}

wrong=$(complaints "$table" "$@")
[[ -z $wrong ]] || { echo "$wrong"; exit 1; }

# It would be told.
changed=$TEST_TMPDIR/changed.md
sed 's/`EventSourceTest.ObeysRetry`/`EventSourceTest.ObeysRetries`/; s/`browser-dart: a stream cut`/`browser-dart: a cut`/
  s/`PackageSseTest.CanCloseFromTheClientSide`//' "$table" >"$changed"
wrong=$(complaints "$changed" "$@")
for complaint in 'no test EventSourceTest.ObeysRetries' 'no test browser-dart: a cut' 'names no test: | close from the client'; do
  grep -qF -- "$complaint" <<<"$wrong" || { echo "not told: $complaint; but: $wrong"; exit 1; }
done
