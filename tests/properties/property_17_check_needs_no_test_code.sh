#!/usr/bin/env bash
# property_17: `runnel plugin check P.so` needs no test code: life cycle, hostile shapes, numeric gradients, each kernel
# against the reference on every size, NaN and infinities, guard bytes, threads, each allocation failing once. Zero cases
# executed is a failure.
# Breaks when: one of these is no longer tried: then one of the plugins here passes.
set -uo pipefail
source "$(dirname "$0")/ground.sh"
kit() { runnel plugin check "$work/$1.so" --case-timeout 2 "${@:2}"; }

plugin "$work/right.so"
kit right
check "a right plugin passes" ends 0
check "cases were executed" grep -qE '^[1-9][0-9]* cases executed' <<< "$said"
for part in file life op gradient kernel; do check "part '$part' was tried" grep -qE "^$part +[1-9]" <<< "$said"; done
check "the table names op, device, kernel and types" grep -qE '^Bad +cpu +bad +.*float.*double' <<< "$said"
kit right --json
check "JSON says the same" grep -qE '"executed":[[:space:]]*[1-9]' <<< "$said"
kit right --bench
check "with --bench its speed stands there" grep -qE '^Bad +float +bad .* [0-9.]+ [un]s' <<< "$said"

fails() { # NAME WORDS FLAGS...
  plugin "$work/$1.so" "${@:3}"
  kit "$1"
  check "$1: it fails" ends 1
  check "$1: it says '$2'" grep -qiE -- "$2" <<< "$said"
}
fails life 'init' '-DAT_INIT=crash()'
fails shapes 'op/Bad' '-DAT_INFER=if (c->api->shape(c, 0)->rank < 0) crash()'
fails gradient 'gradient/Bad' '-DDY_TIMES=rn_op1(c->b, "Neg", c->api->dy(c, 0))'
fails one_type 'kernel/Bad' '-DAT_COMPUTE=if (n != 0 && c->in[0]->dtype == RN_DOUBLE) ((double *)c->out[0]->data)[0] += 1'
fails empty 'kernel/Bad' '-DAT_COMPUTE=if (n == 0) crash()'
fails tail 'kernel/Bad' '-DAT_COMPUTE=if (n % 4 == 3 && c->in[0]->dtype == RN_FLOAT) ((float *)c->out[0]->data)[n - 1] = 0.5f'
fails guard 'outside' '-DAT_COMPUTE=((char *)c->out[0]->data)[c->out[0]->size_bytes] = 1'
fails not_a_number "not-a-number|nan|special" '-DOPS={0,0,0}' '-DKERNEL_OP="Neg"' '-DTYPES="T: float"' \
  '-DAT_COMPUTE=for (uint64_t i = 0; i < n; i++) { float x = ((const float *)c->in[0]->data)[i]; ((float *)c->out[0]->data)[i] = x != x ? 0 : -x; }'
fails threads 'thread' \
  '-DMORE=static volatile int inside;' '-DAT_COMPUTE=if (__sync_fetch_and_add(&inside, 1) > 0) crash(); usleep(2000); __sync_fetch_and_sub(&inside, 1)'
fails allocation 'alloc' '-DAT_COMPUTE=char *p = c->host->alloc(c->host->ctx, 16, 16); p[0] = 1; c->host->free(c->host->ctx, p)'
fails nothing 'nothing was executed|no kernel could be exercised' '-DAT_COMPUTE=return c->host->status(RN_INTERNAL, "never")'
kit right --op NobodyHasThisOp
check "zero cases are a failure" ends 1
end
