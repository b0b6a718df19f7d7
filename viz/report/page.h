/* page.h - the parts of the page that are carried by the library (viz/report). Made by embed.cmake from page/. */
#ifndef RN_REPORT_PAGE_H
#define RN_REPORT_PAGE_H
#include <stddef.h>
#include <stdint.h>

typedef struct page_part {
  const char *bytes;
  size_t size;
  uint8_t sha256[32];
} page_part;
extern const page_part page_style, page_body, page_d3, page_dagre, page_script;
#endif
