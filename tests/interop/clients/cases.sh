# What the scripts of this folder share: cases, each a function `case_…` with one behaviour, whose
# name in words is that of the function. Sourced, never run.
#
#   case_greets_by_name() {
#     call curl -s http://…
#     expect "the body" "$out" 'Hello*'
#   }
#   run_cases curl

# call COMMAND…: runs it. Its output is then in `out` without zero bytes and in the file $scratch/out,
# its standard error in `err`, its exit status in `exit_status`.
call() {
  exit_status=0
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || exit_status=$?
  out=$(tr -d '\0' <"$scratch/out")
  err=$(<"$scratch/err")
}

# expect WHAT ACTUAL PATTERN: notes a mismatch unless ACTUAL matches the glob PATTERN.
expect() {
  # shellcheck disable=SC2053
  [[ $2 == $3 ]] && return
  mismatches+="    $1: expected: $3"$'\n'"    $1: got:      $2"$'\n'
}

# equal WHAT ACTUAL EXPECTED: notes a mismatch unless they are the same text.
equal() {
  [[ $2 == "$3" ]] && return
  mismatches+="    $1: expected: $3"$'\n'"    $1: got:      $2"$'\n'
}

# run_cases CLIENT [WORDS]: runs all cases, or those whose name has WORDS in it, and ends the script.
run_cases() {
  local client=$1 only=${2:-} function name
  local passed=0 failed=0
  for function in $(declare -F | sed -n 's/^declare -f \(case_.*\)/\1/p'); do
    name=${function#case_}
    name=${name//_/ }
    [[ $name == *"$only"* ]] || continue
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/runnel-case.XXXXXX")
    mismatches=
    "$function"
    rm -rf "$scratch"
    if [[ -z $mismatches ]]; then
      printf 'ok    %s: %s\n' "$client" "$name"
      passed=$((passed + 1))
    else
      printf 'FAIL  %s: %s\n%s' "$client" "$name" "$mismatches"
      failed=$((failed + 1))
    fi
  done
  echo "$client: $passed passed, $failed failed"
  ((failed == 0 && passed > 0)) && exit 0
  exit 1
}
