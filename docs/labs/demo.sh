#!/usr/bin/env bash
# demo.sh BUILD [FOLDER]: trains both labs, evaluates what they saved, and makes of each run pictures and a page to look at.
set -euo pipefail
build=$1
out=${2:-$build/demo}
mkdir -p "$out"
say() { printf '\n== %s\n' "$*"; }
made=()
make() { # what, file, command
  local what=$1 file=$2
  shift 2
  "$@" -o "$file"
  made+=("$(printf '%-40s %s' "$what" "$file")")
}

say "Lab 1: which line is hidden in these points? (y = 0.1 x + 0.3)"
"$build/bin/lab1_linear_regression" --logdir "$out/lab1" --seed 1

say "Lab 2: a network of 784-128-32-10 learns digits that the program draws itself"
"$build/bin/lab2_mnist" --logdir "$out/lab2" --seed 1 --optimizer Adam --steps 2000 --save-every 500

say "Lab 2, later: the last checkpoint, restored and evaluated"
"$build/bin/lab2_mnist" --logdir "$out/lab2" --seed 1 --optimizer Adam --evaluate

say "What they wrote, to look at"
for lab in lab1 lab2; do
  meta=$(ls -t "$out/$lab"/*.meta | head -n 1)
  make "$lab: its graph" "$out/$lab.svg" "$build/bin/runnel" draw "$meta" --title "$lab"
  make "$lab: where the time of a step went" "$out/$lab-time.svg" "$build/bin/runnel" draw "$meta" --title "$lab" \
    --color time --trace "$out/$lab"
  make "$lab: how the loss fell" "$out/$lab-loss.svg" "$build/bin/runnel" plot "$out/$lab" --tag loss --log
  make "$lab: all of it on one page" "$out/$lab.html" "$build/bin/runnel" report "$out/$lab"
done

say "The plugins that did it"
"$build/bin/runnel" plugin list

say "Open in a browser"
printf '%s\n' "${made[@]}"
