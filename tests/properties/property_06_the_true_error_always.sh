#!/usr/bin/env bash
# property_06: what `runnel plugin why` says, word for word (golden/why_*.txt), for: missing dependency, undefined symbol,
# wrong architecture, wrong ABI, missing processor feature, insecure folder, changed file.
# Breaks when: a cause is hidden behind another, or its words change. Look at them, then: property_06....sh BUILD --update
set -uo pipefail
source "$(dirname "$0")/ground.sh"
update=${2:-}

# Only what differs from machine to machine is replaced.
plain() {
  sed -E "s#$mine#MINE#g; s#$work#WORK#g; s#$base#BASE#g; s#[0-9]+ bytes#N bytes#g; s#build [0-9a-f]{16}#build ID#g
    s#(this machine is|file was built for) [a-z0-9-]+#\1 THIS#; s#ABI 0\.[0-9]+#ABI 0.N#g; s#, this Runnel 0\.[0-9]+#, this Runnel 0.N#" |
    grep -vE '^(version|build) '
}
expect() { # NAME WHAT
  local golden=$here/golden/why_$1.txt
  runnel plugin why "$2"
  check "$1: it does not load" ends 1
  if [ "$update" = --update ]; then plain <<< "$said" > "$golden"; fi
  checks=$((checks + 1))
  diff -u "$golden" <(plain <<< "$said") || wrong "$1: it does not say what it should"
}
good() { plugin "$mine/$1.so" && manifest "$mine/$1.so"; }

cc -shared -fPIC -o "$work/libgone.so" -x c /dev/null
plugin "$mine/lonely.so" -Wl,--no-as-needed "$work/libgone.so"
rm "$work/libgone.so"
expect missing_dependency lonely

plugin "$mine/undefined.so" '-DMORE=extern void nobody_has_it(void);' '-DAT_INIT=nobody_has_it()'
expect undefined_symbol undefined

plugin "$mine/foreign.so"
printf '\x08\x00' | dd of="$mine/foreign.so" bs=1 seek=18 conv=notrunc status=none
expect wrong_architecture "$mine/foreign.so"

plugin "$mine/ancient.so" -DMAJOR=77 -DMINOR=3
expect wrong_abi "$mine/ancient.so"

plugin "$mine/modern.so" -DCPU=0x4000000000000000ull
expect missing_processor_feature "$mine/modern.so"

good changed
cp "$mine/changed.manifest" "$work/"
plugin "$mine/changed.so" '-DVERSION="2.0"'
expect changed_file changed

good open
chmod 0777 "$mine"
expect insecure_folder open
chmod 0755 "$mine"
end
