#!/usr/bin/env bash
# exports.sh FOLDER...: each plugin in them exports rn_plugin_entry alone and imports nothing of Runnel's.
set -uo pipefail
failed=0
seen=0
for plugin in $(find "$@" -name '*.so' ! -name 'lib*' | sort); do
  exported=$(nm -D --defined-only "$plugin" | awk '{ print $NF }' | grep -v '^__odr_asan\.\|^_init$\|^_fini$' | tr '\n' ' ')
  if [ "$exported" != "rn_plugin_entry " ]; then
    echo "$plugin exports: $exported(wanted: rn_plugin_entry)"
    failed=1
  fi
  imported=$(nm -D --undefined-only "$plugin" | awk '{ print $NF }' | grep '^rn_' | tr '\n' ' ')
  if [ -n "$imported" ]; then echo "$plugin imports from the host: $imported"; failed=1; fi
  if readelf -d "$plugin" | grep 'NEEDED.*librunnel' > /dev/null; then echo "$plugin links to librunnel"; failed=1; fi
  if readelf -d "$plugin" | grep -E 'R(UN)?PATH' > /dev/null; then echo "$plugin has a run path"; failed=1; fi
  if ! readelf -d "$plugin" | grep 'NOW' > /dev/null; then echo "$plugin binds lazily: link it with -Wl,-z,now"; failed=1; fi
  seen=$((seen + 1))
done
if [ $seen -eq 0 ]; then echo "no plugin was looked at"; failed=1; fi
echo "exports: $seen plugins looked at"
exit $failed
