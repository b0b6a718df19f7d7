#!/usr/bin/env bash
# new_test.sh KIND: from `runnel plugin new` to a graph that uses the plugin, by the commands it prints, with what is
# installed in RUNNEL_INSTALLED alone, in under a minute. Then its sources under every compiler's strictest eyes.
# KIND `refusals`: what `plugin new` does not do, and says so.
set -euo pipefail
kind=$1
prefix=$RUNNEL_INSTALLED
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { echo "== $*"; }
die() { echo "new_test: $*" >&2; exit 1; }
unset RUNNEL_PLUGIN_PATH RUNNEL_CONFIG LD_LIBRARY_PATH CFLAGS CMAKE_PREFIX_PATH
export HOME=$work/home XDG_DATA_HOME=$work/home/.local/share PATH=$prefix/bin:$PATH
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/lib/$(cc -print-multiarch)/pkgconfig
mkdir -p "$HOME" "$work/elsewhere"
cd "$work"

refuses() { # words, arguments...
  local words=$1
  shift
  if runnel plugin new "$@" > out 2>&1; then die "plugin new $* should fail"; fi
  grep -qF -- "$words" out || { cat out; die "plugin new $* does not say: $words"; }
}

refusals() {
  say "names"
  for name in 1st _a a_ a__b 'a b' a-b a/b . '' ä "$(printf 'a%.0s' {1..48})"; do refuses "is no name for a plugin" "$name"; done
  refuses "which name?"
  say "names that are taken"
  refuses "there is a plugin 'cpu' already" cpu --device
  refuses "there is an operation MatMul already" mat_mul
  refuses "there is an operation MatMul already" MatMul
  say "two kinds"
  refuses "one of --op, --kernel" a --op --pass
  refuses "not understood" a --kind op
  say "nothing is overwritten"
  mkdir mine
  echo dear > mine/mine.c
  refuses "nothing was changed" mine
  [ "$(ls mine) $(cat mine/mine.c)" = "mine.c dear" ] || die "the folder has changed"
  refuses "cannot be made" a --folder "$work/not/there"
  say "a full disk leaves nothing"
  if (trap '' XFSZ; ulimit -f 1; runnel plugin new full > out 2>&1); then die "half a plugin was written"; fi
  grep -q "full.c cannot be written: File too large" out || { cat out; die "no reason is given"; }
  [ ! -e full ] || die "half a plugin was left"
  say "both forms of a name, another folder, JSON"
  runnel plugin new HardTanh2D --folder elsewhere --json > out
  grep -q '"plugin":.*"hard_tanh2_d"' out || { cat out; die "the id should be hard_tanh2_d"; }
  grep -q '"HardTanh2D"' elsewhere/HardTanh2D/hard_tanh2_d.c || die "the operation should be HardTanh2D"
  grep -rn '@[a-zA-Z]*@' elsewhere/HardTanh2D && die "a word was left open"
  PATH=${PATH#*:} "$prefix/bin/runnel" plugin new away > out
  grep -qF -- "-DCMAKE_PREFIX_PATH=$prefix" out || die "off the PATH, it should say where CMake finds Runnel"
}

# The lines after "next:" are what a person types. Each must work as it stands.
from_new_to_use() {
  runnel plugin new "my_$kind" "--$kind" > said
  cat said
  sed '1,/^next:$/d; /^$/d' said > next.sh
  [ "$(wc -l < next.sh)" -eq 6 ] || die "there should be six commands"
  mv "my_$kind" elsewhere/ # nothing may depend on where it was made
  (cd elsewhere && bash -eu -x "$work/next.sh") || die "a command fails"
  grep -q "^runnel plugin check build/my_$kind.so" <(sed 's/^ *//' next.sh) || die "it should be checked"
}

strict() { # file, pkg-config name
  local flags=(-O2 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror)
  for cc in gcc clang; do
    command -v $cc > /dev/null || { echo "no $cc here"; continue; }
    for std in c11 c17 gnu17 c2x; do
      $cc -std=$std "${flags[@]}" $(pkg-config --cflags "$2") -fsyntax-only "$1" || die "$cc -std=$std does not like $1"
    done
  done
}

if [ "$kind" = refusals ]; then
  refusals
  exit 0
fi
start=$SECONDS
say "by the printed commands"
from_new_to_use
took=$((SECONDS - start))
[ $took -lt 60 ] || die "it took $took seconds"

say "strict compilers"
strict "elsewhere/my_$kind/my_$kind.c" runnel
[ ! -f "elsewhere/my_$kind/train.c" ] || strict "elsewhere/my_$kind/train.c" runnel-c
if command -v clang > /dev/null; then # all of it again, with runnel off the PATH
  say "by clang, by CMAKE_PREFIX_PATH"
  (cd "elsewhere/my_$kind" && export PATH=${PATH#*:} && CC=clang cmake -B by_clang -DCMAKE_PREFIX_PATH="$prefix" > log &&
    cmake --build by_clang > log 2>&1 && ctest --test-dir by_clang > log 2>&1) ||
    { cat "elsewhere/my_$kind/log"; die "clang's plugin fails"; }
fi
say "by hand, as its README says"
grep '^cc ' "elsewhere/my_$kind/README.md" > by_hand.sh
(cd "elsewhere/my_$kind" && bash -eu "$work/by_hand.sh" && runnel plugin why "$PWD/my_$kind.so")
echo "new: $kind from nothing to a graph in $took seconds"
