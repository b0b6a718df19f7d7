#!/usr/bin/env bash
# property_16: in an empty folder, with the installed package alone: `runnel plugin new`, build, test, check, install, and
# a graph that uses it, in under a minute for each kind. The commands are the ones that `plugin new` prints.
# Breaks when: a scaffold needs the source tree, a step of it fails, or it has become slow.
set -uo pipefail
source "$(dirname "$0")/ground.sh"
[ -x "$installed/bin/runnel" ] || { echo "skipped: nothing is installed in $installed"; exit 77; }
unset RUNNEL_CONFIG
export PATH=$installed/bin:$PATH

from_nothing() { # KIND
  local kind=$1 begin end
  export HOME=$work/$kind/home XDG_DATA_HOME=$work/$kind/home/data XDG_CONFIG_HOME=$work/$kind/home/config
  mkdir -p "$HOME" "$work/$kind/empty"
  cd "$work/$kind/empty" || exit 1
  begin=$(date +%s%N)
  "$installed/bin/runnel" plugin new "new_$kind" "--$kind" > ../said 2>&1 || return 1
  sed '1,/^next:$/d; /^$/d' ../said > ../next
  [ -s ../next ] || { cat ../said; echo "no next steps"; return 1; }
  bash -euo pipefail ../next > ../done 2>&1 || { cat ../next ../done; return 1; }
  end=$(date +%s%N)
  "$installed/bin/runnel" plugin list > ../list 2>&1
  echo $(((end - begin) / 1000000)) > ../milliseconds
}
kinds="op kernel optimizer device pass"
for kind in $kinds; do
  (from_nothing "$kind") > "$work/$kind.log" 2>&1 &
  [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
done
wait
for kind in $kinds; do
  said=$(cat "$work/$kind.log" "$work/$kind/done" 2> /dev/null | tail -n 20)
  check "$kind: all steps work" test -f "$work/$kind/milliseconds"
  [ -f "$work/$kind/milliseconds" ] || continue
  took=$(cat "$work/$kind/milliseconds")
  printf '%-10s %s.%03d s from nothing to a graph that uses it\n' "$kind" $((took / 1000)) $((took % 1000))
  check "$kind: under a minute" test "$took" -lt 60000
  said=$(cat "$work/$kind/next")
  check "$kind: it was checked" says "plugin check"
  check "$kind: it was installed" says "plugin install"
  check "$kind: it was used" grep -qE 'runnel (run|optimizers|explain)|lab' <<< "$said"
  said=$(cat "$work/$kind/list")
  check "$kind: it is listed" says "new_$kind"
  # The prefix may lie inside the source tree, as it does for a build in build/.
  named=$(grep -raohE "$source/[^ ;\"']*" "$work/$kind/empty" --exclude='*.o' | grep -vF "$installed" | head -n 1)
  check "$kind: nothing names the source tree" is "$named" ""
done
end
