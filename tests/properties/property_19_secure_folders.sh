#!/usr/bin/env bash
# property_19: plugin folders are absolute, owned by root or the user, not writable by others; the current folder is never
# searched; set-uid programs ignore the environment.
# Breaks when: a folder is read before it is looked at, or the environment is asked in a set-uid program.
set -uo pipefail
source "$(dirname "$0")/ground.sh"
graph_of "$work/bad.pbtxt" Bad
place() { mkdir -p "$1" && plugin "$1/mine.so" "-DAT_LOAD=system(\"touch $work/it_ran\")" && manifest "$1/mine.so"; rm -f "$work/it_ran"; }
refused() { # WHAT WORDS
  runnel plugin list
  check "$1: that is said" says "$2"
  runnel run "$work/bad.pbtxt" --feed x=1 --fetch y
  check "$1: its op is not there" ends 1
  check "$1: none of its code has run" test ! -e "$work/it_ran"
}
place "$work/open"
path=$work/open:$base runnel run "$work/bad.pbtxt" --feed x=1 --fetch y
check "the folder as it should be is accepted" ends 0
check "and its code runs" test -e "$work/it_ran"
rm -f "$work/it_ran"

path=$work/open:$base
chmod 0777 "$work/open"
refused "writable by all" "can be written by everyone"
runnel run "$work/bad.pbtxt" --feed x=1 --fetch y --set plugins.allow_insecure=true
check "an explicit line in the configuration accepts it" ends 0
rm -f "$work/it_ran"
chmod 0755 "$work/open"
chmod 0666 "$work/open/mine.so"
runnel plugin why mine
check "a file that all may write is refused" says "can be written by everyone"
chmod 0644 "$work/open/mine.so"

cd "$work"
path=open:$base
refused "a relative folder" "not an absolute path"
unset path
cd "$work/open"
refused "the current folder" "folders searched"
cd "$work"

if [ "$(id -u)" = 0 ]; then
  chown 65534 "$work/open"
  path=$work/open:$base
  refused "another user's folder" "belongs to another user"
  chown 0 "$work/open"
  chgrp 65534 "$work/open"
  chmod 0775 "$work/open"
  refused "a folder that another group may write" "can be written by another group"
  chgrp 0 "$work/open"
  chmod 0755 "$work/open"
  # A set-uid copy: the linker and we both ignore what the environment says.
  cp "$build/bin/runnel" "$work/setuid"
  chown 65534 "$work/setuid"
  chmod 4755 "$work/setuid"
  chmod 0755 "$work"
  said=$(RUNNEL_PLUGIN_PATH=$work/open:$base RUNNEL_RUN_THREADS=7 "$work/setuid" config 2>&1)
  if [[ $said == *threads* ]]; then
    check "set-uid: settings of the environment are ignored" says_not "environment"
    said=$(RUNNEL_PLUGIN_PATH=$work/open:$base "$work/setuid" plugin list 2>&1)
    check "set-uid: folders of the environment are ignored" says_not "$work/open"
  else
    echo "left out: set-uid programs do not run here: $(head -n 1 <<< "$said")"
  fi
else
  echo "left out: only root can give folders to others and make a set-uid program"
fi
end
