# What tools/test and tools/demo share: where things are, and how a long command is run so
# that a person sees one line and finds the rest in a log. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Bazel needs a home for its caches; a bare CI job may have none.
if [[ -z ${HOME:-} || ! -w ${HOME:-} ]]; then
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  [[ -n $HOME && -w $HOME ]] || HOME=${TMPDIR:-/tmp}/runnel-home-$(id -u)
  mkdir -p "$HOME"
  export HOME
fi
export USER=${USER:-$(id -un 2>/dev/null || echo runnel)}

# Debian's Bazel and its JDK, not others that come first in PATH or are named in the environment.
bazel_program=/usr/bin/bazel
export PATH=/usr/bin:/bin:$PATH
unset USE_BAZEL_VERSION JAVA_HOME

# Where compiled objects are kept, for every clone and every configuration.
export RUNNEL_DISK_CACHE=${RUNNEL_DISK_CACHE:-$HOME/.cache/runnel-bazel}

# Nothing prunes a disk cache in this version of Bazel. Of one that is too large the oldest half goes.
disk_cache_limit_gib=20
prune_disk_cache() {
  [[ -d $RUNNEL_DISK_CACHE ]] || return 0
  local gib file size freed=0
  gib=$(($(du -sk "$RUNNEL_DISK_CACHE" 2>/dev/null | cut -f1) / 1024 / 1024))
  ((gib >= disk_cache_limit_gib)) || return 0
  echo "the build cache $RUNNEL_DISK_CACHE has $gib GiB: removing the older half"
  # Somebody else's build may take a file away at the same time.
  find "$RUNNEL_DISK_CACHE" -type f -printf '%T@ %s %p\0' 2>/dev/null | sort -zn |
    while ((freed < gib * 1024 * 1024 * 1024 / 2)) && IFS=' ' read -rd '' _ size file; do
      rm -f "$file"
      freed=$((freed + size))
    done
}

# bazel COMMAND ARGUMENTS…, with the options that every run of ours has.
bazel() {
  local command=$1
  shift
  (cd "$root" && "$bazel_program" "$command" --disk_cache="$RUNNEL_DISK_CACHE" \
    --jobs="$(nproc)" --color=no --curses=no --show_progress_rate_limit=5 "$@")
}

# run_logged LOG COMMAND…: runs it with its output in LOG. On a terminal the last line
# that Bazel reported shows what is going on.
run_logged() {
  local log=$1 status=0 watcher=
  shift
  if [[ -t 1 ]]; then
    (
      trap 'printf "\r\033[K"; exit' TERM
      while sleep 2; do
        printf '\r\033[K  %s' "$(grep -a '^\[' "$log" 2>/dev/null | tail -n 1 | cut -c "1-${COLUMNS:-90}")"
      done
    ) &
    watcher=$!
  fi
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [[ -n $watcher ]]; then
    kill "$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null || true
  fi
  return "$status"
}
