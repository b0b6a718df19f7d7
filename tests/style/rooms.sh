#!/usr/bin/env bash
# Each room has words it does not say. One grep a rule; prints the offending lines and fails.
set -euo pipefail
fail=0
deny() { # message, pattern, paths...
  local message=$1 pattern=$2
  shift 2
  local found
  found=$(grep -rnE --include='*.c' --include='*.h' -- "$pattern" "$@" 2>/dev/null || true)
  if [ -n "$found" ]; then
    printf 'style: %s\n%s\n\n' "$message" "$found"
    fail=1
  fi
}
op_names=$(grep -ohE '\.name = "[A-Z][A-Za-z0-9]+"|^ *[A-Z_]+\("?[A-Z][A-Za-z0-9]+"?,' plugins/ops/*.c 2>/dev/null |
  grep -oE '[A-Z][a-z][A-Za-z0-9]+' | sort -u | grep -vxE 'Const|Size|Rank|Add|Sub|Mul|Fill|Where|Range|Print|Assert|If|While|Enter|Exit|Merge|Switch|All|Any|Max|Min|Sum|Mean' | paste -sd'|')
[ -z "$op_names" ] || deny "no op name stands in core/" "\"($op_names)\"" core --exclude-dir=include
deny "no op name stands in core/" '"(Const|Identity|Placeholder|MatMul|Add|AddN|Variable|VariableV2|Assign|Switch|Merge|Enter|Exit|While|If|NoOp)"' core/base core/tensor core/plugin core/graph core/exec
deny "no dlsym outside core/plugin" 'dlsym|dlopen' core/base core/tensor core/graph core/exec frontends viz
deny "no printing below front ends and viz" '\b(printf|puts|fputs|perror|putchar)\(|fprintf\(std|stderr|stdout' core/base core/tensor core/graph core/exec plugins
deny "no intrinsic in plugins/ops" '_mm[0-9]*_|immintrin|arm_neon' plugins/ops core
deny "plugins include <runnel/plugin.h> only" '#include <runnel/(graph|session|runtime|tensor|status|runnel)\.h>' plugins
deny "no include climbs out of its folder" '#include "\.\./' core plugins frontends viz
deny "no abort in libraries" '\b(abort|exit|longjmp)\(' core/base core/tensor core/plugin/*.c core/graph core/exec plugins frontends/graphdef
deny "no goto" '\bgoto\b' core plugins frontends viz
exit $fail
