#!/usr/bin/env bash
# ops_table.sh MANIFEST PAGE [--check] - writes the table of ops into docs/vulkan.md, between its two marks, from the
# manifest of the built plugin. With --check it changes nothing and fails if the page is not up to date.
set -euo pipefail
manifest=$1 page=$2 check=${3:-}
table() {
  echo '| op | types |'
  echo '|---|---|'
  awk -F'\t' '$1 == "kernel" && $3 == "vulkan" {
      types = $7
      if ($6 == "host") types = "shapes, on the host"
      else if (types == "") types = "as the op says"
      else { gsub(/[A-Za-z_]+: /, "", types); gsub(/[{}]/, "", types); gsub(/; /, " to ", types) }
      gsub(/float, double, half, bfloat16, int32, int64, uint8, int8, int16, uint16, uint32, uint64, bool, complex64, complex128, qint8, quint8, qint32/, "all but text", types)
      gsub(/float, half, bfloat16, int32, int64, uint8, int8, int16, uint16, uint32, uint64, bool/, "float, half, bfloat16, integers, bool", types)
      all[$2] = all[$2] == "" ? types : all[$2] ", " types
    }
    END { for (op in all) printf "| `%s` | %s |\n", op, all[op] }' "$manifest" | LC_ALL=C sort
}
new=$(mktemp)
trap 'rm -f "$new"' EXIT
awk '/<!-- ops -->/ { print; exit } { print }' "$page" >"$new"
table >>"$new"
awk '/<!-- end of ops -->/ { on = 1 } on { print }' "$page" >>"$new"
if [ "$check" = --check ]; then
  cmp -s "$new" "$page" || { echo "$page: the table of ops is old; run $0 $manifest $page" >&2; exit 1; }
else
  cat "$new" >"$page"
fi
