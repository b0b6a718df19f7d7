/* fused_module.c - the modules of fused programs, one for equal data (plugins/vulkan).
 *
 * A device keeps them until it is closed: the same chain in another plan, or in other sizes, is the same module and so
 * the same pipeline. */
#include "fused.h"

struct gpu_module {
  gpu_module *next;
  gpu_shader code;
  gpu_fused made_of;
};

/* Named after its words, so that a module has one name whenever it was made. */
static rn_status *keep(const rn_host_api *host, const gpu_shader *code) {
  const char *folder = host->config(host->ctx, "modules");
  uint64_t hash = 0xcbf29ce484222325u;
  char path[1024];
  if (folder == NULL || folder[0] == '\0') return NULL;
  for (size_t k = 0; k < code->bytes / 4; k++) hash = (hash ^ code->words[k]) * 0x100000001b3u;
  (void)snprintf(path, sizeof path, "%s/fused_%016llx.spv", folder, (unsigned long long)hash);
  FILE *f = fopen(path, "wb");
  size_t written = f != NULL ? fwrite(code->words, 1, code->bytes, f) : 0;
  int closed = f != NULL && fclose(f) == 0;
  if (written == code->bytes && closed) return NULL;
  return rn_error(host, RN_FAILED_PRECONDITION, "plugin.vulkan.modules: '%s' cannot be written", path);
}

static rn_status *make(const rn_host_api *host, const gpu_fused *f, gpu_module **out) {
  uint32_t *words = NULL;
  gpu_module *made = gpu_zero(sizeof *made);
  if (made == NULL) return gpu_no_memory("a fused program");
  rn_status *s = gpu_fused_write(f, &words, &made->code.bytes);
  made->code.name = "fused";
  made->code.words = words;
  made->made_of = *f;
  if (s == NULL) s = keep(host, &made->code);
  if (s != NULL) {
    gpu_free(words);
    gpu_free(made);
    return s;
  }
  *out = made;
  return NULL;
}

static const gpu_module *find(const gpu_device *d, const gpu_fused *f) {
  const gpu_module *at = d->modules;
  while (at != NULL && memcmp(&at->made_of, f, sizeof *f) != 0) at = at->next;
  return at;
}

rn_status *gpu_fused_module(const rn_host_api *host, gpu_device *d, const gpu_fused *f, const gpu_shader **out) {
  gpu_module *made = NULL;
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&d->pipeline_lock);
  const gpu_module *known = find(d, f);
  if (known == NULL && (s = make(host, f, &made)) == NULL) {
    made->next = d->modules;
    d->modules = made;
    known = made;
  }
  (void)pthread_mutex_unlock(&d->pipeline_lock);
  if (s == NULL) *out = &known->code;
  return s;
}

void gpu_fused_finish(gpu_device *d) {
  while (d->modules != NULL) {
    gpu_module *m = d->modules;
    d->modules = m->next;
    gpu_free((void *)(uintptr_t)m->code.words);
    gpu_free(m);
  }
}
