#!/usr/bin/env bash
# property_01: `nm -D --defined-only P.so` prints rn_plugin_entry alone; an undefined rn_* symbol is refused by name.
# Breaks when: a plugin is built without -fvisibility=hidden or linked to librunnel; module_check stops looking.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

said=$(bash "$source/tests/abi/exports.sh" "$base" "$build/test_plugins" "$installed" 2>&1)
check "each built, each test and each installed plugin exports its entry alone and imports nothing" is $? 0
check "plugins were looked at" says "plugins looked at"

plugin "$work/loud.so" '-DMORE=extern void rn_secret_of_the_host(void);' '-DAT_INIT=rn_secret_of_the_host()'
runnel plugin why "$work/loud.so"
check "a plugin that imports from the host is refused" ends 1
check "the symbol is named" says "imports 'rn_secret_of_the_host' from the host"
plugin "$work/open.so" '-DMORE=RN_EXPORT int another_door(void) { return 1; }'
said=$(bash "$source/tests/abi/exports.sh" "$work" 2>&1)
check "a second export is seen" says "another_door"
end
