#!/usr/bin/env bash
# run.sh [--device vulkan:0] [--torch cuda:0] [--python PYTHON] [--json]: builds Runnel for speed and compares it with
# PyTorch on this machine's GPU (see README.md here).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source=$(readlink -f "$here/../../..")
build=${RUNNEL_BUILD:-$source/build}
if [ ! -x "$build/bench/bench_device" ]; then
  cmake -G Ninja -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release >&2
  cmake --build "$build" --target plugins bench_device runnel-cli >&2
fi
"$build/bin/runnel" devices | grep -i vulkan >&2 ||
  { echo "run.sh: no Vulkan device here; docs/vulkan.md says what to install" >&2; exit 1; }
exec "${PYTHON:-python3}" "$here/compare.py" "$build" "$@"
