#!/usr/bin/env bash
# keep.sh VERSION [COMMIT]: keeps plugins and the host of an ABI version in kept/VERSION.tar.gz, for kept.sh.
# COMMIT: what was released (default: the tree as it is). Run it once per minor version, on x86-64.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=${1:?usage: keep.sh VERSION [COMMIT]}
commit=${2:-}
[ "$(uname -m)" = x86_64 ] || { echo "keep.sh: kept binaries are for x86-64, this machine is $(uname -m)" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=$here/../..
if [ -n "$commit" ]; then
  mkdir "$work/source"
  (cd "$here/../.." && git archive "$commit") | tar -x -C "$work/source"
  source=$work/source
fi
said=$(awk '/^#define RN_ABI_M/ { printf "%s%d", dot, $3; dot = "." }' "$source/core/include/runnel/plugin.h")
[ "$said" = "$version" ] || { echo "keep.sh: that source speaks ABI $said, not $version" >&2; exit 1; }

cmake -G Ninja -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release > "$work/log"
ninja -C "$work/build" runnel optimizers_plugin skeleton_plugin recorder_plugin claimer_plugin later_plugin > "$work/log" ||
  { cat "$work/log" >&2; exit 1; }
kept=$work/kept
mkdir -p "$kept" "$here/kept"
for plugin in "$work"/build/lib/runnel/plugins/{optimizers,skeleton}.so "$work"/build/test_plugins/{recorder,claimer,later}.so; do
  strip --strip-all -o "$kept/$(basename "$plugin")" "$plugin"
  cp "${plugin%.so}.manifest" "$kept/"
done
strip --strip-all -o "$kept/librunnel.so.0" "$work/build/lib/librunnel.so.0"
tar -c -C "$kept" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 . | gzip -9 -n > "$here/kept/$version.tar.gz"
du -bc "$kept"/* | tail -n 1 | awk -v v="$version" '{ printf "kept %s: %d bytes in files, ", v, $1 }'
wc -c < "$here/kept/$version.tar.gz" | sed 's/$/ packed/'
