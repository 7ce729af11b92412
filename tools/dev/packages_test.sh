#!/bin/bash
# Every Debian package that tools/bazel/debian.bzl asks dpkg about is one tools/setup installs, with
# an option or without.
set -euo pipefail
setup=$1 deps=$2
wanted=$(sed -n '/debs = \[/p; /"dpkg-query"/p' "$deps" | grep -oE '"[a-z0-9.+-]+(-dev|-compiler|-grpc)"' | tr -d '"' | sort -u)
(($(wc -l <<<"$wanted") > 10)) || { echo "found too few packages in $deps: $wanted"; exit 1; }
installs=$(sed -n '/^packages=(/,/^)/{/^ *#/d;p}; s/.*packages+=(\(.*\))$/\1/p' "$setup" | tr -s ' ()' '\n')
missing=$(grep -vxF "$installs" <<<"$wanted" || true)
[[ -z $missing ]] && exit 0
echo "tools/setup does not install, but $deps needs: $missing"
exit 1
