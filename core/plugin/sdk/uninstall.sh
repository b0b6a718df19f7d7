#!/usr/bin/env bash
# uninstall.sh [PREFIX]: removes what install put below PREFIX (by default where this script lies), as the record
# there says, and the folders that are empty then and were not there before. Other people's plugins stay.
set -euo pipefail

uninstall() { # prefix
  local prefix=$1 record=$1/share/runnel/install_manifest.txt path
  [ -f "$record" ] || { echo "uninstall: no installation of Runnel in $prefix (no $record)" >&2; return 1; }
  local lines
  mapfile -t lines < "$record"
  for path in "${lines[@]}"; do
    case $path in
      /* | *..*) echo "uninstall: $record is damaged: '$path' is not below the prefix" >&2; return 1 ;;
    esac
  done
  for path in "${lines[@]}"; do
    case $path in */) ;; *) rm -f -- "$prefix/$path" ;; esac
  done
  for ((i = ${#lines[@]} - 1; i >= 0; i--)); do # sorted, so the inner folders come last
    case ${lines[i]} in
      ./) rmdir -- "$prefix" 2>/dev/null || true ;;
      */) rmdir -- "$prefix/${lines[i]}" 2>/dev/null || true ;;
    esac
  done
  local left=$prefix/lib/runnel/plugins
  if ls "$prefix"/lib*/runnel/plugins/* > /dev/null 2>&1; then echo "plugins of yours stay in $left"; fi
  echo "removed Runnel from $prefix"
}
# One call on one line: the shell has read all of it before it goes.
uninstall "$(realpath -m "${1:-$(dirname "$(readlink -f "$0")")/../..}")"; exit
