#!/usr/bin/env bash
# vulkan_check.sh BUILD few|all - the conformance kit on the Vulkan plugin (tests/conform).
#
# With the Khronos validation layer and its synchronisation checks where they are installed; what they say is a failure.
# `few` takes an op of every form, so that it fits into a test run. Every kernel must be exercised but for those
# named here, each with its reason. Without a Vulkan device the test passes and says so.
set -euo pipefail
build=$1 which=$2
runnel=$build/bin/runnel plugin=$build/lib/runnel/plugins/vulkan.so
# Kernels of other devices are not for a GPU; chains for the compiler are in vulkan_fusion_test, the generated graphs have none.
excused='device/vulkan/launch: it has no launch
compiler/fusion: it claimed nothing'
few=(Add AddN ArgMax AssignVariableOp AvgPoolGrad BatchMatMulV2 BiasAddGrad Cast ConcatV2 Conv2DBackpropFilter Cumsum
  DepthwiseConv2dNativeBackpropInput FloorMod FusedBatchNormGradV3 GatherNd InTopK LessEqual LinSpace MatMul MaxPoolGrad
  MirrorPadGrad ResourceApplyAdam ResourceScatterAdd Shape SparseApplyFtrl
  SparseSoftmaxCrossEntropyWithLogits Sum TopKV2 Transpose TruncatedNormal UnsortedSegmentSum)

if ! "$runnel" devices | grep '^/device:VULKAN' >/dev/null; then
  echo "skipped: there is no Vulkan device here"
  exit 0
fi
watched=true
case $("$runnel" devices --set plugin.vulkan.validation=true 2>&1) in *'there is no VK_LAYER'*) watched=false ;; esac
echo "validation: $watched"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
check() {
  "$runnel" plugin check "$plugin" "$@" --set plugin.vulkan.validation=$watched --timeout 2000 --case-timeout 60 \
    >"$log" 2>&1 || { cat "$log"; exit 1; }
  local untried
  untried=$(sed -n '/^not exercised:/,/^$/p' "$log" | grep '^  ' | grep -vF "$excused" || true)
  if [ -n "$untried" ]; then
    echo "not exercised:"
    echo "$untried"
    exit 1
  fi
  tail -1 "$log"
}
if [ "$which" = all ]; then
  check
else
  for op in "${few[@]}"; do check --op "$op"; done
fi
