/* cpu.h - what the files of the CPU plugin share (plugins/cpu).
 *
 * One file is one subject and exports one rn_group; the groups are listed in plugin.c. Tensors are
 * dense and row-major in host memory. Element-wise and memory-moving kernels read shapes when they
 * run, so one kernel serves known and unknown shapes; attributes are read once, in prepare. */
#ifndef CPU_H
#define CPU_H
#include <runnel/plugin.h>

/* Set by init, constant afterwards. */
extern const rn_host_api *cpu_host;
extern int cpu_level; /* which compiled variant of the loops fits: 0 baseline, 1 x86-64-v3, 2 x86-64-v4 */

/* One row of a kernel table: loops of ordinary priority. */
#define CPU_K(op_, types_, compute_, ...)                                                                 \
  {                                                                                                       \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = (op_), .device_type = "cpu", .types = (types_), \
    .label = "loops", .priority = 10, .compute = (compute_), __VA_ARGS__                                  \
  }
#define CPU_REFERENCE(op_, types_, compute_, ...)                                                         \
  {                                                                                                       \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = (op_), .device_type = "cpu", .types = (types_), \
    .label = "reference", .priority = 0, .flags = RN_KERNEL_REFERENCE, .compute = (compute_), __VA_ARGS__ \
  }
#define CPU_FAST(op_, types_, compute_, label_, ...)                                                      \
  {                                                                                                       \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = (op_), .device_type = "cpu", .types = (types_), \
    .label = (label_), .priority = 50, .flags = RN_KERNEL_PARALLEL, .compute = (compute_), __VA_ARGS__    \
  }
#define CPU_GROUP(name, table) \
  const rn_group name = {.struct_size = (uint32_t)sizeof(rn_group), .kernels = RN_TABLE(table)}

/* Types whose elements are plain bytes (all but string, resource and variant). */
#define CPU_POD(attr)                                                                                                  \
  attr ": {float, double, int32, int64, uint8, int8, int16, uint16, bool, half, bfloat16, uint32, uint64, complex64, " \
       "complex128, qint8, quint8, qint32}"

/* X(name in signatures, C type, suffix) for the number types that loops are written for. */
#define CPU_NUMBERS(X) \
  X(float, float, f32) X(double, double, f64) X(int32, int32_t, i32) X(int64, int64_t, i64) CPU_SMALL_INTS(X)
#define CPU_SMALL_INTS(X) X(uint8, uint8_t, u8) X(int8, int8_t, i8) X(int16, int16_t, i16) X(uint16, uint16_t, u16)

uint64_t cpu_dtype_bytes(rn_dtype dt);
int cpu_shape_equal(const rn_shape *a, const rn_shape *b);
/* Text of a shape for messages: "[2,3]". */
const char *cpu_shape_text(const rn_shape *s, char text[160]);
/* Makes sure output i has this shape and memory. */
rn_status *cpu_output(rn_call *c, uint32_t i, const rn_shape *s);
/* Element i of an integer tensor. */
int64_t cpu_int_at(const rn_tensor_view *v, int64_t i);
/* A real number in a tensor of any number type of at most 8 bytes. */
double cpu_real_at(const rn_tensor_view *v, int64_t i);
/* A shape out of an integer vector; err INVALID_ARGUMENT: not a shape. */
rn_status *cpu_shape_input(rn_call *c, uint32_t input, rn_shape *out);
/* An axis in [-rank, rank) made non-negative. */
rn_status *cpu_axis(const char *op, int64_t axis, int32_t rank, int32_t *out);
/* Row-major strides in elements. */
void cpu_strides(const rn_shape *s, int64_t *out);
int64_t cpu_product(const int64_t *dims, int32_t n);
void cpu_parallel(uint64_t n, uint64_t grain, void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker),
                  void *arg);
/* Zeroed state for prepare, freed with the plan. */
rn_status *cpu_state(rn_prepared *out, size_t bytes, void **state);
rn_status *cpu_alloc(size_t bytes, void **out);
void cpu_free(void *p);
/* A list attribute; NULL and 0 when it is not there. */
const void *cpu_attr_list(const rn_self *s, const char *name, uint32_t type, uint32_t *count);

/* Converts n elements from one number type to another as a C cast does (TensorFlow's Cast). */
void cpu_convert(rn_dtype from, const void *x, rn_dtype to, void *y, int64_t n);

/* half and bfloat16 through float */
void cpu_widen(rn_dtype from, const void *x, float *y, int64_t n);
void cpu_narrow(rn_dtype to, const float *x, void *y, int64_t n);

#define CPU_MIN(a, b) ((a) < (b) ? (a) : (b))
#define CPU_MAX(a, b) ((a) > (b) ? (a) : (b))
#endif
