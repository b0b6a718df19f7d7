/* pretend.c - the setting `pretend`: a device without some of what it has, so that each variant of a kernel can be
 * tried on the device that is there (plugins/vulkan). */
#include "vulkan.h"

typedef struct pretence {
  const char *word;
  void (*take)(gpu_limits *l);
} pretence;

static void be_a_gpu(gpu_limits *l) {
  l->subgroup = 0;
  l->max_texels = 0;
}
static void no_subgroups(gpu_limits *l) { l->subgroup = 0; }
static void no_texels(gpu_limits *l) { l->max_texels = 0; }
static void small_workgroups(gpu_limits *l) { l->workgroup = 64; }
static void no_matrices(gpu_limits *l) { l->matrix.m = 0; }
static void little_shared(gpu_limits *l) { l->shared_bytes = 16 << 10; }
static void small_bindings(gpu_limits *l) { l->max_binding = 1 << 20; }
static void separate_memory(gpu_limits *l) { l->unified = 0; }

static const pretence pretences[] = {
    {"gpu", be_a_gpu},              /* the variants for real ones, on a driver that runs on the CPU */
    {"no_subgroups", no_subgroups}, /* lanes that hand nothing to each other */
    {"no_texels", no_texels},       /* no texel buffers */
    {"small_workgroups", small_workgroups} /* of 64 invocations */,
    {"little_shared", little_shared},     /* 16 KiB of memory in a workgroup */
    {"small_bindings", small_bindings},   /* of 1 MiB */
    {"separate_memory", separate_memory}, /* that the host does not reach */
    {"no_matrices", no_matrices},         /* no cooperative ones */
};

static size_t word_length(const char *text) { return strcspn(text, ", "); }

static rn_status *take(gpu_limits *l, const char *word, size_t length) {
  char list[256] = "";
  for (size_t i = 0, used = 0; i < sizeof pretences / sizeof pretences[0]; i++) {
    if (strlen(pretences[i].word) == length && memcmp(pretences[i].word, word, length) == 0) {
      pretences[i].take(l);
      return NULL;
    }
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", pretences[i].word);
  }
  return rn_error(gpu_host, RN_INVALID_ARGUMENT, "[plugin.vulkan] pretend: there is no '%.*s' (but %s)", (int)length,
                  word, list);
}

rn_status *gpu_pretend(const rn_host_api *host, gpu_limits *l) {
  const char *text = host->config(host->ctx, "pretend");
  for (; text != NULL && *text != '\0'; text += strspn(text, ", ")) {
    size_t length = word_length(text);
    if (length != 0) RN_TRY(take(l, text, length));
    text += length;
  }
  return NULL;
}
