#!/usr/bin/env bash
# links.sh: what a page links to, inside the project, is there.
set -uo pipefail
failed=0
while read -r file; do
  while read -r target; do
    case $target in http://* | https://* | mailto:* | '#'* | '') continue ;; esac
    [ -e "$(dirname "$file")/${target%%#*}" ] || { echo "$file links to $target, which is not there"; failed=1; }
  done < <(awk '/^```/ { code = !code } !code' "$file" | grep -oE '\]\([^) ]+\)' | sed -E 's/^\]\(//; s/\)$//')
done < <(git ls-files --cached --others --exclude-standard '*.md')
exit $failed
