/* digits.c - draws handwritten-looking digits (frontends/c).
 *
 * A digit is a few strokes in the unit square: arcs and lines, each sampled to a polyline. Every example
 * bends the plane at random: an affine map (turn, slant, size, place) and an elastic one (random arrows on
 * a coarse grid, smoothly interpolated, after Simard et al. 2003). A pixel's ink is its distance to the
 * nearest stroke. */
#include <math.h>
#include <stdlib.h>
#include <runnel/c/data.h>
#include "random.h"

#define SIDE 28
#define MAX_POINTS 128
#define PIECES 10 /* straight pieces per arc */
#define GRID 5    /* arrows per side */
#define PI 3.14159265f

/* An arc of the ellipse around (x, y) from angle a to b in degrees (y grows downwards, 0 is right, 90
 * down); with rx = ry = 0 a line from (x, y) to (a, b). */
typedef struct stroke {
  float x, y, rx, ry, a, b;
} stroke;
#define LINE(x0, y0, x1, y1) \
  { x0, y0, 0, 0, x1, y1 }
#define MAX_STROKES 4
static const struct {
  int n;
  stroke s[MAX_STROKES];
} shapes[10] = {
    {1, {{.5f, .5f, .26f, .38f, 0, 360}}},
    {2, {LINE(.34f, .28f, .54f, .12f), LINE(.54f, .12f, .54f, .88f)}},
    {3, {{.5f, .32f, .24f, .2f, 190, 375}, LINE(.72f, .4f, .27f, .86f), LINE(.27f, .86f, .77f, .86f)}},
    {2, {{.46f, .3f, .22f, .18f, 200, 450}, {.46f, .68f, .26f, .2f, -90, 165}}},
    {3, {LINE(.56f, .12f, .24f, .6f), LINE(.24f, .6f, .8f, .6f), LINE(.62f, .36f, .62f, .9f)}},
    {3, {LINE(.72f, .13f, .34f, .13f), LINE(.34f, .13f, .31f, .46f), {.46f, .64f, .25f, .23f, -125, 150}}},
    {2, {{.74f, .56f, .42f, .46f, 180, 265}, {.52f, .68f, .2f, .19f, 0, 360}}},
    {2, {LINE(.25f, .14f, .76f, .14f), LINE(.76f, .14f, .42f, .88f)}},
    {2, {{.5f, .3f, .19f, .17f, 0, 360}, {.5f, .68f, .23f, .2f, 0, 360}}},
    {2, {{.48f, .33f, .21f, .2f, 0, 360}, {.28f, .36f, .41f, .52f, 0, 75}}},
};

typedef struct point {
  float x, y;
  int begins; /* a new stroke */
} point;

static int trace(int digit, point *p) {
  int n = 0;
  for (int k = 0; k < shapes[digit].n; k++) {
    const stroke *s = &shapes[digit].s[k];
    for (int i = 0; i <= PIECES; i++) {
      float t = (float)i / PIECES, angle = (s->a + (s->b - s->a) * t) * (PI / 180);
      p[n].begins = i == 0;
      p[n].x = s->rx > 0 ? s->x + s->rx * cosf(angle) : s->x + (s->a - s->x) * t;
      p[n++].y = s->rx > 0 ? s->y + s->ry * sinf(angle) : s->y + (s->b - s->y) * t;
    }
  }
  return n;
}

static void bend(point *p, int n, uint64_t *state) {
  float turn = random_float(state, -.22f, .22f), slant = random_float(state, -.25f, .25f);
  float sx = random_float(state, .72f, 1.02f), sy = random_float(state, .78f, 1.02f);
  float dx = random_float(state, -.06f, .06f), dy = random_float(state, -.06f, .06f);
  float arrow[2][GRID][GRID];
  for (int i = 0; i < 2 * GRID * GRID; i++)
    arrow[i / (GRID * GRID)][i / GRID % GRID][i % GRID] = random_float(state, -.07f, .07f);
  for (int i = 0; i < n; i++) {
    float gx = fminf(fmaxf(p[i].x, 0), .999f) * (GRID - 1), gy = fminf(fmaxf(p[i].y, 0), .999f) * (GRID - 1);
    int cx = (int)gx, cy = (int)gy;
    float u = gx - (float)cx, v = gy - (float)cy, shift[2];
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    for (int d = 0; d < 2; d++) {
      float(*a)[GRID] = arrow[d];
      shift[d] =
          (a[cy][cx] * (1 - u) + a[cy][cx + 1] * u) * (1 - v) + (a[cy + 1][cx] * (1 - u) + a[cy + 1][cx + 1] * u) * v;
    }
    float x = p[i].x + shift[0] - .5f, y = p[i].y + shift[1] - .5f;
    x = (x - slant * y) * sx;
    y *= sy;
    p[i].x = x * cosf(turn) - y * sinf(turn) + .5f + dx;
    p[i].y = x * sinf(turn) + y * cosf(turn) + .5f + dy;
  }
}

/* Squared distance from (x, y) to the piece from a to b. */
static float distance2(float x, float y, const point *a, const point *b) {
  float ux = b->x - a->x, uy = b->y - a->y, length2 = ux * ux + uy * uy;
  float t = length2 > 0 ? ((x - a->x) * ux + (y - a->y) * uy) / length2 : 0;
  t = fminf(fmaxf(t, 0), 1);
  float ex = x - a->x - t * ux, ey = y - a->y - t * uy;
  return ex * ex + ey * ey;
}

/* Every piece inks the pixels within its reach; where pieces overlap the darker counts. */
static void ink(const point *p, int n, uint64_t *state, uint8_t *pixels) {
  float radius = random_float(state, .028f, .052f), soft = .032f, reach = radius + soft;
  memset(pixels, 0, SIDE * SIDE);
  for (int i = 1; i < n; i++) {
    const point *a = &p[i - 1], *b = &p[i];
    if (b->begins) continue;
    int x0 = (int)((fminf(a->x, b->x) - reach) * SIDE), x1 = (int)((fmaxf(a->x, b->x) + reach) * SIDE);
    int y0 = (int)((fminf(a->y, b->y) - reach) * SIDE), y1 = (int)((fmaxf(a->y, b->y) + reach) * SIDE);
    for (int row = y0 < 0 ? 0 : y0; row <= y1 && row < SIDE; row++)
      for (int column = x0 < 0 ? 0 : x0; column <= x1 && column < SIDE; column++) {
        float x = ((float)column + .5f) / SIDE, y = ((float)row + .5f) / SIDE;
        float level = fminf(fmaxf((reach - sqrtf(distance2(x, y, a, b))) / soft, 0), 1);
        uint8_t dark = (uint8_t)lroundf(level * 255), *pixel = &pixels[row * SIDE + column];
        if (dark > *pixel) *pixel = dark;
      }
  }
}

rn_status *rn_digits_draw(uint64_t seed, int64_t count, rn_pictures *out) {
  memset(out, 0, sizeof *out);
  if (count < 1 || count > 10000000)
    return rn_status_make(RN_INVALID_ARGUMENT, "between 1 and 10,000,000 digits can be drawn, not %lld",
                          (long long)count);
  *out = (rn_pictures){count, SIDE, SIDE, malloc((size_t)count * SIDE * SIDE), malloc((size_t)count)};
  if (out->pixels == NULL || out->labels == NULL) {
    rn_pictures_finish(out);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for %lld digits", (long long)count);
  }
  for (int64_t i = 0; i < count; i++) {
    point p[MAX_POINTS];
    uint64_t state = random_seed(seed, (uint64_t)i);
    int digit = (int)random_below(&state, 10), n = trace(digit, p);
    bend(p, n, &state);
    ink(p, n, &state, out->pixels + i * SIDE * SIDE);
    out->labels[i] = (uint8_t)digit;
  }
  return NULL;
}
