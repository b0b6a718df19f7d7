/* heat.h - boxes coloured by how much they took of something (viz). */
#ifndef RN_VIZ_HEAT_H
#define RN_VIZ_HEAT_H
#include "draw.h"
enum { HEAT_STEPS = 7 };
typedef struct heat_step {
  double from; /* of the whole */
  const char *fill, *text, *words;
} heat_step;
extern const heat_step heat_steps[HEAT_STEPS];
void heat_sum(picture *p); /* fills heat and total_heat from the options */
const heat_step *heat_of(const picture *p, double value);
/* "3.2 ms" */
void heat_print(const picture *p, double value, char *buf, size_t size_bytes);
double heat_share(const picture *p, double value); /* of the whole, 0 to 1 */
#endif
