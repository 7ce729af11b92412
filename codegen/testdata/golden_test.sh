#!/bin/bash
# Compares what the generator writes for the .proto files here with golden/, byte for byte.
# To make golden/ anew: bazel run //codegen/testdata:golden_test -- --update
set -euo pipefail

protoc=$1 plugin=$2 options=$3 mode=${4:-}
here=codegen/testdata
out=${TEST_TMPDIR:-$(mktemp -d)}

generate() {  # directory, files...
  mkdir -p "$1"
  "$protoc" --plugin=protoc-gen-runnel="$plugin" --runnel_out=mock:"$1" \
    -I "$here" -I "${options%/runnel/v1/options.proto}" "${@:2}"
}

mapfile -t protos < <(cd "$here" && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
generate "$out/first" "${protos[@]}"
(cd "$out/first" && find . -type f -exec mv {} {}.golden \;)

if [[ $mode == --update ]]; then
  rm -rf "$BUILD_WORKSPACE_DIRECTORY/$here/golden"
  cp -r "$out/first" "$BUILD_WORKSPACE_DIRECTORY/$here/golden"
  echo "wrote $here/golden"
  exit
fi

if ! diff -ru "$here/golden" "$out/first"; then
  echo "The generator's output has changed. When that is what you want, run"
  echo "  bazel run //codegen/testdata:golden_test -- --update"
  exit 1
fi

# Neither a second run nor the other files of a run make a difference.
for ((i = ${#protos[@]} - 1; i >= 0; --i)); do generate "$out/second" "${protos[i]}"; done
(cd "$out/second" && find . -type f -exec mv {} {}.golden \;)
diff -r "$out/first" "$out/second" || { echo "The output differs from run to run."; exit 1; }
