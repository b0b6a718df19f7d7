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

# A step of LeNet, coloured by time.
"$build/bin/lab2_mnist" --model lenet --optimizer Adam --logdir "$work/timed" --steps 20 --json > /dev/null
"$build/bin/runnel" draw "$work/timed/model-20.meta" -o "$here/lenet-time.svg" --title "LeNet: where the time of a step goes" \
  --color time --trace "$work/timed"
echo "$here/lenet-time.svg"

# Networks of others, where they are; RUNNEL_DATA as for the tests.
mobilenet=${RUNNEL_DATA:-$here/../../../shared/data}/graphs/mobilenet_v1_0.25_128/frozen_graph.pb
if [ -f "$mobilenet" ]; then
  "$build/bin/runnel" draw "$mobilenet" -o "$here/mobilenet.svg" --title "MobileNet v1"
  echo "$here/mobilenet.svg"
fi

for optimizer in GradientDescent Momentum Adam; do
  "$build/bin/lab2_mnist" --optimizer $optimizer --logdir "$work/runs/$optimizer" --steps 600 --save-every 600 --json > /dev/null
done
"$build/bin/runnel" plot "$work/runs" -o "$here/losses.svg" --tag loss --title "lab 2: loss of a batch" --log
echo "$here/losses.svg"

# The page of runnel report, photographed by Chromium; a small picture, as it stands in the README.
(cd "$work" && "$build/bin/runnel" report runs -o report.html)
chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --force-color-profile=srgb --user-data-dir="$work/browser" \
  --window-size=1100,700 --virtual-time-budget=4000 --screenshot="$here/report.png" "file://$work/report.html#graph:hidden1/MatMul" > /dev/null 2>&1
echo "$here/report.png"
