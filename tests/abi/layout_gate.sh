#!/usr/bin/env bash
# layout_gate.sh: the gate itself is tested. Changes that plugins survive pass; changes that break them fail and
# name the member.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
cases=0

# try NAME ok|break WORD FILE SED-SCRIPT: the headers, changed by the script, give that verdict and say WORD.
try() {
  rm -rf "$work/runnel"
  cp -r "$here/../../core/include/runnel" "$work/runnel"
  sed -i -E "$5" "$work/runnel/$4"
  if cmp -s "$work/runnel/$4" "$here/../../core/include/runnel/$4"; then echo "$1: the change did not apply"; failed=1; return; fi
  local verdict=ok
  bash "$here/layout.sh" "$work" > "$work/said" 2>&1 || verdict=break
  if [ $verdict != "$2" ] || ! grep -q -- "$3" "$work/said"; then
    echo "$1: expected $2 and '$3', got $verdict:"
    cat "$work/said"
    failed=1
  fi
  cases=$((cases + 1))
}

try "a member at the end of a struct that grows" ok "rn_op_def has grown by more" plugin.h \
  's/^\} rn_op_def;/  void *more;\n} rn_op_def;/'
try "a function at the end of the host's table" ok "rn_host_api has grown by more" plugin.h \
  's/^(  const void \*\(\*get_ext\).*)$/\1\n  void (*more)(void *ctx, uint32_t a);/'
try "a new value" ok "RN_ROLE_NEW is new" plugin.h 's/^  RN_ROLE_NONE = 0,/  RN_ROLE_NONE = 0, RN_ROLE_NEW = 99,/'
try "another name of a parameter" ok "as stored" plugin.h 's/rn_status \*\(\*drain\)\(void \*device,/rn_status *(*drain)(void *it,/'
try "a member in the middle" break "rn_kernel_def, member device_type" plugin.h 's/^  const char \*op, \*device_type;/  const char *op, *more, *device_type;/'
try "two members swapped" break "rn_prepared, member compute" plugin.h '/^  rn_compute_fn compute; .. in:/{h;d};/^  void \*state; /{G}'
try "a member of another type" break "rn_op_def, member ref_forward" plugin.h 's/^  int32_t ref_forward;/  uint32_t ref_forward;/'
try "a function with one more parameter" break "rn_host_api, member threads" plugin.h 's/\(\*threads\)\(void \*ctx\)/(*threads)(void *ctx, int more)/'
try "a member removed" break "rn_call, member correlation" plugin.h '/^  uint64_t correlation; .. names/d'
try "a frozen struct grows" break "rn_table is frozen" plugin.h 's/^\} rn_table;/  void *more;\n} rn_table;/'
try "a frozen struct of types.h grows" break "rn_attr is frozen" types.h 's/^\} rn_attr;/  void *more;\n} rn_attr;/'
try "a value changes" break "RN_HALF was 19 and is 20" types.h 's/RN_HALF = 19/RN_HALF = 20/'
try "a value goes" break "RN_KERNEL_ASYNC is gone" plugin.h '/RN_KERNEL_ASYNC/d'
try "a function type changes" break "type rn_compute_fn" plugin.h 's/\(\*rn_compute_fn\)\(const void \*state,/(*rn_compute_fn)(void *state,/'
try "a limit changes" break "RN_MAX_RANK was 8" types.h 's/RN_MAX_RANK 8/RN_MAX_RANK 12/'
echo "gate: $cases changes judged"
exit $failed
