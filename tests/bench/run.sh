#!/usr/bin/env bash
# run.sh BUILD [--json] [--peers]: measures and prints the table (see README.md here).
# run.sh BUILD --device DEVICE [--json] [WHAT...]: a device beside the CPU.
set -euo pipefail
build=$1
shift
here=$(dirname "$(readlink -f "$0")")
for word in "$@"; do [ "$word" != --device ] || exec python3 "$here/device.py" "$build" "$@"; done
peers=0
for word in "$@"; do [ "$word" = --peers ] && peers=1; done
if [ $peers = 1 ] && [ ! -x "$build/peers/bin/python" ]; then
  echo "bench: making a virtual environment with TensorFlow, PyTorch and ONNX Runtime in $build/peers" >&2
  python3 -m venv "$build/peers"
  "$build/peers/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu torch onnxruntime onnx >&2
fi
exec python3 "$here/table.py" "$build" "$@"
