#!/usr/bin/env bash
# property_14: the timeline point is the one means of order: on a queue, between devices, with the host. A synchronous
# CPU kernel knows nothing of it.
# Breaks when: the header gets a second primitive, a plugin's kernel has to know of points, the host reads before it has
# waited, or a point is signalled twice.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

said=$(sed -E 's#/\*.*\*/##; /^ \*/d; /^\/\*/d' "$source/core/include/runnel/plugin.h" |
  grep -nE '\b(rn_)?(fence|event|semaphore|barrier|mutex|condition|lock|stream)s?\b' || true)
check "the header knows no other primitive" is "$said" ""
said=$(grep -nE 'timeline|rn_point|->wait|->signal|->queue' $(ls "$source"/plugins/{cpu,skeleton,optimizers}/*.c | grep -v cpu/device.c) || true)
check "no kernel for the CPU speaks of it" is "$said" ""

# A device with threads for queues writes down what it is asked; the numbers have to come out as on the CPU.
cc -std=c17 -O1 -w -shared -fPIC -fvisibility=hidden -Wl,-z,now,--build-id -pthread -I"$source/core/include" \
  -o "$mine/ledger.so" "$source/docs/examples/ledger/ledger.c"
manifest "$mine/ledger.so"
cd "$work"
train() { "$build/bin/lab1_linear_regression" --steps 40 --json "$@" 2>&1; }
lossless() { grep -oE '"(final_loss|loss|weight|bias|slope|intercept|w|b)": *[-0-9.e+]+' <<< "$said"; }
export RUNNEL_PLUGIN_PATH=$base
said=$(train --logdir cpu)
check "the lab trains on the CPU" is $? 0
lossless > on_cpu
printf '[plugin.ledger]\nlog = %s/ledger.txt\n' "$work" > ledger.conf
said=$(RUNNEL_CONFIG=$work/ledger.conf train --logdir ledger --device ledger)
check "the lab trains on the device" is $? 0
lossless > on_ledger
check "numbers were compared" test -s on_cpu
check "in the same order the same numbers come out" cmp on_cpu on_ledger
check "the device was used" grep -q '^launch ' ledger.txt

# No point is signalled twice, values only rise, and whoever waits, waits for what somebody was to reach.
cat > points.awk <<'AWK'
function points(text, into,    n) {
  n = 0
  while (match(text, /t[0-9]+:[0-9]+/)) { into[++n] = substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH) }
  return n
}
function part(from, to,    at, end) {
  at = index($0, from)
  if (at == 0) return ""
  end = to != "" ? index($0, to) : 0
  return substr($0, at + length(from), end > at ? end - at - length(from) : length($0))
}
/^(host )?signals? t/ {
  n = points($0, p)
  for (i = 1; i <= n; i++) {
    split(p[i], tv, ":")
    if (tv[2] + 0 <= last[tv[1]] + 0) print "does not rise: " $0
    last[tv[1]] = tv[2]
    signals++
    if ($1 == "host") promised[p[i]] = 1
    else if (!(p[i] in promised)) print "nobody spoke of " p[i] ": " $0
  }
}
/^(launch|copy) / {
  n = points(part(" after ", " then "), p)
  for (i = 1; i <= n; i++) { waits++; if (!(p[i] in promised)) print "nobody is to reach " p[i] ": " $0 }
  n = points(part(" then ", ""), p)
  for (i = 1; i <= n; i++) promised[p[i]] = 1
}
/^host waits t/ {
  n = points($0, p)
  for (i = 1; i <= n; i++) { host_waits++; if (!(p[i] in promised)) print "nobody is to reach " p[i] ": " $0 }
}
END { if (signals < 100 || waits < 20 || host_waits < 20) print "too few: " signals + 0 " signals, " waits + 0 " waits, " host_waits + 0 " of the host" }
AWK
said=$(awk -f points.awk ledger.txt | head -n 10)
check "timelines rise, and all wait for points that somebody is to reach" is "$said" ""
end
