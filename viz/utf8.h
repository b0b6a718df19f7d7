/* utf8.h - what of a name is text (viz). */
#ifndef RN_VIZ_UTF8_H
#define RN_VIZ_UTF8_H
#include <stddef.h>
/* Bytes of the well-formed UTF-8 character at s, of which n bytes may be read; 0: there is none. */
size_t utf8_length(const unsigned char *s, size_t n);
#endif
