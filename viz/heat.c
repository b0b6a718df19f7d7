/* heat.c - boxes coloured by how much they took of something (viz).
 *
 * By their share of the whole, in one scale from light to dark (ColorBrewer's YlOrRd), which also holds in grey print.
 * The text on it is dark or white, whatever the reader's scheme. */
#include "heat.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DARK "#1a1a1a"
#define WHITE "#fffffe" /* not "white", which a dark scheme turns over */
const heat_step heat_steps[HEAT_STEPS] = {
    {0, "#ffffd9", DARK, "below 1 %"}, {0.01, "#ffeda0", DARK, "1 %"},  {0.02, "#fed976", DARK, "2 %"},
    {0.05, "#feb24c", DARK, "5 %"},    {0.10, "#fd8d3c", DARK, "10 %"}, {0.20, "#e7411f", WHITE, "20 %"},
    {0.40, "#a50026", WHITE, "40 %"},
};

void heat_sum(picture *p) {
  for (uint32_t b = 0; b < p->fold.count; b++) p->heat[b] = -1;
  for (rn_node_id n = 0; p->options->heat && n < rn_graph_node_count(p->graph); n++) {
    uint32_t b = p->fold.of_node[n];
    double v = b != FOLD_NO_BOX ? p->options->heat(p->options->run_arg, n) : -1;
    if (!isfinite(v) || v < 0) continue;
    p->heat[b] = (p->heat[b] < 0 ? 0 : p->heat[b]) + v;
    p->total_heat += v;
  }
}

double heat_share(const picture *p, double value) { return p->total_heat > 0 ? value / p->total_heat : 0; }

const heat_step *heat_of(const picture *p, double value) {
  int i = HEAT_STEPS - 1;
  while (i > 0 && heat_share(p, value) < heat_steps[i].from) i--;
  return &heat_steps[i];
}

void heat_print(const picture *p, double value, char *buf, size_t size_bytes) {
  static const struct {
    const char *unit, *scaled;
    double size;
  } scales[] = {{"ns", "s", 1e9},          {"ns", "ms", 1e6},          {"ns", "\xc2\xb5s", 1e3},
                {"ns", "ns", 1},           {"bytes", "GiB", 1u << 30}, {"bytes", "MiB", 1 << 20},
                {"bytes", "KiB", 1 << 10}, {"bytes", "bytes", 1}};
  const char *unit = p->options->heat_unit ? p->options->heat_unit : "";
  for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
    if (strcmp(unit, scales[i].unit) != 0 || (value < scales[i].size && scales[i].size > 1)) continue;
    snprintf(buf, size_bytes, "%.3g %s", value / scales[i].size, scales[i].scaled);
    return;
  }
  snprintf(buf, size_bytes, "%.4g%s%s", value, *unit ? " " : "", unit);
}
