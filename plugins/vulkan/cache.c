/* cache.c - what is kept on disk: the driver's pipeline cache, and measured choices (plugins/vulkan).
 *
 * One file per driver and device: $XDG_CACHE_HOME/runnel/vulkan/<pipelineCacheUUID><suffix>, or below ~/.cache. Our
 * header (magic, size, checksum) guards against damage, Vulkan's own against another driver; a file that does
 * not fit is ignored. Written to a temporary name and renamed. pipeline_cache=false turns it off. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vulkan.h"

enum { LARGEST = 64 << 20 };
typedef struct head {
  char magic[8];
  uint64_t size, sum;
} head;
static const char magic[8] = "RNVKPC1";

static uint64_t sum_of(const void *data, size_t size) { /* FNV-1a */
  uint64_t h = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; i++) h = (h ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
  return h;
}

static int folder(char *path, size_t room) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  int n = cache != NULL && cache[0] == '/' ? snprintf(path, room, "%s/runnel/vulkan", cache)
          : home != NULL && home[0] == '/' ? snprintf(path, room, "%s/.cache/runnel/vulkan", home)
                                           : -1;
  return n > 0 && (size_t)n < room - 64;
}

static int file_name(const gpu_device *d, const char *suffix, char *path, size_t room) {
  VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  if (gpu_setting(d->host, "pipeline_cache", 1) == 0 || !folder(path, room)) return 0;
  d->vk->GetPhysicalDeviceProperties2(d->physical, &p);
  size_t at = strlen(path);
  path[at++] = '/';
  for (size_t k = 0; k < VK_UUID_SIZE; k++)
    (void)snprintf(path + at + 2 * k, 3, "%02x", p.properties.pipelineCacheUUID[k]);
  (void)snprintf(path + at + 2 * VK_UUID_SIZE, 8, "%s", suffix);
  return 1;
}

static int make_folders(char *path) {
  for (char *at = path + 1; *at != '\0'; at++) {
    if (*at != '/') continue;
    *at = '\0';
    int failed = mkdir(path, 0700) != 0 && errno != EEXIST;
    *at = '/';
    if (failed) return 0;
  }
  return 1;
}

static void read_file(FILE *f, void **data, size_t *size) {
  head h;
  if (fread(&h, sizeof h, 1, f) != 1 || memcmp(h.magic, magic, sizeof magic) != 0 || h.size > LARGEST) return;
  void *bytes = gpu_host->alloc(gpu_host->ctx, h.size, 16);
  if (bytes == NULL) return;
  if (fread(bytes, 1, h.size, f) == h.size && sum_of(bytes, h.size) == h.sum) {
    *data = bytes;
    *size = h.size;
    return;
  }
  gpu_free(bytes);
}

void gpu_cache_read(const gpu_device *d, const char *suffix, void **data, size_t *size) {
  char path[4096];
  *data = NULL;
  *size = 0;
  FILE *f = file_name(d, suffix, path, sizeof path) ? fopen(path, "rbe") : NULL;
  if (f == NULL) return;
  read_file(f, data, size);
  (void)fclose(f);
}

void gpu_cache_write(const gpu_device *d, const char *suffix, const void *data, size_t size) {
  char path[4096], temporary[4160];
  head h = {.size = size, .sum = sum_of(data, size)};
  memcpy(h.magic, magic, sizeof magic);
  if (size > LARGEST || !file_name(d, suffix, path, sizeof path) || !make_folders(path)) return;
  (void)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
  int fd = mkstemp(temporary);
  FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
  if (f == NULL) {
    if (fd >= 0) (void)close(fd);
    return;
  }
  int good = fwrite(&h, sizeof h, 1, f) == 1 && fwrite(data, 1, size, f) == size && fflush(f) == 0 && fsync(fd) == 0;
  good = fclose(f) == 0 && good;
  if (!good || rename(temporary, path) != 0) (void)unlink(temporary);
}
