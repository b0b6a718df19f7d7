/* npy.h - tensors as NumPy's .npy files (frontends/cli). Format: NumPy Enhancement Proposal 1.
 * Versions 1 to 3, little-endian, C order or Fortran order (turned), read; version 1 written. */
#ifndef RN_CLI_NPY_H
#define RN_CLI_NPY_H
#include <runnel/tensor.h>
#include <stdio.h>

/* err NOT_FOUND, INVALID_ARGUMENT (not .npy, a dtype Runnel has not, truncated): all name the file. own: owned */
rn_status *npy_read(const char *path, rn_tensor **out);
/* Written to a temporary name, synced and renamed. err UNIMPLEMENTED (strings), RESOURCE_EXHAUSTED, ... */
rn_status *npy_write(const char *path, const rn_tensor *t);
#endif
