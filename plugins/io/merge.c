/* merge.c - MergeV2Checkpoints: several checkpoints become the shards of one (plugins/io).
 *
 * The data files are renamed, a new index over all of them is written last, then the old indexes (and
 * their folders) go. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "bundle_write.h"
#include "io.h"

typedef struct merge_job {
  const rn_host_api *h;
  const char *to;
  io_bundle all;
  io_bundle *parts;
  uint32_t n_parts;
} merge_job;

static rn_status *merge_entry(merge_job *m, const io_entry *e, int32_t first_shard) {
  io_entry copy = *e;
  for (uint32_t i = 0; i < e->n_slices; i++)
    RN_TRY(io_bundle_note_slice(&m->all, e->key, e->dtype, &e->shape, &e->slices[i]));
  if (e->n_slices > 0) return NULL;
  copy.shard += first_shard;
  return io_bundle_add(&m->all, &copy);
}

static rn_status *merge_indexes(merge_job *m) {
  for (uint32_t i = 0; i < m->n_parts; i++) {
    const io_bundle *p = &m->parts[i];
    if (p->swap) return rn_error(m->h, RN_UNIMPLEMENTED, "checkpoint '%s' has another byte order", p->prefix);
    for (uint32_t k = 0; k < p->n_entries; k++) RN_TRY(merge_entry(m, &p->entries[k], m->all.shards));
    m->all.shards += p->shards;
  }
  return NULL;
}

static rn_status *move_shard(const merge_job *m, const io_bundle *p, int32_t shard, int32_t as) {
  char *from = io_bundle_shard_path(p->prefix, shard, p->shards), *to = io_bundle_shard_path(m->to, as, m->all.shards);
  rn_status *s = from && to ? NULL : io_no_memory(m->h);
  if (s == NULL && rename(from, to) != 0) s = io_errno(m->h, "rename to", to, errno);
  free(from);
  free(to);
  return s;
}

static rn_status *move_shards(const merge_job *m) {
  int32_t as = 0;
  for (uint32_t i = 0; i < m->n_parts; i++)
    for (int32_t k = 0; k < m->parts[i].shards; k++) RN_TRY(move_shard(m, &m->parts[i], k, as++));
  return NULL;
}

/* What is left of the parts; a folder that holds other files stays. */
static void remove_leftovers(const merge_job *m, int remove_folders) {
  for (uint32_t i = 0; i < m->n_parts; i++) {
    char *path = io_text("%s.index", m->parts[i].prefix);
    if (path == NULL) return;
    if (strcmp(m->parts[i].prefix, m->to) != 0) unlink(path);
    char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path && remove_folders) {
      *slash = '\0';
      rmdir(path);
    }
    free(path);
  }
}

static rn_status *open_parts(merge_job *m, rn_call *c) {
  for (; m->n_parts < (uint32_t)io_count(c, 0); m->n_parts++) {
    char *prefix;
    RN_TRY(io_path(c, 0, m->n_parts, &prefix));
    rn_status *s = io_bundle_open(m->h, prefix, &m->parts[m->n_parts]);
    free(prefix);
    if (s == NULL) continue;
    io_bundle_close(&m->parts[m->n_parts]);
    return s;
  }
  return NULL;
}

static rn_status *merge(merge_job *m, rn_call *c, int remove_folders) {
  m->parts = calloc((size_t)io_count(c, 0) + 1, sizeof *m->parts);
  m->all.prefix = strdup(m->to);
  if (m->parts == NULL || m->all.prefix == NULL) return io_no_memory(m->h);
  RN_TRY(open_parts(m, c));
  RN_TRY(merge_indexes(m));
  io_make_folder_of(m->to);
  RN_TRY(move_shards(m));
  RN_TRY(io_bundle_index_write(&m->all, m->to));
  remove_leftovers(m, remove_folders);
  return NULL;
}

static rn_status *merge_compute(const void *state, rn_call *c) {
  if (io_count(c, 1) != 1 || io_count(c, 0) < 1)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "MergeV2Checkpoints: %lld prefixes into %lld",
                    (long long)io_count(c, 0), (long long)io_count(c, 1));
  char *to;
  RN_TRY(io_path(c, 1, 0, &to));
  merge_job m = {.h = c->host, .to = to, .all = {.h = c->host}};
  rn_status *s = merge(&m, c, state != NULL);
  for (uint32_t i = 0; i < m.n_parts; i++) io_bundle_close(&m.parts[i]);
  free(m.parts);
  io_bundle_close(&m.all);
  free(to);
  return s;
}

/* The attribute becomes the state: NULL keeps the folders. */
static rn_status *merge_prepare(const rn_prepare *p, rn_prepared *out) {
  static int remove_folders;
  out->state = rn_self_bool(&p->self, "delete_old_dirs", 1) ? &remove_folders : NULL;
  return NULL;
}

static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
     .name = "MergeV2Checkpoints",
     .signature = "(checkpoint_prefixes: string, destination_prefix: string) -> (); delete_old_dirs: bool = true",
     .doc = "Makes one checkpoint of several, by renaming."},
};
static const rn_kernel_def kernels[] = {
    {.struct_size = sizeof(rn_kernel_def),
     .op = "MergeV2Checkpoints",
     .device_type = "cpu",
     .label = "io",
     .priority = 10,
     .compute = merge_compute,
     .prepare = merge_prepare},
};
const rn_group io_merge_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
