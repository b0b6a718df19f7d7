#!/usr/bin/env bash
# make.sh RUNNEL DOCS OUT VERSION: all man pages into OUT/man1, man5 and man7. The same input gives the same bytes.
set -euo pipefail
runnel=$1 docs=$2 out=$3 version=$4
here=$(dirname "$(readlink -f "$0")")
date=2026-11-24 # when the pages were last read from end to end
rm -rf "$out"
mkdir -p "$out/man1" "$out/man5" "$out/man7"
export LC_ALL=C

"$runnel" help --all > "$out/help"
awk -v out="$out/man1" -v version="$version" -v date="$date" -v tails="$here" -f "$here/help.awk" "$out/help"
rm "$out/help"
sed "s/@date@/$date/; s/@version@/$version/" "$here/runnel-manifest.1" > "$out/man1/runnel-manifest.1"

page() { # guide, section, name, summary
  [ -f "$docs/$1" ] || return 0
  awk -v name="$3" -v number="$2" -v summary="$4" -v version="$version" -v date="$date" -f "$here/page.awk" "$docs/$1" \
    > "$out/man$2/$3.$2"
}
page configuration.md 5 runnel.conf "settings of Runnel"
page plugins.md 7 runnel-plugins "plugins of Runnel: where they are found, how they live, why one does not load"
page abi.md 7 runnel-plugin-abi "what the plugin interface of Runnel promises"
