#!/usr/bin/env bash
# Every function of a public header is explained: by a comment above it, above its group, or behind it.
set -euo pipefail
mapfile -t headers < <(git ls-files --cached --others --exclude-standard -- 'core/include/runnel/*.h' 'frontends/*.h' 'viz/include/*.h' 'viz/report/include/*.h' | grep -E '(^|/)runnel/')
awk '
  FNR == 1 { told = 0; inside = 0 }
  # A blank line ends a group; a comment begins one.
  /^[ \t]*$/ { told = 0; next }
  /^[ \t]*\/\*/ { told = 1 }
  /^RN_API/ {
    if (!told && $0 !~ /\/\*/) { printf "style: %s:%d: no comment: %s\n", FILENAME, FNR, $0; bad = 1 }
  }
  END { exit bad }
' "${headers[@]}"
