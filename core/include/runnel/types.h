/* runnel/types.h - the words that both sides of the plugin ABI share (core/include).
 *
 * For everyone: user programs reach it through <runnel/runnel.h>, plugins through <runnel/plugin.h>.
 * Functions are not here: plugins get theirs as tables (plugin.h), programs by name (the other headers).
 * Every type in this file is frozen: it is passed by value or embedded, so it never grows. */
#ifndef RUNNEL_TYPES_H
#define RUNNEL_TYPES_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An error, or NULL for success. Made by the host only; the receiver owns it. */
typedef struct rn_status rn_status;

/* Status codes: the numbers of TensorFlow's error codes. */
enum {
  RN_OK = 0,
  RN_CANCELLED = 1,
  RN_UNKNOWN = 2,
  RN_INVALID_ARGUMENT = 3,
  RN_DEADLINE_EXCEEDED = 4,
  RN_NOT_FOUND = 5,
  RN_ALREADY_EXISTS = 6,
  RN_PERMISSION_DENIED = 7,
  RN_RESOURCE_EXHAUSTED = 8,
  RN_FAILED_PRECONDITION = 9,
  RN_ABORTED = 10,
  RN_OUT_OF_RANGE = 11,
  RN_UNIMPLEMENTED = 12,
  RN_INTERNAL = 13,
  RN_UNAVAILABLE = 14,
  RN_DATA_LOSS = 15
};

/* Element types: the numbers of TensorFlow's DataType. A reference edge has RN_REF added. */
typedef int32_t rn_dtype;
enum {
  RN_INVALID = 0,
  RN_FLOAT = 1,
  RN_DOUBLE = 2,
  RN_INT32 = 3,
  RN_UINT8 = 4,
  RN_INT16 = 5,
  RN_INT8 = 6,
  RN_STRING = 7,
  RN_COMPLEX64 = 8,
  RN_INT64 = 9,
  RN_BOOL = 10,
  RN_QINT8 = 11,
  RN_QUINT8 = 12,
  RN_QINT32 = 13,
  RN_BFLOAT16 = 14,
  RN_QINT16 = 15,
  RN_QUINT16 = 16,
  RN_UINT16 = 17,
  RN_COMPLEX128 = 18,
  RN_HALF = 19,
  RN_RESOURCE = 20,
  RN_VARIANT = 21,
  RN_UINT32 = 22,
  RN_UINT64 = 23,
  RN_REF = 100
};

/* A shape. rank -1: nothing is known. A dimension is >= 0 when known, RN_DIM_UNKNOWN (-1, as in
 * TensorFlow's files) when not, and <= RN_DIM_SYMBOL_MAX when it is a symbol: unknown, but equal
 * wherever the same symbol stands. A scalar has rank 0. */
#define RN_MAX_RANK 8
#define RN_DIM_UNKNOWN ((int64_t)-1)
#define RN_DIM_SYMBOL_MAX ((int64_t)-2)
typedef struct rn_shape {
  int32_t rank;
  int32_t reserved;
  int64_t dim[RN_MAX_RANK];
} rn_shape;

/* Bytes with a length; not NUL-terminated. */
typedef struct rn_bytes {
  const char *data;
  uint64_t size;
} rn_bytes;

/* A graph owns nodes; a value is output `port` of a node. Port RN_CONTROL names the node itself. */
typedef struct rn_graph rn_graph;
typedef uint32_t rn_node_id;
#define RN_NO_NODE ((rn_node_id)UINT32_MAX)
#define RN_CONTROL UINT32_MAX
typedef struct rn_value {
  rn_node_id node;
  uint32_t port;
} rn_value;
#define RN_NO_VALUE ((rn_value){RN_NO_NODE, 0})

/* A reference-counted tensor in host memory (tensor.h). */
typedef struct rn_tensor rn_tensor;

/* Attribute values. Lists carry RN_ATTR_LIST | the element type and point at `count` elements. */
enum {
  RN_ATTR_STRING = 1,      /* u.bytes;   list: const rn_bytes *   */
  RN_ATTR_INT = 2,         /* u.i;       list: const int64_t *    */
  RN_ATTR_FLOAT = 3,       /* u.f;       list: const float *      */
  RN_ATTR_BOOL = 4,        /* u.b;       list: const uint8_t *    */
  RN_ATTR_TYPE = 5,        /* u.type;    list: const rn_dtype *   */
  RN_ATTR_SHAPE = 6,       /* u.shape;   list: const rn_shape *  (u.shape points at one)   */
  RN_ATTR_TENSOR = 7,      /* u.tensor;  list: rn_tensor *const * */
  RN_ATTR_FUNC = 8,        /* u.bytes: the function's name; list: const rn_bytes * */
  RN_ATTR_PLACEHOLDER = 9, /* u.bytes: inside a function body, the name of the function's attribute */
  RN_ATTR_LIST = 0x100
};
typedef struct rn_attr_value {
  uint32_t type;
  uint32_t count; /* elements of a list; 1 for a single value */
  union {
    rn_bytes bytes;
    int64_t i;
    float f;
    uint8_t b;
    rn_dtype type;
    const rn_shape *shape;
    rn_tensor *tensor;
    const void *list;
  } u;
} rn_attr_value;
typedef struct rn_attr {
  const char *name;
  rn_attr_value value;
} rn_attr;

/* Shorthand for attributes in a call: (rn_attr[]){RN_AI("N", 2), RN_AT("T", RN_FLOAT)}. */
#define RN_AI(n, v)                \
  {                                \
    (n), {                         \
      RN_ATTR_INT, 1, { .i = (v) } \
    }                              \
  }
#define RN_AF(n, v)                  \
  {                                  \
    (n), {                           \
      RN_ATTR_FLOAT, 1, { .f = (v) } \
    }                                \
  }
#define RN_AB(n, v)                                    \
  {                                                    \
    (n), {                                             \
      RN_ATTR_BOOL, 1, { .b = (uint8_t)((v) ? 1 : 0) } \
    }                                                  \
  }
#define RN_AT(n, v)                    \
  {                                    \
    (n), {                             \
      RN_ATTR_TYPE, 1, { .type = (v) } \
    }                                  \
  }
#define RN_AS(n, s, len)       \
  {                            \
    (n), {                     \
      RN_ATTR_STRING, 1, {     \
        .bytes = {(s), (len) } \
      }                        \
    }                          \
  }
#define RN_ASHAPE(n, p)                  \
  {                                      \
    (n), {                               \
      RN_ATTR_SHAPE, 1, { .shape = (p) } \
    }                                    \
  }
#define RN_ATENSOR(n, t)                   \
  {                                        \
    (n), {                                 \
      RN_ATTR_TENSOR, 1, { .tensor = (t) } \
    }                                      \
  }
#define RN_AFUNC(n, s, len)    \
  {                            \
    (n), {                     \
      RN_ATTR_FUNC, 1, {       \
        .bytes = {(s), (len) } \
      }                        \
    }                          \
  }
#define RN_AILIST(n, p, c)                             \
  {                                                    \
    (n), {                                             \
      RN_ATTR_LIST | RN_ATTR_INT, (c), { .list = (p) } \
    }                                                  \
  }
#define RN_ATLIST(n, p, c)                              \
  {                                                     \
    (n), {                                              \
      RN_ATTR_LIST | RN_ATTR_TYPE, (c), { .list = (p) } \
    }                                                   \
  }
#define RN_ASLIST(n, p, c)                                \
  {                                                       \
    (n), {                                                \
      RN_ATTR_LIST | RN_ATTR_STRING, (c), { .list = (p) } \
    }                                                     \
  }

/* What to add to a graph. Data inputs in signature order, a list argument's elements in line. */
typedef struct rn_node_request {
  uint32_t struct_size;
  uint32_t n_inputs;
  const char *op;
  const char *name; /* NULL: the op's name, made unique; otherwise made unique too when taken */
  const rn_value *inputs;
  const rn_node_id *control;
  uint32_t n_control;
  uint32_t n_attrs;
  const rn_attr *attrs;     /* those left out are inferred from the inputs or take their default */
  const char *device;       /* NULL or "": any. "/device:VULKAN:0", "vulkan:name~Radeon", "cpu" */
  rn_node_id colocate_with; /* RN_NO_NODE: nothing (so set it!) */
  uint32_t flags;           /* RN_NODE_EXACT_NAME: ALREADY_EXISTS instead of a unique name */
} rn_node_request;
#define RN_NODE_EXACT_NAME 1u
static inline rn_node_request rn_node_request_for(const char *op, const char *name) {
  rn_node_request r;
  memset(&r, 0, sizeof r);
  r.struct_size = (uint32_t)sizeof r;
  r.op = op;
  r.name = name;
  r.colocate_with = RN_NO_NODE;
  return r;
}

/* log levels, severest first */
enum { RN_LOG_ERROR = 1, RN_LOG_WARNING = 2, RN_LOG_INFO = 3, RN_LOG_DEBUG = 4 };

/* Evaluate once; hand a failure to the caller. The one control-flow macro of the project. */
#define RN_TRY(expr)                                 \
  do {                                               \
    struct rn_status *rn_try_status = (expr);        \
    if (rn_try_status != NULL) return rn_try_status; \
  } while (0)

#endif
