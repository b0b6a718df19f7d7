#!/usr/bin/env bash
# property_02: structs start with their size and only grow. A plugin binary of each kept minor version runs on today's
# host, today's plugins on each kept host, and a plugin of a header that has grown in every struct runs on today's.
# Breaks when: a member moves, a reader forgets the size its provider gave, an array is walked with the wrong step.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

said=$(bash "$source/tests/abi/kept.sh" "$build" 2>&1)
kept=$?
if [ $kept -eq 77 ]; then echo "$said"; else check "kept plugins and hosts work with today's" is $kept 0; fi

# Tomorrow's header: a member more at the end of each struct that grows, filled with what must never be used.
mkdir -p "$work/include"
cp -r "$source/core/include/runnel" "$work/include/"
sed -i -E 's/^\} rn_(op_def|kernel_def|device_def|compiler_def|optimizer_def|pass_def|group|plugin_desc|tensor_view|device_info|prepared|call|infer|grad|prepare);/  uint64_t tomorrow[3];\n&/;
  s/^(#define RN_ABI_MINOR).*/\1 99u/' "$work/include/runnel/plugin.h"
sed -i -E '/^struct rn_(call|infer|grad|host_api) \{/,/^\};/ s/^\};/  uint64_t tomorrow[3];\n};/' "$work/include/runnel/plugin.h"
grown=$(grep -c 'tomorrow\[3\]' "$work/include/runnel/plugin.h")
check "the header has grown in many places" test "$grown" -ge 15
for name in skeleton:plugins/skeleton recorder:tests/plugins/recorder claimer:tests/plugins/claimer later:tests/plugins/later; do
  cc -O1 -w -shared -fPIC -fvisibility=hidden -Wl,-z,now,--build-id -I"$work/include" -o "$work/${name%%:*}.so" "$source/${name#*:}/plugin.c"
done
check "tomorrow's plugins were built" is "$(ls "$work"/*.so | wc -l)" 4
mkdir "$work/rest"
cp "$base"/{ops,cpu,optimizers}.so "$base"/{ops,cpu,optimizers}.manifest "$work/rest/"
said=$(LD_LIBRARY_PATH=$build/lib RUNNEL_PLUGIN_PATH=$work:$work/rest timeout 60 "$build/tests/abi_kept_host" 2>&1)
check "tomorrow's op, asynchronous kernel, device and compiler run on today's host" is $? 0
end
