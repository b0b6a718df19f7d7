#!/usr/bin/env bash
# run.sh BUILD [NAME...]: makes each bad plugin of cases.txt, asks what the case says, and looks whether the answer is
# the expected one and whether everything else goes on working. What was said stands in BUILD/bad_plugins.txt.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shift
include=$here/../../core/include
lib=$build/lib
base=$lib/runnel/plugins
export RUNNEL_CONFIG=/dev/null OPENBLAS_NUM_THREADS=1
unset RUNNEL_PLUGIN_PATH

trim() { sed -E 's/^[ \t]+//; s/[ \t]+$//' <<< "$1"; }
compile() { # OUTPUT FLAGS...
  local output=$1
  shift
  cc -O0 -w -shared -fPIC -fvisibility=hidden -Wl,-z,now,--build-id -I"$include" -DID="\"$name\"" -o "$output" "$here/template.c" "$@"
}
make_plugin() { compile "$so" "$@"; }
poke() { # OFFSET HEX...: bytes of $so
  while [ $# -gt 1 ]; do
    printf "$(sed 's/../\\x&/g' <<< "$2")" | dd of="$so" bs=1 seek="$1" conv=notrunc status=none
    shift 2
  done
}
# A good plugin in the user's folder, with its manifest.
place() {
  mkdir -p "$plugins"
  compile "$plugins/$name.so" && "$build/bin/runnel-manifest" "$plugins/$name.so" > "$manifest"
  echo "$name" > "$dir/what"
}
# Only root may give files away; anybody else's case is one that root owns, which is accepted, so it is left out.
someone_elses() { chown 65534 "$1" 2> /dev/null || { echo "not root" > "$dir/left_out"; }; }
# Bits of the ELF header and the program headers, chosen by a number: the same in every run.
flip() { # SEED
  local seed=$1 i at byte
  cp "$good" "$so"
  for i in 1 2 3 4 5 6 7 8; do
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    at=$((4 + seed / 65536 % 600))
    byte=$(od -An -tu1 -j "$at" -N 1 "$so")
    poke "$at" "$(printf %02x $((byte ^ 1 << (seed / 16 % 8))))"
  done
}
make() {
  local flags how=${made%% *} rest=${made#* }
  case $how in
    cc) eval "flags=($rest)" && make_plugin "${flags[@]}" ;;
    bytes) cp "$good" "$so" && poke $rest ;;
    flip) flip "$rest" ;;
    cut) head -c "$rest" "$good" > "$so" ;;
    sh) eval "$rest" ;;
    *) return 1 ;;
  esac
}

# The exit code of one request in $code, what it printed in $answer.
ask() {
  local what=$so
  [ ! -f "$dir/what" ] || what=$(cat "$dir/what")
  if [ "$1" = run ] || [ "$1" = validate ]; then
    answer=$(RUNNEL_VALIDATE=$([ "$1" = run ] && echo 0 || echo 1) RUNNEL_PLUGIN_PATH=$dir:$base timeout -k 1 20 "$build/bin/runnel" run \
      "$work/bad.pbtxt" --feed x=1,2,3 --fetch y 2>&1 < /dev/null)
    code=$?
    return
  fi
  local limit="--timeout 1"
  [ "$1" != check ] || limit="--case-timeout 1"
  answer=$(RUNNEL_PLUGIN_PATH=$base timeout -k 1 20 "$build/bin/runnel" plugin "$1" "$what" $limit 2>&1 < /dev/null)
  code=$?
}

complain() {
  echo "WRONG $name: $1"
  sed 's/^/    /' <<< "${2:-}" | head -n 12
}

# y = x / 2 + 2 on the good plugins, with whatever now stands in the user's folder.
goes_on() {
  local said
  said=$(RUNNEL_PLUGIN_PATH=$base timeout -k 1 30 "$build/bin/runnel" run "$work/good.pbtxt" --feed x=6 --fetch y 2>&1) ||
    { complain "the good graph fails afterwards" "$said"; return; }
  grep -q '^ *\[*5\]*$\|= float.* 5$\|\b5$' <<< "$said" || complain "the good graph gives something else" "$said"
}

# Of a report, what failed.
essence() { awk '{ all = all $0 "\n" } /^(not exercised|failures):/ { part = ""; found = 1; next } found && /^  [a-z]/ { part = part $0 "\n" } END { printf "%s", part != "" ? part : all }'; }
judge() { # ASKED CODE ANSWER
  local wanted=$exit
  [ "$wanted" != any ] || wanted=$(($2 != 0))
  [ "$2" = "$wanted" ] || complain "'$1' ends with $2 instead of $wanted" "$3"
  # The name of a case speaks of its fault: only what is said beside it counts.
  grep -qF -e "${said%% or *}" -e "${said##* or }" <<< "${3//"$name"/}" || complain "'$1' does not say '$said'" "$3"
  [ "$2" != 0 ] && [ "$1" = install ] && [ -n "$(find "$XDG_DATA_HOME" -name '*.so' 2> /dev/null)" ] &&
    complain "refused, and yet installed"
  printf '%-26s %-8s %s\n' "$name" "$1" "$(sed "s#$work/[^ ]*/##g" <<< "$3" | essence | head -n 4 | tr -s ' \n' ' ')" >> "$dir/said"
}

read_case() {
  local line
  line=$(sed -n "${1}p" "$work/cases")
  IFS='|' read -r name made asked exit said <<< "$line"
  name=$(trim "$name") made=$(trim "$made") asked=$(trim "$asked") exit=$(trim "$exit") said=$(trim "$said")
  plugins=$work/$name/home/runnel/plugins manifest=$work/$name/home/runnel/plugins/$name.manifest
  dir=$work/$name so=$work/$name/$name.so good=$work/good/good.so
  export XDG_DATA_HOME=$dir/home HOME=$dir/home
}

if [ "${1:-}" = --make ] || [ "${1:-}" = --ask ]; then
  work=$2
  libc=$(cat "$work/libc")
  read_case "$3"
  if [ "$1" = --make ]; then
    mkdir -p "$dir/home"
    make > "$dir/made" 2>&1 || { complain "it cannot be made" "$(cat "$dir/made")"; rm -rf "$dir"; }
    exit 0
  fi
  [ -d "$dir" ] || exit 0
  if [ -f "$dir/left_out" ]; then
    echo "left out $name: $(cat "$dir/left_out")"
    exit 0
  fi
  for verb in $asked; do
    [ "$verb" != load ] || continue
    ask "$verb"
    judge "$verb" "$code" "$answer"
  done
  goes_on
  exit 0
fi

work=$(mktemp -d)
trap 'chmod -R u+rwx "$work" 2> /dev/null; rm -rf "$work"' EXIT
grep -vE '^(#.*| *)$' "${CASES:-$here/cases.txt}" > "$work/cases"
if [ $# -gt 0 ]; then
  grep -E "^($(IFS='|'; echo "$*"))[ |]" "$work/cases" > "$work/some"
  mv "$work/some" "$work/cases"
fi
total=$(wc -l < "$work/cases")
[ "$total" -gt 0 ] || { echo "no case"; exit 1; }
doubles=$(awk -F'[ |]' '{ print $1 }' "$work/cases" | sort | uniq -d)
[ -z "$doubles" ] || { echo "two cases have one name: $doubles"; exit 1; }
mkdir "$work/good"
name=other so=$work/good/other.so
make_plugin || exit 1
"$build/bin/runnel-manifest" "$so" > "$work/good/other.manifest"
name=good so=$work/good/good.so
make_plugin || exit 1
ldd "$build/bin/runnel" | awk '/libm\.so/ { print $3 }' > "$work/libc"
cat > "$work/good.pbtxt" <<'GRAPH'
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { } } } }
node { name: "a" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 0.5 } } } }
node { name: "b" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }
node { name: "ax" op: "Mul" input: "a" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Add" input: "ax" input: "b" attr { key: "T" value { type: DT_FLOAT } } }
GRAPH

cat > "$work/bad.pbtxt" <<'GRAPH'
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: -1 } } } } }
node { name: "y" op: "Bad" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
GRAPH

each() { seq "$total" | xargs -P 2 -n 1 bash "$here/run.sh" "$build" "$1" "$work"; }
each --make > "$work/wrong"

# All that are to be loaded, in one process that goes on.
for i in $(seq "$total"); do
  read_case "$i"
  case " $asked " in *" load "*) [ -d "$dir" ] && printf '%s\t%s\n' "$name" "$so" ;; esac
done > "$work/loads"
if [ -s "$work/loads" ]; then
  XDG_DATA_HOME=$work/none RUNNEL_PLUGIN_PATH=$base timeout -k 1 100 "$build/tests/bad_host" < "$work/loads" > "$work/loaded" 2> "$work/host" ||
    { echo "WRONG: the process did not live: exit $?"; tail -n 3 "$work/loaded" "$work/host"; } >> "$work/wrong"
  for i in $(seq "$total"); do
    read_case "$i"
    answer=$(awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$work/loaded")
    [ -n "$answer" ] || continue
    code=1
    [ "$answer" = loads ] && code=0
    judge load $code "$answer" >> "$work/wrong"
  done
fi

each --ask >> "$work/wrong"
cat "$work"/*/said 2> /dev/null | sort > "$build/bad_plugins.txt"
cat "$work/wrong"
echo "bad plugins: $total made, $(wc -l < "$build/bad_plugins.txt") answers, $(grep -c ^WRONG "$work/wrong") wrong; all that was said: $build/bad_plugins.txt"
! grep -q ^WRONG "$work/wrong"
