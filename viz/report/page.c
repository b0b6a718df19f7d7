/* page.c - the page around a report's data (viz/report).
 *
 * The policy in its head allows the scripts and the style that are in it, by their hashes, pictures that are in it, and
 * nothing else: no file, no address, no code from a name. */
#include "page.h"
#include <stdlib.h>
#include "gather.h"

static void put(json *j, const char *text) { json_put(j, text, strlen(text)); }

static void put_hash(json *j, const page_part *p) {
  put(j, " 'sha256-");
  json_base64(j, p->sha256, sizeof p->sha256);
  put(j, "'");
}

static void put_policy(json *j, uint32_t flags) {
  put(j, "default-src 'none'; img-src data:; style-src");
  put_hash(j, &page_style);
  put(j, "; script-src");
  put_hash(j, &page_d3);
  put_hash(j, &page_dagre);
  put_hash(j, &page_script);
  if (flags & RN_REPORT_LIVE) put(j, "; connect-src 'self'");
  put(j, "; base-uri 'none'; form-action 'none'");
}

static void put_element(json *j, const char *open, const page_part *p, const char *close) {
  put(j, open);
  json_put(j, p->bytes, p->size);
  put(j, close);
}

/* The last part of the folder's name, for the window. */
static void put_title(json *j, const char *folder) {
  size_t end = strlen(folder), start;
  while (end > 1 && folder[end - 1] == '/') end--;
  for (start = end; start > 0 && folder[start - 1] != '/'; start--) continue;
  if (end - start > 100) end = start + 100;
  for (size_t i = start; i < end; i++) {
    unsigned char c = (unsigned char)folder[i];
    if (c < 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '&')
      put(j, "?"); /* the page itself shows the name as it is */
    else
      json_put(j, &folder[i], 1);
  }
}

rn_status *rn_report_print_page(const rn_report *r, uint32_t flags, char **out_text, size_t *out_size) {
  json j = {0};
  char *data = NULL;
  size_t size = 0;
  RN_TRY(rn_report_print_data(r, 0, &data, &size));
  put(&j,
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"");
  put_policy(&j, flags);
  put(&j,
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\n<title>");
  put_title(&j, r->folder);
  put_element(&j, " \xc2\xb7 Runnel</title>\n<style>", &page_style, "</style>\n</head>\n");
  put_element(&j, flags & RN_REPORT_LIVE ? "<body data-live=\"yes\">\n" : "<body>\n", &page_body, "");
  put(&j, "<script type=\"application/json\" id=\"data\">");
  json_put(&j, data, size);
  put(&j, "</script>\n");
  put_element(&j, "<script>", &page_d3, "</script>\n");
  put_element(&j, "<script>", &page_dagre, "</script>\n");
  put_element(&j, "<script>", &page_script, "</script>\n</body></html>\n");
  free(data);
  *out_text = j.text;
  *out_size = j.size;
  if (!j.failed) return NULL;
  json_drop(&j);
  *out_text = NULL;
  return report_no_memory();
}

rn_status *rn_report_print_policy(uint32_t flags, char **out_text) {
  json j = {0};
  put_policy(&j, flags);
  *out_text = j.text;
  if (!j.failed) return NULL;
  json_drop(&j);
  *out_text = NULL;
  return report_no_memory();
}
