#!/usr/bin/env bash
# property_08: pin, then config order, then priority, then specificity, then id; `runnel explain` prints per node the
# candidates, the winner, the rule, and each refusal's reason.
# Breaks when: two rules change places, a rule is forgotten, a refusal loses its reason.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

plugin "$mine/owner.so" '-DOP_NAME="Twice"'
manifest "$mine/owner.so"
for id in aaa bbb; do
  plugin "$mine/$id.so" '-DOPS={0,0,0}' '-DKERNEL_OP="Twice"' # equal to owner's in all but the id
  manifest "$mine/$id.so"
done
plugin "$mine/narrow.so" '-DOPS={0,0,0}' '-DKERNEL_OP="Twice"' '-DTYPES="T: float"' # more specific
manifest "$mine/narrow.so"
plugin "$mine/never.so" '-DOPS={0,0,0}' '-DKERNEL_OP="Twice"' '-DTYPES="T: float"' \
  '-DAT_SUPPORTS=*out_yes = 0; snprintf(reason, 256, "the moon is not full")'
manifest "$mine/never.so"
graph_of "$work/twice.pbtxt" Twice
winner() { sed -nE "s/^Twice 'y' runs on .* with .* of ([a-z]+)$/\1/p" <<< "$said"; }

runnel explain "$work/twice.pbtxt"
check "explain works" ends 0
check "the most specific wins" is "$(winner)" narrow
for id in aaa bbb narrow never owner; do check "'$id' is among the candidates" says " $id 'bad'"; done
check "who refuses says why" says "the moon is not full"
check "the rule is named" says "specific"

# Without the specific one the ids decide.
runnel explain "$work/twice.pbtxt" --set plugins.disable=narrow,never
check "among equals the first id wins" is "$(winner)" aaa
check "that is said" says "id"

# Priority is stronger than specificity.
plugin "$mine/loud.so" '-DOPS={0,0,0}' '-DKERNEL_OP="Twice"' '-DPRIORITY=50'
manifest "$mine/loud.so"
runnel explain "$work/twice.pbtxt"
check "priority is stronger than specificity" is "$(winner)" loud
check "that is said" says "priority 50 before 10"

# The configuration is stronger than priority; what it forbids is not used.
printf '[kernels]\nTwice = bbb\n' > "$work/order.conf"
runnel explain "$work/twice.pbtxt" --config "$work/order.conf"
check "the order of the configuration is stronger than priority" is "$(winner)" bbb
check "that is said" says "[kernels]"
printf '[kernels]\nTwice = !loud, !narrow\n' > "$work/order.conf"
runnel explain "$work/twice.pbtxt" --config "$work/order.conf"
check "a kernel that the configuration forbids is not used" is "$(winner)" aaa

# A pin is stronger than the order of devices.
plugin "$mine/gadget.so" -DDEVICE '-DDEVICE_TYPE="gadget"' '-DOP_NAME="NotThis"'
manifest "$mine/gadget.so"
runnel explain "$work/twice.pbtxt" --set devices.order=gadget,cpu
check "the order of devices decides where" says "/device:GADGET:0 with"
sed -i '/name: "y"/ s/op: /device: "\/device:CPU:0" op: /' "$work/twice.pbtxt"
runnel explain "$work/twice.pbtxt" --set devices.order=gadget,cpu
check "a pin is stronger than the order of devices" says "Twice 'y' runs on /device:CPU:0"
check "that is said" says "device: "

# What is explained is what happens.
runnel run "$work/twice.pbtxt" --feed x=3 --fetch y --set run.log_level=warning
check "the graph runs as explained" says "[6]"
end
