#!/bin/bash
# The generated header says what the .proto says.
set -euo pipefail
grep '// What some parts cost together\.' "$1" || { echo "no comment of shop.proto in $1"; exit 1; }
