#!/usr/bin/env bash
# layout.sh [--update] [INCLUDE [STORED]]: compares the plugin ABI of the headers in INCLUDE with the stored
# description. Appending to a struct that grows passes with a note; anything else that moves fails.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
update=0
if [ "${1:-}" = --update ]; then update=1; shift; fi
include=${1:-$here/../../core/include}
stored=${2:-$here/layout.txt}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -f "$here/describe.awk" "$include/runnel/types.h" "$include/runnel/plugin.h" > "$work/print.c"
"${CC:-cc}" -std=c17 -I"$include" -o "$work/print" "$work/print.c"
"$work/print" > "$work/today.txt"
if [ $update -eq 1 ]; then
  cp "$work/today.txt" "$stored"
  echo "written: $(grep -c ^struct "$stored") structs, $(grep -c ^value "$stored") values"
  exit 0
fi
awk -f "$here/compare.awk" "$stored" "$work/today.txt"
echo "layout: $(grep -c ^struct "$stored") structs and $(grep -c ^value "$stored") values as stored"
