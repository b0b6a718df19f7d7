/* machine_text.c - the built-in machine descriptions, the same as the files in machines/ (plugins/tpu). */
#include "machine.h"

static const char v1[] =
    "; The first tensor processing unit, as published in 2017: 256 x 256 int8 products summed in 32 bits.\n"
    "name = v1\n"
    "arithmetic = int8\n"
    "array_rows = 256\n"
    "array_columns = 256\n"
    "clock_mhz = 700\n"
    "fifo_tiles = 4\n"
    "accumulator_rows = 4096\n"
    "buffer_bytes = 25165824\n"
    "memory_bytes = 4294901760\n"
    "memory_gb_per_second = 34\n"
    "host_gb_per_second = 14\n"
    "activation_lanes = 256\n"
    "vector_lanes = 16\n"
    "whole_tiles = 1\n"
    "";

static const char bf16[] =
    "; A 128 x 128 array of bfloat16 products summed in float, with a vector unit and fast memory.\n"
    "name = bf16\n"
    "arithmetic = bf16\n"
    "array_rows = 128\n"
    "array_columns = 128\n"
    "clock_mhz = 940\n"
    "fifo_tiles = 4\n"
    "accumulator_rows = 4096\n"
    "buffer_bytes = 16777216\n"
    "memory_bytes = 4294901760\n"
    "memory_gb_per_second = 600\n"
    "host_gb_per_second = 16\n"
    "activation_lanes = 1024\n"
    "vector_lanes = 1024\n"
    "whole_tiles = 0\n"
    "";

const char *tpu_machine_text(const char *name) {
  return strcmp(name, "v1") == 0 ? v1 : strcmp(name, "bf16") == 0 ? bf16 : NULL;
}
