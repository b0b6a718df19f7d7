/* counters.c - what a program's time is made of, in words (plugins/tpu). */
#include "timing.h"

void tpu_counters_print(const tpu_counters *c, const tpu_machine *m, tpu_text *t) {
  const struct {
    const char *name;
    uint64_t cycles;
  } rows[] = {{"array active", c->active},     {"weight stall", c->weight_stall}, {"weight shift", c->weight_shift},
              {"input stall", c->input_stall}, {"RAW stall", c->raw_stall},       {"non-matrix", c->non_matrix}};
  double whole = c->cycles > 0 ? (double)c->cycles : 1;
  tpu_text_add(t, "%-14s %12llu cycles, %.3g ms at %g MHz\n", "all", (unsigned long long)c->cycles, c->seconds * 1e3,
               m->clock_mhz);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    tpu_text_add(t, "%-14s %12llu  %5.1f %%\n", rows[i].name, (unsigned long long)rows[i].cycles,
                 100 * (double)rows[i].cycles / whole);
  tpu_text_add(t, "%-14s %5.1f %% of what the active cycles could do\n", "useful", 100 * c->useful_share);
  tpu_text_add(t, "%-14s %.4g of %.4g TOPS; %llu bytes of memory, %llu of the host's\n", "achieved", c->tops,
               tpu_machine_peak(m) / 1e12, (unsigned long long)c->memory_bytes, (unsigned long long)c->host_bytes);
}
