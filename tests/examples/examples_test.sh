#!/usr/bin/env bash
# examples_test.sh DOCS: the plugins in DOCS/examples are built, checked and installed with what is installed in
# RUNNEL_INSTALLED alone. They are used in graphs, and together: the labs of DOCS, built from the package too, train
# with Swish and Lion on the ledger by flags and configuration only, and end where they end on the CPU.
set -euo pipefail
docs=$1
prefix=$RUNNEL_INSTALLED
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { echo "== $*"; }
die() { echo "examples_test: $*" >&2; exit 1; }
unset RUNNEL_PLUGIN_PATH RUNNEL_CONFIG LD_LIBRARY_PATH CFLAGS CMAKE_PREFIX_PATH
export HOME=$work/home XDG_DATA_HOME=$work/home/.local/share PATH=$prefix/bin:$PATH
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/lib/$(cc -print-multiarch)/pkgconfig
mkdir -p "$HOME"
cd "$work"
cp -r "$docs/examples" "$docs/labs" . # out of the tree, so that nothing of it can be seen

for name in swish vector_relu lion ledger; do
  say "$name"
  for cc in gcc clang; do
    command -v $cc > /dev/null || continue
    $cc -std=c11 -O2 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror \
      $(pkg-config --cflags runnel) -fsyntax-only examples/$name/$name.c || die "$cc does not like $name.c"
  done
  (cmake -S examples/$name -B $name && cmake --build $name) > log 2>&1 || { cat log; die "$name is not built"; }
  runnel plugin check "$PWD/$name/$name.so" > log 2>&1 || { cat log; die "$name does not pass the check"; }
  tail -n 1 log
  runnel plugin install "$PWD/$name/$name.so" > log 2>&1 || { cat log; die "$name is not installed"; }
done
runnel plugin list | grep -E '^(swish|vector_relu|lion|ledger) '

say "Swish in a graph"
for t in FLOAT DOUBLE; do
  cat > swish.pbtxt << GRAPH
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_$t } } }
node { name: "y" op: "Swish" input: "x" attr { key: "T" value { type: DT_$t } } }
GRAPH
  runnel run swish.pbtxt --feed x=0,1,-20 --fetch y:0 > said
  grep -qE '^\[0, 0\.731058[0-9]*, -4\.122[0-9]*e-08\]' said || { cat said; die "Swish of $t is wrong"; }
done

say "Relu: who computes it"
relu() { # elements, type
  cat > relu.pbtxt << GRAPH
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_$2 } } attr { key: "shape" value { shape { dim { size: $1 } } } } }
node { name: "y" op: "Relu" input: "x" attr { key: "T" value { type: DT_$2 } } }
GRAPH
  runnel run relu.pbtxt --feed x="$(seq -s, -3 $(($1 - 4)))" --fetch y:0 --explain
}
relu 100 FLOAT > said
grep -q "kernel 'vectors' of vector_relu" said || { cat said; die "vector_relu should win"; }
grep -qF '[0, 0, 0, 0, 1, 2,' said || { cat said; die "its values are wrong"; }
relu 10 FLOAT > said
! grep -q "kernel 'vectors' of vector_relu" said || { cat said; die "vector_relu should refuse ten floats"; }
runnel explain relu.pbtxt > said
grep -qF "vector_relu 'vectors', priority 100, T: {float}: it is for 64 elements or more, not for 10" said ||
  { cat said; die "the refusal is not explained"; }
relu 100 INT32 > said
! grep -q "kernel 'vectors' of vector_relu" said || { cat said; die "vector_relu takes no integers"; }

say "the labs, from the package"
cc -std=gnu17 -O2 -Wall -Wextra $(pkg-config --cflags runnel-c) $(ls labs/*.c | grep -v '/1_') \
  $(pkg-config --libs runnel-c) -Wl,-rpath,"$(pkg-config --variable=libdir runnel)" -o lab2
number() { sed -nE "s/.*\"$1\": ([-0-9.e+]+).*/\1/p" "$2"; }
holds() { awk "BEGIN { exit !($1) }"; }
printf '[run]\nthreads = 2\n[plugin.ledger]\nlog = %s/ledger.txt\n' "$work" > runnel.conf
export RUNNEL_CONFIG=$work/runnel.conf
train() { ./lab2 --json --activation Swish --optimizer Lion --learning-rate 0.001 --batch 64 "$@"; }
train --steps 20 --logdir early > early.json
train --steps 300 --logdir cpu > cpu.json
train --steps 300 --logdir ledger --device ledger > ledger.json 2> warnings
[ ! -s warnings ] || { cat warnings; die "something did not run on the ledger"; }
cat early.json cpu.json ledger.json
holds "$(number final_loss ledger.json) < 0.5 * $(number final_loss early.json)" || die "the loss does not fall"
holds "$(number test_accuracy ledger.json) > 0.95" || die "the accuracy is not above 95 %"
[ "$(number final_loss ledger.json)" = "$(number final_loss cpu.json)" ] ||
  die "on the ledger the loss is another than on the CPU"
holds "$(number test_accuracy ledger.json) == $(number test_accuracy cpu.json)" || die "the accuracies differ"

say "under validation"
RUNNEL_VALIDATE=1 train --steps 5 --logdir validated --device ledger > validated.json 2> warnings ||
  { cat warnings; die "the validation layer finds a fault"; }
[ ! -s warnings ] || { cat warnings; die "the validation layer complains"; }

say "what the ledger says"
for line in 'open ledger:0' 'alloc m[0-9]+' 'queue q[0-9]+' 'copy host to m[0-9]+' 'copy m[0-9]+ to host' \
  'launch .*hidden1/Swish' 'launch .*gradients/.*' 'launch .*Lion/update_hidden1/weights/AssignSub' 'signal t[0-9]+:[0-9]+' \
  'host waits t[0-9]+:[0-9]+' 'close: [0-9]+ launches'; do
  grep -qE "^$line" ledger.txt || { head -n 60 ledger.txt; die "no line '$line'"; }
done
steps=$(grep -cE '^launch .*Lion/update_hidden1/weights/AssignSub' ledger.txt)
[ "$steps" -eq 305 ] || die "the weights moved $steps times on the ledger, not 300 and 5 times"
grep -E '^close' ledger.txt

say "TensorFlow's words only"
runnel show ledger/model-300.meta > nodes
! grep -E '= (Lion|ApplyLion)\(' nodes || die "Lion should be made of TensorFlow's operations"
grep -qE '^hidden1/weights/Lion = VariableV2' nodes || die "the slot should be hidden1/weights/Lion"
echo "examples: four plugins work from $prefix alone"
