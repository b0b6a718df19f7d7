#!/usr/bin/env bash
# installed.sh BUILD: installs into BUILD/installed, as ./dev install does. Tests that work from what is installed
# alone require the fixture `installed` and find the prefix in RUNNEL_INSTALLED. They leave it as it is: a plugin
# of theirs goes into a home of their own.
set -euo pipefail
build=$1
prefix=$build/installed
rm -rf "$prefix"
cmake --install "$build" --prefix "$prefix" --strip > "$build/installed.log" 2>&1 || { tail -n 20 "$build/installed.log"; exit 1; }
"$prefix/bin/runnel" --version
