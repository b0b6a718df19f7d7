// moves.glsl - elements that are moved and never looked at: PER of them share a word, 4, 2 or 1 (larger ones are moved
// as several words). ELEMENT(buffer, i) is element i, at the low end of a word. Include it after PER is declared.
#ifndef MOVES_GLSL
#define MOVES_GLSL
#define ELEMENT_BITS (32 / PER)
#define ELEMENT(buffer, i) ((buffer)[(i) / PER] >> ((i) % PER * ELEMENT_BITS) & (0xffffffffu >> (32 - ELEMENT_BITS)))
#endif
