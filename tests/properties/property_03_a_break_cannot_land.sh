#!/usr/bin/env bash
# property_03: today's layout is compared with the stored one: appending passes, inserting or reordering fails.
# Breaks when: a struct changes without `tests/abi/layout.sh --update`, or the comparison goes blind.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

compare() { # SED-SCRIPT
  rm -rf "$work/include"
  mkdir "$work/include"
  cp -r "$source/core/include/runnel" "$work/include/"
  sed -i -E "$1" "$work/include/runnel/plugin.h"
  said=$(bash "$source/tests/abi/layout.sh" "$work/include" 2>&1)
  code=$?
}
compare ''
check "the layout of today is the stored one" ends 0
check "nothing has grown without being written down" says_not "has grown"
for struct in op_def kernel_def device_def group plugin_desc prepared; do
  compare "s/^\} rn_$struct;/  void *appended;\n&/"
  check "rn_$struct may grow at its end" ends 0
  check "that it grew is said" says "rn_$struct has grown by appended"
  compare "/^typedef struct rn_$struct \{/,/^\}/ s/^  uint32_t struct_size.*/&\n  void *inserted;/"
  check "rn_$struct must not get a member inside" ends 1
  check "the struct is named" says "rn_$struct"
done
compare '/^  uint8_t \(\*failed\)/{h;d};/^  void \(\*remove\)\(rn_builder/{G}'
check "functions of a table must not change places" ends 1
compare 's/RN_KERNEL_ASYNC = 1u/RN_KERNEL_ASYNC = 2u/'
check "values must not change" ends 1
end
