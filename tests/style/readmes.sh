#!/usr/bin/env bash
# Every room says what it is.
set -euo pipefail
fail=0
for room in core core/* plugins plugins/* frontends frontends/* viz tests docs docs/labs docs/decisions; do
  [ -d "$room" ] && [ "$room" != core/include ] && [ ! -f "$room/README.md" ] && { echo "no README.md in $room"; fail=1; }
done
exit $fail
