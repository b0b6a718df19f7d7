#!/usr/bin/env bash
# make.sh RUNNEL OUT: the completions as OUT/runnel (bash), OUT/_runnel (zsh) and OUT/runnel.fish.
set -euo pipefail
runnel=$1 out=$2
here=$(dirname "$(readlink -f "$0")")
export LC_ALL=C
mkdir -p "$out"
"$runnel" help --all > "$out/help"
awk -f "$here/table.awk" "$out/help" | sed "s/'/\"/g" > "$out/table"
for shell in runnel.bash:runnel runnel.zsh:_runnel runnel.fish:runnel.fish; do
  sed -e "/@table@/{r $out/table" -e 'd}' "$here/${shell%:*}.in" > "$out/${shell#*:}"
done
rm "$out/help" "$out/table"
