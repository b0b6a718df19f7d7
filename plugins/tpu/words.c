/* words.c - a compiled program for people and tools (plugins/tpu). */
#include "compiled.h"

static void add_line(const tpu_compiled *c, tpu_text *t) {
  tpu_text_add(t, "%s: %u instructions, %llu cycles, %.3g ms, %.4g of %.4g TOPS", c->machine.name,
               c->made.program.n_ins, (unsigned long long)c->counters.cycles, c->counters.seconds * 1e3,
               c->counters.tops, tpu_machine_peak(&c->machine) / 1e12);
}

static void add_numbers(const tpu_compiled *c, tpu_text *t) {
  const tpu_counters *k = &c->counters;
  const struct {
    const char *name;
    double value;
  } number[] = {{"operations", 2 * k->products},
                {"memory_bytes", (double)k->memory_bytes},
                {"host_bytes", (double)k->host_bytes},
                {"seconds", k->seconds},
                {"peak_operations_per_second", tpu_machine_peak(&c->machine)},
                {"peak_memory_bytes_per_second", c->machine.memory_gb_per_second * 1e9},
                {"instructions", (double)k->instructions},
                {"cycles", (double)k->cycles},
                {"array_active", (double)k->active},
                {"weight_stall", (double)k->weight_stall},
                {"weight_shift", (double)k->weight_shift},
                {"input_stall", (double)k->input_stall},
                {"raw_stall", (double)k->raw_stall},
                {"non_matrix", (double)k->non_matrix},
                {"useful_share", k->useful_share},
                {"buffer_bytes", (double)c->needs.buffer_bytes}};
  for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
    tpu_text_add(t, "%s\"%s\": %.17g", i == 0 ? "{" : ", ", number[i].name, number[i].value);
  tpu_text_add(t, "}\n");
}

rn_status *tpu_print(const void *program, uint32_t what, rn_status *(*write)(void *arg, const void *bytes, size_t n),
                     void *arg) {
  const tpu_compiled *c = program;
  tpu_text t = {c->host, NULL, 0, 0, 0};
  rn_status *s = NULL;
  if (what == RN_PROGRAM_LINE)
    add_line(c, &t);
  else if (what == RN_PROGRAM_NUMBERS)
    add_numbers(c, &t);
  else if (what == RN_PROGRAM_TEXT)
    s = tpu_disassemble(&c->made.program, &t);
  else
    return rn_error(c->host, RN_UNIMPLEMENTED, "tpu: a program has no words of kind %u", what);
  if (s == NULL && t.failed) s = c->host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for words");
  if (s == NULL && t.n > 0) s = write(arg, t.chars, t.n);
  tpu_text_finish(&t);
  return s;
}
