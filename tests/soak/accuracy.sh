#!/usr/bin/env bash
# accuracy.sh BUILD MNIST [WHAT [SEEDS [STEPS]]]: how well lab 2 learns real MNIST, over several seeds (tests/soak).
#
# WHAT is mlp, lenet or both (the default). Five seeds of the talk's network (batch 100, median to reach
# 97.4 %), three of LeNet (batch 50, 99.0 %), Adam 0.001, 6,000 steps. Prints every value and the median;
# fails when a median is too low. LeNet takes minutes a seed.
set -euo pipefail
build=$1 data=$2 what=${3:-both} seeds=${4:-} steps=${5:-6000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
low=0

value() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p"; }

# measure MODEL BATCH GOAL SEED...
measure() {
  local model=$1 batch=$2 goal=$3 seed out all=()
  shift 3
  for seed; do
    out=$("$build/bin/lab2_mnist" --data "$data" --model "$model" --batch "$batch" --optimizer Adam \
      --learning-rate 0.001 --steps "$steps" --seed "$seed" --save-every 0 --logdir "$folder/$model$seed" --json)
    all+=("$(value test_accuracy <<<"$out")")
    echo "$model seed $seed: test accuracy ${all[-1]}, $(value steps_per_second <<<"$out") steps/s"
  done
  local middle
  middle=$(printf '%s\n' "${all[@]}" | sort -n | sed -n "$((($# + 1) / 2))p")
  echo "$model: ${all[*]}; median $middle, goal $goal"
  awk -v m="$middle" -v g="$goal" 'BEGIN { exit !(m >= g) }' || low=1
}

case $what in
  mlp | both) measure mlp 100 0.974 ${seeds:-1 2 3 4 5} ;;
esac
case $what in
  lenet | both) measure lenet 50 0.990 ${seeds:-1 2 3} ;;
esac
exit $low
