/* idx_fuzz.c - any bytes as MNIST's two files, plain or compressed (tests/fuzz).
 *
 * The first two bytes say how long the labels' file is, which follows; the rest is the pictures'. */
#include <runnel/c/data.h>
#include <stdlib.h>
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memory_file labels, images;
  rn_pictures p;
  if (size < 2) return 0;
  size_t n = (size_t)data[0] << 8 | data[1];
  data += 2;
  size -= 2;
  if (n > size) n = size;
  if (!memory_file_open(&labels, data, n)) return 0;
  if (memory_file_open(&images, data + n, size - n)) {
    rn_status *s = rn_pictures_read(images.path, labels.path, &p);
    if (s == NULL) {
      int64_t sum = 0;
      for (int64_t i = 0; i < p.count; i++) sum += p.labels[i] + p.pixels[i * p.height * p.width];
      if (sum < 0) abort();
      rn_pictures_finish(&p);
    } else if (p.pixels != NULL || p.labels != NULL) {
      abort();
    }
    rn_status_free(s);
    memory_file_close(&images);
  }
  memory_file_close(&labels);
  return 0;
}
