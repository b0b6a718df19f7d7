#!/usr/bin/env bash
# property_10: scanned, loaded, verified, refused, shadowed, disabled; quarantined with the reason after a crash in
# verification. The host counts what a plugin still owns and says so.
# Breaks when: a state is skipped or forgotten between two programs, a leak goes unseen, a crash is not remembered.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

state() { # ID
  runnel plugin info "$1" --json
  grep -oE '"state":[[:space:]]*"[a-z]+"' <<< "$said" | sed -E 's/.*"([a-z]+)"$/\1/' | head -n 1
}
plugin "$mine/calm.so"
manifest "$mine/calm.so"
check "found, it is scanned" is "$(state calm)" scanned
runnel plugin verify calm
check "verification passes" ends 0
check "that is said" says "passed"
runnel plugin info calm
check "and remembered" says "verified"
runnel plugin disable calm
check "disabled by name" is "$(state calm)" disabled
runnel ops Bad
check "then its op is gone" ends 1
runnel plugin enable calm
check "enabled again" is "$(state calm)" scanned
runnel ops Bad
check "its op is back" ends 0

mkdir "$work/first"
cp "$mine/calm.so" "$mine/calm.manifest" "$work/first/"
path=$work/first:$base runnel plugin list
check "the first of an id wins" says "$work/first/calm.so"
check "the second is shadowed" says "shadowed"

plugin "$mine/broken.so" '-DOP_NAME="Broken"'
echo nonsense > "$mine/broken.manifest"
check "what cannot be used is refused" is "$(state broken)" refused

# Fine when its manifest is made, a crash when it starts.
plugin "$mine/fragile.so" '-DAT_INIT=crash()' '-DOP_NAME="Fragile"'
manifest "$mine/fragile.so"
check "before verification it is scanned" is "$(state fragile)" scanned
runnel plugin verify fragile
check "verification fails" ends 1
check "the crash is told, with the step" says "crashes in step 'init': signal SIGSEGV"
check "it is quarantined" is "$(state fragile)" quarantined
runnel plugin info fragile
check "with the reason" says "SIGSEGV"
runnel plugin why fragile
check "why says it too" says "quarantine"
graph_of "$work/fragile.pbtxt" Fragile
runnel run "$work/fragile.pbtxt" --feed x=1 --fetch y
check "a program does not load it" ends 1
check "and lives to say so" says "Fragile"
plugin "$mine/fragile.so" '-DVERSION="2.0"' '-DOP_NAME="Fragile"'
manifest "$mine/fragile.so"
check "a changed file is not in quarantine" is "$(state fragile)" scanned

# What it still owns at the end is counted; a plugin that does not come to rest is named.
plugin "$mine/leaky.so" '-DAT_INIT=for (int i = 0; i < 3; i++) h->alloc(h->ctx, 100, 16)' '-DOP_NAME="Leaky"'
manifest "$mine/leaky.so"
graph_of "$work/leaky.pbtxt" Leaky
runnel run "$work/leaky.pbtxt" --feed x=1 --fetch y
check "the graph runs" ends 0
check "what a plugin still owns is counted" says "'leaky' still owns 3 blocks"
plugin "$mine/busy.so" '-DAT_QUIESCE=return host->status(RN_DEADLINE_EXCEEDED, "two jobs are left")' '-DOP_NAME="Busy"'
manifest "$mine/busy.so"
graph_of "$work/busy.pbtxt" Busy
runnel run "$work/busy.pbtxt" --feed x=1 --fetch y
check "one that does not come to rest says why" says "two jobs are left"
end
