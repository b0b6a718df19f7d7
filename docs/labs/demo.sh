#!/usr/bin/env bash
# demo.sh BUILD [FOLDER]: trains both labs, evaluates what they saved, draws their graphs.
set -euo pipefail
build=$1
out=${2:-$build/demo}
mkdir -p "$out"
say() { printf '\n== %s\n' "$*"; }

say "Lab 1: which line is hidden in these points? (y = 0.1 x + 0.3)"
"$build/bin/lab1_linear_regression" --logdir "$out/lab1" --seed 1

say "Lab 2: a network of 784-128-32-10 learns digits that the program draws itself"
"$build/bin/lab2_mnist" --logdir "$out/lab2" --seed 1 --optimizer Adam --steps 2000 --save-every 500

say "Lab 2, later: the last checkpoint, restored and evaluated"
"$build/bin/lab2_mnist" --logdir "$out/lab2" --seed 1 --optimizer Adam --evaluate

say "The graphs as pictures"
for lab in lab1 lab2; do
  meta=$(ls -t "$out/$lab"/*.meta | head -n 1)
  "$build/bin/runnel" draw "$meta" -o "$out/$lab.svg" --title "$lab"
  echo "$out/$lab.svg"
done

say "The plugins that did it"
"$build/bin/runnel" plugin list
