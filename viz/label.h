/* label.h - names from files as text that is safe in a Graphviz label (viz). */
#ifndef RN_VIZ_LABEL_H
#define RN_VIZ_LABEL_H
#include <stddef.h>

/* Writes s into buf as one line of label text: control bytes and invalid UTF-8 become '?', what
 * Graphviz would interpret (backslash, ampersand) is escaped, and what is longer than max_chars
 * ends in an ellipsis. Returns buf. */
char *label_text(const char *s, size_t max_chars, char *buf, size_t size_bytes);
/* The same for a label in Graphviz's HTML. */
char *label_html(const char *s, size_t max_chars, char *buf, size_t size_bytes);
#endif
