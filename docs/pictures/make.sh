#!/usr/bin/env bash
# make.sh [BUILD]: draws the pictures of the documentation from the meta graphs and event files that the labs write.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${1:-$here/../../build}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

picture() { # name, title, program and flags
  local name=$1 title=$2
  shift 2
  "$build/bin/$@" --logdir "$work/$name" --steps 1 --json > /dev/null
  "$build/bin/runnel" draw "$work/$name/model-1.meta" -o "$here/$name.svg" --title "$title"
  echo "$here/$name.svg"
}
picture line "y = W x + b" lab1_linear_regression
picture digits "digits: 784-128-32-10" lab2_mnist --optimizer Adam
picture lenet "digits: LeNet" lab2_mnist --model lenet --optimizer Adam

for optimizer in GradientDescent Momentum Adam; do
  "$build/bin/lab2_mnist" --optimizer $optimizer --logdir "$work/runs/$optimizer" --steps 600 --save-every 600 --json > /dev/null
done
"$build/bin/runnel" plot "$work/runs" -o "$here/losses.svg" --tag loss --title "lab 2: loss of a batch" --log
echo "$here/losses.svg"
