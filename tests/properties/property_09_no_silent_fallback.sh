#!/usr/bin/env bash
# property_09: a node that cannot run where it was asked to is an error, or a warning that names it, or allowed: as the
# configuration says; never in silence by default. A pin is an error by default.
# Breaks when: placement takes the next device without a word.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

# The recorder has no kernel for Neg.
mkdir "$work/more"
cp "$build"/test_plugins/recorder.{so,manifest} "$work/more/"
path=$base:$work/more
graph_of "$work/neg.pbtxt" Neg
ask() { runnel run "$work/neg.pbtxt" --feed x=3 --fetch y "$@"; }

ask --device recorder
check "what is preferred and cannot be is said by default" says "has no kernel for it"
check "with the node" says "'y'"
check "and the place it takes" says "/device:CPU:0"
check "the graph runs" says "[-3]"
ask --device recorder --set devices.fallback=error
check "error: it does not run" ends 1
check "error: the node is named" says "'y'"
check "error: the device is named" says "RECORDER:0"
check "error: no value comes out" says_not "[-3]"
ask --device recorder --set devices.fallback=warn
check "warn: it runs" ends 0
check "warn: it says so" says "warning"
ask --device recorder --set devices.fallback=allow
check "allow: it runs" ends 0
check "allow: without a word" says_not "warning"
check "allow: explain still says it" says "[-3]"
runnel explain "$work/neg.pbtxt" --set devices.order=recorder,cpu --set devices.fallback=allow
check "explain says where it was wanted" says "RECORDER:0"
check "and that it fell back" says "fall back"

# A pin in the graph, and a rule of the configuration, are strict without being asked.
sed 's/ op: "Neg"/ device: "\/device:RECORDER:0" op: "Neg"/' "$work/neg.pbtxt" > "$work/pinned.pbtxt"
runnel run "$work/pinned.pbtxt" --feed x=3 --fetch y
check "a pin that cannot be is an error by default" ends 1
check "with the node" says "'y'"
printf '[place]\ny = recorder\n' > "$work/rule.conf"
ask --config "$work/rule.conf"
check "a rule that cannot be is an error by default" ends 1
ask --device abacus
check "a device that is not there is no silent fallback either" says "abacus"
end
