#!/usr/bin/env bash
# property_07: a graph on the CPU opens neither libvulkan nor a plugin it does not need; a device is opened on first use.
# Breaks when: a plugin is loaded because it has a device, or a kernel for a device that is not in play.
set -uo pipefail
source "$(dirname "$0")/ground.sh"
source "$here/trace.sh"

# A device with kernels for the ops of the graph, bound to a library with the name that must not be opened.
cc -shared -fPIC -o "$work/libvulkan.so.1" -Wl,-soname,libvulkan.so.1 -x c /dev/null
plugin "$mine/decoy.so" -DDEVICE '-DDEVICE_TYPE="decoy"' '-DKERNEL_OP="Mul"' '-DKERNEL_DEVICE="decoy"' \
  '-DAT_COMPUTE=for (int i = 0; i < rn_shape_elems(&c->out[0]->shape); i++) ((float *)c->out[0]->data)[i] = ((float *)c->in[0]->data)[0] * ((float *)c->in[1]->data)[i]' \
  '-DAT_ENUMERATE=system("touch enumerated")' '-DAT_OPEN=system("touch opened")' \
  -Wl,--no-as-needed "$work/libvulkan.so.1" -Wl,-rpath,"$work"
manifest "$mine/decoy.so"
check "the decoy has a manifest" grep -q '^device.decoy' "$mine/decoy.manifest"
cd "$work"
rm -f enumerated opened
graph half.pbtxt

trace "$work/run.log" env "RUNNEL_PLUGIN_PATH=$base" "$build/bin/runnel" run half.pbtxt --feed x=4,6 --fetch y
check "the graph runs" ends 0
check "its values are right" says "[4, 5]"
said=$(opened "$work/run.log" 'vulkan\.so|decoy\.so|vulkan.*\.so')
check "neither libvulkan nor a plugin with a device of its own was opened" is "$said" ""
said=$(opened "$work/run.log" "^($base|$mine)/.*\.so$" | sed 's#.*/##' | tr '\n' ' ')
check "of the plugins, those that the graph needs were opened and no other" is "$said" "cpu.so ops.so "
check "the device was not looked for" test ! -e enumerated

trace "$work/device.log" env "RUNNEL_PLUGIN_PATH=$base" "$build/bin/runnel" run half.pbtxt --feed x=4,6 --fetch y --device decoy
check "the graph runs on the device as well" says "[4, 5]"
said=$(opened "$work/device.log" 'libvulkan')
check "then its library is opened" test -n "$said"
check "and the device" test -e opened
rm -f enumerated opened
runnel devices
check "who asks for all devices sees it" says "DECOY"
check "looking opens none" test ! -e opened
end
