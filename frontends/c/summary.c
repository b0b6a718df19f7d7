/* summary.c - nodes that summarise values (frontends/c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <runnel/c/summary.h>

#define COLLECTION "summaries"

static rn_value tag_of(rn_scope *s, const char *name) {
  const char *prefix = rn_scope_prefix(s);
  size_t size = strlen(prefix) + strlen(name) + 1;
  char *tag = malloc(size);
  if (tag == NULL) rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the tag of a summary"));
  if (tag == NULL) return RN_NO_VALUE;
  snprintf(tag, size, "%s%s", prefix, name);
  rn_shape scalar = {0, 0, {0}};
  rn_bytes item = {tag, size - 1};
  rn_tensor *t = NULL;
  rn_scope_fail(s, rn_tensor_strings(&scalar, &item, &t));
  free(tag);
  return rn_scope_constant(s, "tag", t);
}

static rn_value summarise(rn_scope *s, const char *op, const char *name, rn_value v, const rn_attr *attrs, uint32_t n) {
  rn_value in[2];
  in[0] = tag_of(s, name);
  in[1] = v;
  rn_value made = rn_scope_op(s, op, name, in, 2, attrs, n);
  if (!rn_scope_failed(s)) rn_collection_add(s, COLLECTION, made);
  return made;
}

rn_value rn_summary_scalar(rn_scope *s, const char *name, rn_value value) {
  return summarise(s, "ScalarSummary", name, value, NULL, 0);
}

rn_value rn_summary_histogram(rn_scope *s, const char *name, rn_value values) {
  return summarise(s, "HistogramSummary", name, values, NULL, 0);
}

rn_value rn_summary_image(rn_scope *s, const char *name, rn_value images, int64_t most) {
  rn_attr attr = RN_AI("max_images", most);
  return summarise(s, "ImageSummary", name, images, &attr, 1);
}

rn_value rn_summaries_merge(rn_scope *s) {
  uint32_t n = rn_collection_count(s, COLLECTION);
  if (n == 0 || rn_scope_failed(s)) return RN_NO_VALUE;
  rn_value *all = malloc(n * sizeof *all);
  if (all == NULL) {
    rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to merge %u summaries", n));
    return RN_NO_VALUE;
  }
  for (uint32_t i = 0; i < n; i++) all[i] = rn_collection_get(s, COLLECTION, i);
  rn_value merged = rn_scope_op(s, "MergeSummary", "summaries", all, n, NULL, 0);
  free(all);
  return merged;
}
