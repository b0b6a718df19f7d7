#!/usr/bin/env bash
# property_05: `runnel plugin list` with 50 plugins opens no shared object beyond the command's own libraries.
# Breaks when: the list asks a plugin instead of its manifest, or looks at files it need not look at.
set -uo pipefail
source "$(dirname "$0")/ground.sh"
source "$here/trace.sh"

# One plugin, its id and op changed in place for the others: the bytes stay valid, the names as long.
mkdir "$work/one"
plugin "$work/one/p00.so" '-DOP_NAME="Op00"' '-DAT_LOAD=system("touch it_ran")'
for i in $(seq -w 1 50); do
  sed "s/Op00/Op$i/g; s/p00/p$i/g" "$work/one/p00.so" > "$mine/p$i.so"
  manifest "$mine/p$i.so"
done
cd "$work"
rm -f it_ran
check "fifty plugins were made" is "$(ls "$mine"/*.manifest | wc -l)" 50

trace "$work/version.log" "$build/bin/runnel" --version
opened "$work/version.log" '\.so' > "$work/own"
trace "$work/list.log" "$build/bin/runnel" plugin list
check "the list ends well" ends 0
check "the first is listed" says "p01"
check "the last is listed" says "p50"
check "they are scanned, not loaded" is "$(grep -c '^p[0-9][0-9] .*scanned' <<< "$said")" 50
opened "$work/list.log" '\.manifest$' > "$work/manifests"
check "their manifests were read" test "$(grep -c "^$mine/" "$work/manifests")" -eq 50
opened "$work/list.log" '\.so' > "$work/all"
said=$(comm -13 "$work/own" "$work/all")
check "no shared object was opened but the command's own" is "$said" ""
check "no code of a plugin has run" test ! -e it_ran

# The same eyes see a plugin that is opened.
trace "$work/why.log" "$build/bin/runnel" plugin why p07
check "the trace sees what is opened" is "$(opened "$work/why.log" "$mine/.*\.so" | head -n 1)" "$mine/p07.so"
end
