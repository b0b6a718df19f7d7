#!/usr/bin/env bash
# uninstall_test.sh BUILD: two installations are equal byte for byte; an installation over an older one takes away what
# only that had; taking it away leaves what was there before and what others put beside it, and nothing else.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "uninstall_test: $*" >&2; exit 1; }
install_into() { cmake --install "$build" --prefix "$1" --strip > "$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }; }

echo "== the same bytes twice"
install_into "$work/one"
sleep 1
install_into "$work/two"
diff -r "$work/one" "$work/two" || die "two installations differ"

echo "== the record is complete"
(cd "$work/one" && find . -mindepth 1 \( -type d -printf '%P/\n' -o -printf '%P\n' \) | LC_ALL=C sort) > "$work/there"
grep -v '^\./$' "$work/one/share/runnel/install_manifest.txt" | LC_ALL=C sort > "$work/recorded"
diff "$work/there" "$work/recorded" || die "what is there is not what the record says"

echo "== over an older one, beside others"
prefix=$work/three
mkdir -p "$prefix/bin" "$prefix/share/man/man1"
touch "$prefix/bin/other"
(cd "$prefix" && find . | sort) > "$work/before"
install_into "$prefix"
echo "lib/runnel/plugins/gone.so" >> "$prefix/share/runnel/install_manifest.txt"
touch "$prefix/lib/runnel/plugins/gone.so" "$prefix/lib/runnel/plugins/mine.so"
install_into "$prefix"
[ ! -e "$prefix/lib/runnel/plugins/gone.so" ] || die "a file that only the older version had is still there"

echo "== and away"
"$prefix/share/runnel/uninstall" > "$work/said"
grep -q 'plugins of yours stay' "$work/said" || die "it does not say that plugins stay: $(cat "$work/said")"
[ -f "$prefix/lib/runnel/plugins/mine.so" ] || die "somebody's plugin was removed"
rm "$prefix/lib/runnel/plugins/mine.so"
(cd "$prefix" && rmdir lib/runnel/plugins lib/runnel lib && find . | sort) > "$work/after"
diff "$work/before" "$work/after" || die "what is left is not what was there before"

"$work/two/share/runnel/uninstall" > /dev/null
[ ! -e "$work/two" ] || die "left: $(find "$work/two")"
if "$work/one/share/runnel/uninstall" "$work/three" 2> "$work/said"; then die "it removed what is not there"; fi
grep -q 'no installation of Runnel' "$work/said" || die "$(cat "$work/said")"
echo "../../etc/passwd" >> "$work/one/share/runnel/install_manifest.txt"
if "$work/one/share/runnel/uninstall" 2> "$work/said"; then die "it follows a damaged record"; fi
[ -x "$work/one/bin/runnel" ] || die "it removed something by a damaged record"
echo "uninstall: installed four times, nothing of it is left"
