/* npy_fuzz.c - any bytes as a NumPy file; what is read is written and read again the same (tests/fuzz). */
#include <stdlib.h>
#include <string.h>
#include "memory_file.h"
#include "npy.h"

static void check_again(const rn_tensor *t) {
  char path[64];
  rn_tensor *again = NULL;
  snprintf(path, sizeof path, "/dev/shm/npy_fuzz.%d", (int)getpid());
  rn_status *s = npy_write(path, t);
  if (s == NULL) {
    s = npy_read(path, &again);
    if (s != NULL || rn_tensor_dtype(t) != rn_tensor_dtype(again)) abort();
    if (!rn_shape_equal(rn_tensor_shape(t), rn_tensor_shape(again))) abort();
    size_t n = rn_tensor_size_bytes(t);
    if (n != rn_tensor_size_bytes(again) || memcmp(rn_tensor_data(t), rn_tensor_data(again), n) != 0) abort();
    rn_tensor_release(again);
    unlink(path);
  }
  rn_status_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static unsigned runs;
  memory_file f;
  rn_tensor *t = NULL;
  if (!memory_file_open(&f, data, size)) return 0;
  rn_status *s = npy_read(f.path, &t);
  memory_file_close(&f);
  if (s == NULL && runs++ % 8 == 0) check_again(t);
  rn_tensor_release(t);
  rn_status_free(s);
  return 0;
}
