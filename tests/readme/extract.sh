#!/bin/bash
# Prints the first code block of a page below the line that begins with `NAME`.
#
# Usage: extract.sh PAGE NAME
set -euo pipefail
block=$(awk -v name="\`$2\`" '
  index($0, name) == 1 { found = 1 }
  found && /^```/ { if (inside) exit; inside = 1; next }
  inside' "$1")
[[ -n $block ]] || { echo "$1 has no code block for $2" >&2; exit 1; }
printf '%s\n' "$block"
