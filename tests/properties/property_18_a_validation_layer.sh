#!/usr/bin/env bash
# property_18: RUNNEL_VALIDATE=1 sees use after release, double completion, writes outside a tensor, and borrowed memory
# that is kept; without it the same runs cost and say nothing.
# Breaks when: the layer is not put in, or looks away.
set -uo pipefail
source "$(dirname "$0")/ground.sh"
graph_of "$work/bad.pbtxt" Bad
echo 'node { name: "z" op: "Bad" input: "y" attr { key: "T" value { type: DT_FLOAT } } }' >> "$work/bad.pbtxt"
run() { # NAME FLAGS...: a plugin of its own, run with validation
  rm -rf "$mine"
  mkdir -p "$mine"
  plugin "$mine/$1.so" "${@:2}"
  manifest "$mine/$1.so"
  RUNNEL_VALIDATE=1 runnel run "$work/bad.pbtxt" --feed x=1,2,3 --fetch z
}
sees() { # NAME WORDS FLAGS...
  run "$1" "${@:3}"
  check "$1: '$2' is said" grep -qiE -- "$2" <<< "$said"
  check "$1: the plugin is named" says "$1"
}
run right
check "a right plugin runs" ends 0
check "its values are right" says "[4, 8, 12]"
check "nothing is said" is "$(wc -l <<< "$said")" 2

sees write_behind 'outside|behind|beyond|past' '-DAT_COMPUTE=((char *)c->out[0]->data)[c->out[0]->size_bytes] = 1'
sees write_before 'outside|before|in front' '-DAT_COMPUTE=((char *)c->out[0]->data)[-1] = 1'
sees write_to_input 'input' '-DAT_COMPUTE=((float *)c->in[0]->data)[0] = 9'
sees completes_twice 'twice|again|already' -DKERNEL_FLAGS=RN_KERNEL_ASYNC '-DAT_COMPUTE=c->api->complete(c, 0); c->api->complete(c, 0)'
sees frees_twice 'freed|free' '-DAT_COMPUTE=void *p = c->host->alloc(c->host->ctx, 16, 16); c->host->free(c->host->ctx, p); c->host->free(c->host->ctx, p)'
sees uses_after_release 'released|release' \
  '-DAT_COMPUTE=rn_tensor *t = 0; rn_shape s = rn_shape_vector(1); if (!c->host->tensor_create(RN_FLOAT, &s, &t)) { c->host->tensor_release(t); c->host->tensor_release(t); }'
sees keeps_borrowed 'borrowed|after|over|ended|kept' \
  '-DMORE=static rn_call *kept;' '-DAT_COMPUTE=if (kept) (void)kept->api->cancelled(kept); kept = c' 

# Without the layer the plugin that keeps its call is not caught, so the layer is what catches it.
runnel run "$work/bad.pbtxt" --feed x=1,2,3 --fetch z
check "without the layer nothing is said" is "$(wc -l <<< "$said")" 2
runnel run "$work/bad.pbtxt" --feed x=1,2,3 --fetch z --set run.validate=true
check "the setting does the same as the environment" ends 1
check "in the same words" says "keeps_borrowed"
end
