#!/usr/bin/env bash
# kill9.sh BUILD [TIMES]: a training that saves often is killed at random moments (tests/soak).
#
# After each kill -9 the newest checkpoint must evaluate, and the next training must go on from it. Saving
# every 2 steps, a good part of the time is spent in the middle of a save.
set -euo pipefail
build=$1 times=${2:-50}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run="$folder/run" log="$folder/log"
last=0 inside=0

step() { "$build/bin/lab2_mnist" --evaluate --json --logdir "$run" | sed -n 's/.*"step": \([0-9]*\).*/\1/p'; }

mkdir "$run"
for ((i = 1; i <= times; i++)); do
  rm -f "$run"/*.tmp* # what an earlier kill left half written
  touch "$folder/before"
  "$build/bin/lab2_mnist" --resume --steps 100000000 --save-every 2 --logdir "$run" >"$log" 2>&1 &
  child=$!
  until [ "$run/checkpoint" -nt "$folder/before" ]; do
    kill -0 $child 2>/dev/null || { echo "run $i ended by itself:"; cat "$log"; exit 1; }
    sleep 0.05
  done
  sleep "0.$(printf %03d $((RANDOM % 500)))"
  kill -9 $child
  wait $child 2>/dev/null || true
  if [ $last -gt 0 ] && ! grep -q "restored .*(step $last)" "$log"; then
    echo "run $i did not go on from step $last:"; cat "$log"; exit 1
  fi
  if compgen -G "$run/*.tmp*" >/dev/null; then inside=$((inside + 1)); fi
  now=$(step) || { echo "kill $i: the newest checkpoint is damaged"; ls -l "$run"; exit 1; }
  [ "$now" -gt "$last" ] || { echo "kill $i: step $now after step $last"; exit 1; }
  last=$now
  printf '%s ' "$now"
done
echo
echo "killed $times times, $inside of them in the middle of writing a file: every checkpoint was good; step $last"
