#!/usr/bin/env bash
# kept.sh BUILD: every host that was kept, and today's, runs every set of plugins that was kept, and
# today's. Today's ops and cpu plugins are part of every set. A cell that fails prints why.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
if [ "$(uname -m)" != x86_64 ]; then
  echo "skipped: the kept binaries are for x86-64, this machine is $(uname -m)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_DATA_HOME=$work/none
versions=()
for packed in "$here"/kept/*.tar.gz; do
  version=$(basename "$packed" .tar.gz)
  versions+=("$version")
  mkdir -p "$work/$version/host" "$work/$version/plugins"
  tar -xz -C "$work/$version/plugins" -f "$packed" || exit 1
  mv "$work/$version/plugins/librunnel.so.0" "$work/$version/host/"
done
[ ${#versions[@]} -gt 0 ] || { echo "no version was kept"; exit 1; }

# Today's plugins for an old host come without manifests: it asks the plugins themselves.
mkdir "$work/base" "$work/today"
cp "$build"/lib/runnel/plugins/{ops,cpu}.so "$work/base/" || exit 1
cp "$build"/lib/runnel/plugins/{optimizers,skeleton}.so "$build"/test_plugins/{recorder,claimer,later}.so "$work/today/" || exit 1

failed=0
cells=0
cell() { # host's folder, its name, plugins' folder, its name
  local said code
  cells=$((cells + 1))
  said=$(LD_LIBRARY_PATH=$1 RUNNEL_PLUGIN_PATH=$3:$work/base timeout 60 "$build/tests/abi_kept_host" 2>&1)
  code=$?
  if [ $code -ne 0 ]; then
    echo "host $2, plugins $4: exit $code: $said"
    failed=1
  elif [ "$(dirname "$(tail -n 1 <<< "$said")")" != "$1" ]; then
    echo "host $2, plugins $4: another host ran: $said"
    failed=1
  else
    echo "host $2, plugins $4: fine"
  fi
}
for version in "${versions[@]}"; do
  cell "$build/lib" today "$work/$version/plugins" "$version"
  cell "$work/$version/host" "$version" "$work/today" today
  for other in "${versions[@]}"; do
    cell "$work/$version/host" "$version" "$work/$other/plugins" "$other"
  done
done
cell "$build/lib" today "$work/today" today
echo "kept: $cells hosts with plugins, versions ${versions[*]} and today"
exit $failed
