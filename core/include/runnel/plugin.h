/* runnel/plugin.h - the plugin ABI: all that a plugin sees of Runnel (core/include).
 *
 * For authors of ops, kernels, devices, compilers, optimizers and passes. A plugin is a shared object
 * that exports one function, rn_plugin_entry, and imports nothing from the host: what it may call is
 * handed to it as tables. Programs that only use Runnel want <runnel/runnel.h> instead.
 *
 * Rules of the whole file
 *  1. One export: rn_plugin_entry. It returns a constant description and has no side effect.
 *  2. A struct that can grow starts with struct_size; members are only appended, never moved. Whoever
 *     *provides* the memory sets struct_size; whoever fills or reads touches at most that many bytes.
 *     Read optional members through RN_HAS / RN_HAS_FN.
 *  3. Arrays of growable structs travel as rn_table (with the item's size) or as arrays of pointers.
 *  4. Who creates destroys. Nothing is freed across the boundary except through the maker's table.
 *  5. A status is NULL on success. All are made by the host. Ownership moves to the receiver.
 *  6. No abort, exit, longjmp, signal handler, stdout or stderr in a plugin. It may open files.
 *  7. const char * arguments are borrowed for the call; strings in descriptions live as long as the
 *     plugin is loaded. Names end in NUL; bytes inside tensors carry a length (rn_bytes).
 *  8. Enumerations are carried as fixed-width integers; 0 is the default or no value.
 *  9. Kernels keep nothing between steps: state lives in the host's resources.
 *
 * thread: kernels are called from any thread of the host's pool, the same kernel from several at once.
 * Descriptions are constant. Init, open and close are called under the loader's lock. */
#ifndef RUNNEL_PLUGIN_H
#define RUNNEL_PLUGIN_H
#include <runnel/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#ifdef __cplusplus
extern "C" {
#endif

/* While the major number is 0 a new minor number may break; CHANGELOG says when it does. */
#define RN_ABI_MAJOR 0u
#define RN_ABI_MINOR 3u

#if defined(__GNUC__)
#define RN_EXPORT __attribute__((visibility("default")))
#define RN_PRINTF(a, b) __attribute__((format(printf, a, b), unused))
#define RN_INLINE static inline __attribute__((unused))
#else
#define RN_EXPORT
#define RN_PRINTF(a, b)
#define RN_INLINE static inline
#endif

/* Does the struct at p, as its provider sized it, hold member m? RN_HAS_FN: and is it not NULL? */
#define RN_SIZE_TO(T, m) (offsetof(T, m) + sizeof(((T *)0)->m))
#define RN_HAS(p, T, m) ((p)->struct_size >= RN_SIZE_TO(T, m))
#define RN_HAS_FN(p, T, m) (RN_HAS(p, T, m) && (p)->m != NULL)

typedef struct rn_table {
  const void *items;
  uint32_t count;
  uint32_t item_size;
} rn_table;
#define RN_TABLE(array) \
  { (array), (uint32_t)(sizeof(array) / sizeof((array)[0])), (uint32_t)sizeof((array)[0]) }

typedef struct rn_host_api rn_host_api;
typedef struct rn_mem rn_mem;           /* a device's allocation; the device defines it */
typedef struct rn_resource rn_resource; /* host-owned state: a cell (variable) or an object */
typedef struct rn_function rn_function; /* a planned function body */

/* A tensor as plain data, without ownership. Dense, row-major. `data` is NULL when the host cannot
 * read the memory; then mem and offset_bytes say where it is. For RN_STRING, data is NULL too: read
 * it with host->string_at. */
typedef struct rn_tensor_view {
  uint32_t struct_size;
  rn_dtype dtype;
  rn_shape shape; /* all dimensions known, except in rn_prepare where rank or dims may be unknown */
  void *data;
  rn_mem *mem;
  uint64_t offset_bytes;
  uint64_t size_bytes;
  uint64_t version; /* changes whenever the content does; 0: not tracked (any step may change it) */
  uint32_t flags;   /* RN_VIEW_CONSTANT: the same content in every step */
  uint32_t reserved;
  rn_tensor *tensor; /* the host tensor behind the view, or NULL */
} rn_tensor_view;
#define RN_VIEW_CONSTANT 1u

/* ------------------------------------------------------------------------ reading a graph (host) */
/* Answers about a graph, functions and open edits included. All pointers are borrowed until the
 * graph changes. */
typedef struct rn_graph_view_api {
  uint32_t struct_size, reserved;
  uint32_t (*node_count)(const rn_graph *g);
  const char *(*name)(const rn_graph *g, rn_node_id n);
  const char *(*op)(const rn_graph *g, rn_node_id n);
  const char *(*device)(const rn_graph *g, rn_node_id n); /* "" when not requested */
  uint32_t (*input_count)(const rn_graph *g, rn_node_id n);
  uint32_t (*output_count)(const rn_graph *g, rn_node_id n);
  rn_value (*input)(const rn_graph *g, rn_node_id n, uint32_t i);
  uint32_t (*control_count)(const rn_graph *g, rn_node_id n);
  rn_node_id (*control)(const rn_graph *g, rn_node_id n, uint32_t i);
  /* Who reads output `port` (RN_CONTROL: who waits for n). Writes at most cap values {reader, input
   * index}; returns how many there are. */
  uint32_t (*consumers)(const rn_graph *g, rn_value v, rn_value *out, uint32_t cap);
  rn_dtype (*dtype)(const rn_graph *g, rn_value v); /* RN_INVALID for a value that does not exist */
  const rn_shape *(*shape)(const rn_graph *g, rn_value v);
  /* err NOT_FOUND (no such attribute), INVALID_ARGUMENT (another type; want_type 0 takes any). */
  rn_status *(*attr)(const rn_graph *g, rn_node_id n, const char *name, uint32_t want_type, rn_attr_value *out);
  uint32_t (*attr_count)(const rn_graph *g, rn_node_id n);
  const char *(*attr_name)(const rn_graph *g, rn_node_id n, uint32_t i);
  /* The tensor a value always has, or NULL: constants are followed through nodes that only forward. */
  rn_tensor *(*constant)(const rn_graph *g, rn_value v);
  const rn_graph *(*function)(const rn_graph *g, const char *name); /* the body, or NULL */
  /* What a function gives: values of its body. NULL: there is no such function. */
  const rn_value *(*function_outputs)(const rn_graph *g, const char *name, uint32_t *out_count);
} rn_graph_view_api;

/* A node as a callback's subject. The helpers rn_self_* below read its attributes. */
typedef struct rn_self {
  const rn_host_api *host;
  const rn_graph_view_api *view;
  const rn_graph *graph;
  rn_node_id id;
  uint32_t reserved;
} rn_self;

/* ------------------------------------------------------------------------- adding to a graph (host) */
/* A builder adds nodes in an open edit. The first failure sticks: later calls do nothing and return
 * RN_NO_VALUE, and the host drops the edit and reports that failure. So calls chain without checks. */
typedef struct rn_builder rn_builder;
typedef struct rn_builder_api {
  uint32_t struct_size, reserved;
  rn_node_id (*add)(rn_builder *b, const rn_node_request *r);
  rn_value (*constant)(rn_builder *b, const char *name, rn_tensor *t /* borrowed */);
  void (*fail)(rn_builder *b, rn_status *s /* given */);
  uint8_t (*failed)(const rn_builder *b);
  /* passes only: every reader of `from` reads `to` instead; removes a node nobody reads */
  void (*replace)(rn_builder *b, rn_value from, rn_value to);
  void (*remove)(rn_builder *b, rn_node_id n);
  /* Copies the forward body `name` and adds its gradient: a function of (inputs..., dy...) giving
   * (dx...) for the differentiable inputs, as gradient_outputs says; a dy per floating-point output. Name
   * of the new function in out_name (borrowed). err UNIMPLEMENTED, also where the forward part cannot be
   * computed again. */
  rn_status *(*gradient_function)(rn_builder *b, const char *name, const char **out_name);
  /* May the function run again and give the same? err UNIMPLEMENTED names an op that may not: it is
   * stateful and has outputs (random numbers), or it writes. */
  rn_status *(*function_repeats)(rn_builder *b, const char *name);
  /* Output k of the gradient function is the gradient of the forward input out_inputs[k], a floating-point
   * one or a handle through which gradient flows. Writes at most cap; returns how many there are. */
  uint32_t (*gradient_outputs)(const rn_builder *b, const char *gradient, uint32_t *out_inputs, rn_dtype *out_types,
                               uint32_t cap);
} rn_builder_api;
struct rn_builder {
  uint32_t struct_size, reserved;
  const rn_builder_api *api;
  rn_self self; /* view and graph of the open edit; id: the node worked for, or RN_NO_NODE */
};

/* ------------------------------------------------------------------------------------------- ops */
/* Inference: output shapes, and values of small integer tensors (shapes, axes, sizes), as far as known. */
typedef struct rn_infer rn_infer;
typedef struct rn_infer_api {
  uint32_t struct_size, reserved;
  const rn_shape *(*shape)(rn_infer *c, uint32_t input); /* borrowed for the call */
  rn_dtype (*dtype)(rn_infer *c, uint32_t input);        /* without RN_REF */
  /* Elements of an integer input of rank <= 1, each known, RN_DIM_UNKNOWN or a symbol. Returns the
   * count, or -1 when not even that is known. */
  int32_t (*value)(rn_infer *c, uint32_t input, int64_t *out, uint32_t cap);
  rn_tensor *(*constant)(rn_infer *c, uint32_t input); /* borrowed; NULL: not a constant */
  void (*set_shape)(rn_infer *c, uint32_t output, const rn_shape *s);
  /* The value of an integer output of rank <= 1 with at most RN_MAX_VALUE elements. */
  void (*set_value)(rn_infer *c, uint32_t output, const int64_t *v, uint32_t n);
  int64_t (*new_symbol)(rn_infer *c);
  /* Two dimensions that must be equal: the better known of the two; INVALID_ARGUMENT if they differ. */
  rn_status *(*merge)(rn_infer *c, int64_t a, int64_t b, int64_t *out);
  /* Dtype and shape behind a RN_RESOURCE value. */
  uint8_t (*handle)(rn_infer *c, uint32_t input, rn_dtype *dt, rn_shape *s); /* 0: not known */
  void (*set_handle)(rn_infer *c, uint32_t output, rn_dtype dt, const rn_shape *s);
  rn_dtype (*out_dtype)(rn_infer *c, uint32_t output);
} rn_infer_api;
#define RN_MAX_VALUE 64
struct rn_infer {
  uint32_t struct_size, n_in, n_out, reserved;
  const rn_infer_api *api;
  rn_self self;
};

/* A gradient function: emits the nodes that carry dy back to dx. */
typedef struct rn_grad rn_grad;
typedef struct rn_grad_api {
  uint32_t struct_size, reserved;
  rn_value (*dy)(rn_grad *c, uint32_t output);            /* RN_NO_VALUE: nothing flows into this output */
  void (*set_dx)(rn_grad *c, uint32_t input, rn_value v); /* unset: no gradient */
  void (*set_dx_slices)(rn_grad *c, uint32_t input, rn_value values, rn_value indices, rn_value dense_shape);
} rn_grad_api;
struct rn_grad {
  uint32_t struct_size, n_in, n_out, reserved;
  const rn_grad_api *api;
  rn_builder *b; /* b->self is the forward node */
};

/* What the core must know of an op without knowing its name. */
enum {
  RN_ROLE_NONE = 0,
  RN_ROLE_CONSTANT = 1,    /* output 0 is the attribute `value` */
  RN_ROLE_PLACEHOLDER = 2, /* must be fed */
  RN_ROLE_IDENTITY = 3,    /* output i is input i: what an edit uses for an alias */
  RN_ROLE_SUM = 4,         /* adds its N inputs (attr N, T): what the gradient adds with */
  RN_ROLE_ONES_LIKE = 5,
  RN_ROLE_ZEROS_LIKE = 6,
  RN_ROLE_RESOURCE = 7, /* output 0 names a session resource described by op->resource */
  RN_ROLE_NO_OP = 8,    /* orders only */
  RN_ROLE_DENSIFY = 9,  /* inputs values, indices, dense_shape[0]: sum of slices (UnsortedSegmentSum) */
  RN_ROLE_SWITCH = 20,  /* the control-flow primitives, run by the token executor */
  RN_ROLE_MERGE = 21,
  RN_ROLE_ENTER = 22,
  RN_ROLE_EXIT = 23,
  RN_ROLE_NEXT_ITERATION = 24,
  RN_ROLE_LOOP_COND = 25,
  RN_ROLE_LOOP = 26 /* a loop as functions: attributes cond, body; what the gradient makes of primitives */
};
/* Flags of an op. */
enum {
  RN_OP_STATEFUL = 1u,    /* two equal nodes are not the same; never folded or merged */
  RN_OP_NO_GRADIENT = 2u, /* declared not differentiable: the walk back stops here silently */
  RN_OP_COMMUTATIVE = 4u,
  RN_OP_HOST_ONLY = 8u,         /* runs on the host, and that is no fallback */
  RN_OP_UNINITIALIZED_OK = 16u, /* a Ref or resource input may be uninitialised */
  RN_OP_BLOCKING = 32u,         /* may wait for another step */
  RN_OP_CALLS = 64u,            /* runs functions named by its func attributes */
  RN_OP_ESTIMATED = 128u        /* since 0.3: its gradient is an estimate, not its slope, and is not held against it */
};
typedef struct rn_resource_spec {
  uint32_t struct_size, scope;     /* RN_SCOPE_SESSION or RN_SCOPE_STEP */
  rn_bytes container, shared_name; /* empty shared_name: the node's name */
  rn_dtype dtype;
  rn_shape shape; /* may be partly unknown */
} rn_resource_spec;
enum { RN_SCOPE_SESSION = 0, RN_SCOPE_STEP = 1, RN_SCOPE_PROCESS = 2 };
typedef struct rn_cost {
  double flops, bytes;
} rn_cost;

typedef struct rn_op_def {
  uint32_t struct_size, flags;
  const char *name;
  /* "(a: T, b: T) -> (product: T); transpose_a: bool = false; T: {float, double}": arguments as
   * `name: type` where type is a dtype, an attribute, `Ref(T)`, `N * T` or an attribute of type
   * list(type); then attributes as `name: type [>= min] [= default]`, type one of int float bool
   * string type shape tensor func list(...), {half, float} or {"SAME", "VALID"}. Parsed by the
   * host at first look-up. */
  const char *signature;
  const char *doc; /* first line: one sentence */
  uint32_t role, reserved;
  uint64_t writes;     /* bit i: flat input i is a Ref or resource that the op writes */
  uint64_t reads;      /* bit i: flat resource input i is read (Ref inputs: always) */
  int32_t ref_forward; /* 1 + the Ref or resource input that output 0 stands for; 0: none */
  uint32_t reserved2;
  rn_status *(*infer)(rn_infer *c);   /* NULL: outputs have unknown shape */
  rn_status *(*gradient)(rn_grad *c); /* NULL without RN_OP_NO_GRADIENT: asking for it is an error */
  rn_status *(*decompose)(rn_builder *b, const rn_value *in, rn_value *out); /* optional: the same in other ops */
  rn_status *(*resource)(const rn_self *s, rn_resource_spec *out);           /* RN_ROLE_RESOURCE */
  void (*cost)(const rn_infer *c, const rn_shape *in, const rn_shape *out, rn_cost *cost); /* optional */
} rn_op_def;

/* --------------------------------------------------------------------------------------- devices */
typedef struct rn_queue rn_queue;
typedef struct rn_timeline rn_timeline;
typedef struct rn_recording rn_recording;
/* The one synchronisation primitive: reached when the timeline's value is >= value. */
typedef struct rn_point {
  rn_timeline *timeline;
  uint64_t value;
} rn_point;
typedef struct rn_points {
  const rn_point *items;
  uint32_t count, reserved;
} rn_points;
typedef struct rn_device_info {
  uint32_t struct_size, index; /* index: position among the devices of this type */
  uint8_t uuid[16];
  char name[128], vendor[64], driver[64];
  uint64_t memory_bytes;
  uint64_t max_alloc_bytes, max_binding_bytes; /* 0: no limit */
  uint32_t align_bytes;                        /* power of two */
  uint32_t features;                           /* RN_DEVICE_* */
} rn_device_info;
enum {
  RN_DEVICE_HOST_MEMORY = 1u, /* the host reads and writes its memory through rn_tensor_view.data */
  RN_DEVICE_SYNCHRONOUS = 2u, /* kernels are done when compute returns; queue is NULL */
  RN_DEVICE_RECORDS = 4u      /* record_begin/end/replay work */
};
typedef struct rn_region {
  uint64_t src_offset_bytes, dst_offset_bytes, size_bytes;
} rn_region;
/* dst or src NULL: the host address in `host` is the other side. */
typedef struct rn_copy {
  uint32_t struct_size, region_count;
  rn_mem *dst, *src;
  void *host;
  const rn_region *regions;
} rn_copy;
/* Since 0.3. What ran on a queue and when, by the device's own clock. */
typedef struct rn_device_span {
  uint32_t struct_size, reserved;
  uint64_t correlation;      /* of the mark it ran under, or of the rn_call */
  uint64_t begin_ns, end_ns; /* brought to CLOCK_MONOTONIC */
  const char *name;          /* what ran; NULL: the node itself. Borrowed for the call */
  const char *track;         /* a row of its own in a timeline ("mxu, simulated"); NULL: the queue's */
} rn_device_span;
typedef struct rn_device_trace {
  uint32_t struct_size, reserved;
  /* From here on the device notes what is submitted to q, or recorded on it. q NULL: a synchronous device.
   * err UNIMPLEMENTED: it has no clock */
  rn_status *(*begin)(void *device, rn_queue *q);
  /* What comes to q now bears this number, up to the next mark; 0: it is not noted. NULL: the number is the one of
   * each rn_call. */
  rn_status *(*mark)(void *device, rn_queue *q, uint64_t correlation);
  /* All of it is done. Calls put for each span; then notes no more. Destroying the queue ends it too. */
  rn_status *(*end)(void *device, rn_queue *q, void (*put)(void *arg, const rn_device_span *s), void *arg);
} rn_device_trace;
typedef struct rn_device_def {
  uint32_t struct_size, flags;
  const char *type; /* "cpu", "vulkan", "tpu"; lower case */
  const char *doc;
  /* Calls put once per device found. Cheap: no context, no thread, no large library. */
  rn_status *(*enumerate)(const rn_host_api *host, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg);
  rn_status *(*open)(const rn_host_api *host, uint32_t index, void **out_device);
  rn_status *(*drain)(void *device, uint64_t timeout_ns);
  void (*close)(void *device);
  rn_status *(*alloc)(void *device, uint64_t size_bytes, rn_mem **out);
  void (*release)(void *device, rn_mem *m);
  void *(*address)(void *device, rn_mem *m); /* host address of the memory, or NULL */
  rn_status *(*copy)(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c);
  /* Not needed with RN_DEVICE_SYNCHRONOUS: */
  rn_status *(*queue_create)(void *device, rn_queue **out);
  void (*queue_destroy)(void *device, rn_queue *q);
  rn_status *(*timeline_create)(void *device, rn_timeline **out);
  void (*timeline_destroy)(void *device, rn_timeline *t);
  rn_status *(*timeline_query)(void *device, rn_timeline *t, uint64_t *out);
  rn_status *(*timeline_wait)(void *device, rn_point p, uint64_t timeout_ns);
  rn_status *(*timeline_signal)(void *device, rn_timeline *t, uint64_t value);
  rn_status *(*flush)(void *device, rn_queue *q);
  /* RN_DEVICE_RECORDS: kernels called between begin and end record into the queue instead of
   * submitting; replay submits the whole once. */
  rn_status *(*record_begin)(void *device, rn_queue *q);
  rn_status *(*record_end)(void *device, rn_queue *q, rn_recording **out);
  rn_status *(*replay)(void *device, rn_queue *q, rn_recording *r, rn_points wait, rn_points signal);
  void (*recording_destroy)(void *device, rn_recording *r);
  /* Since 0.2. RN_DEVICE_HOST_MEMORY: kernels written for this other type ("cpu") run here too, after those
   * of the device's own. NULL: only its own. */
  const char *kernels_of;
  /* With kernels_of, unless RN_DEVICE_SYNCHRONOUS: calls work(arg) once, from any one thread, when `wait` is
   * reached and what was launched on q before is done; signals afterwards. name: the node, for logs and
   * traces, borrowed for the call. Returns without waiting; on failure work is not called. */
  rn_status *(*launch)(void *device, rn_queue *q, rn_points wait, rn_points signal, const char *name,
                       void (*work)(void *arg), void *arg);
  /* Since 0.3. NULL: only the host's clock says when something ran. */
  const struct rn_device_trace *trace;
} rn_device_def;

/* --------------------------------------------------------------------------------------- kernels */
typedef struct rn_call rn_call;
typedef rn_status *(*rn_compute_fn)(const void *state, rn_call *c);
typedef struct rn_call_api {
  uint32_t struct_size, reserved;
  /* Outputs whose shape was not known before the call (view->data is NULL until then). */
  rn_status *(*set_output)(rn_call *c, uint32_t output, const rn_shape *s);
  rn_status *(*set_output_tensor)(rn_call *c, uint32_t output, rn_tensor *t /* kept */);
  rn_status *(*forward)(rn_call *c, uint32_t output, uint32_t input); /* same memory, no copy */
  rn_status *(*set_output_resource)(rn_call *c, uint32_t output, rn_resource *r);
  uint8_t (*cancelled)(const rn_call *c);
  void (*complete)(rn_call *c, rn_status *s /* given */); /* asynchronous kernels: once, from any thread */
  /* Takes `count` numbers from this node's session-wide counter and returns the first. */
  uint64_t (*reserve)(rn_call *c, uint64_t count);
  /* Runs a function on this thread. args: borrowed; results: owned by the caller. A resource
   * argument is passed with resources[i] set. err: whatever the body fails with. */
  rn_status *(*call)(rn_call *c, const rn_function *f, rn_tensor *const *args, rn_resource *const *resources,
                     uint32_t n_args, rn_tensor **results, uint32_t n_results);
  rn_tensor *(*input_tensor)(rn_call *c, uint32_t input); /* owned: the input as a tensor, shared or copied */
  /* Cells: variables. View valid until the kernel returns. err FAILED_PRECONDITION uninitialised. */
  rn_status *(*cell_view)(rn_call *c, rn_resource *r, rn_tensor_view *out);
  rn_status *(*cell_assign)(rn_call *c, rn_resource *r, const rn_tensor_view *v);
  uint8_t (*cell_initialized)(const rn_resource *r);
  /* Other resources: an object of a named type. create is called at most once per resource. */
  rn_status *(*resource_open)(rn_call *c, uint32_t scope, rn_bytes container, rn_bytes name, const char *type,
                              rn_status *(*create)(void *arg, void **object), void *arg, void (*destroy)(void *object),
                              rn_resource **out);
  void *(*resource_object)(const rn_resource *r, const char *type); /* NULL: another type */
} rn_call_api;
/* One execution of a kernel. Arrays of pointers, so views can grow. */
struct rn_call {
  uint32_t struct_size, n_in, n_out, flags;
  const rn_tensor_view *const *in;
  rn_tensor_view *const *out;
  rn_resource *const *resource; /* per input; set for Ref and resource inputs */
  void *scratch;                /* scratch_bytes, 64-byte aligned, undefined content */
  void *device;
  rn_queue *queue;
  rn_points wait, signal;
  uint64_t correlation; /* names this node and step in traces */
  const rn_call_api *api;
  const rn_host_api *host;
};

/* What prepare sees: the node, and its inputs as far as known (data set for constants only). */
typedef struct rn_prepare {
  uint32_t struct_size, n_in, n_out, threads;
  rn_self self;
  const rn_tensor_view *const *in;
  const rn_tensor_view *const *out;
  void *device;
  const void *user; /* the kernel definition's */
  /* The function that attribute attr names; "branches#2" is the third of a list(func). */
  rn_status *(*function)(const struct rn_prepare *p, const char *attr, const rn_function **out);
} rn_prepare;
/* What prepare decides. Shared by all runs of the same layout, so immutable afterwards. */
typedef struct rn_prepared {
  uint32_t struct_size, flags;
  rn_compute_fn compute; /* in: the definition's */
  void *state;           /* first argument of compute; in: the definition's user */
  void (*destroy)(void *state);
  uint64_t scratch_bytes;
  uint32_t inplace; /* bit i: output 0 may overwrite input i (same bytes, dead afterwards) */
  int32_t alias;    /* 1 + input whose memory output 0 shares without a call; 0: none */
  double cost_ns;   /* 0: from the op's cost */
} rn_prepared;

enum {
  RN_KERNEL_ASYNC = 1u,     /* compute returns at once and calls complete later */
  RN_KERNEL_REFERENCE = 2u, /* the oracle: plain loops */
  RN_KERNEL_RECORDS = 4u,   /* records between record_begin and record_end */
  RN_KERNEL_EXCLUSIVE = 8u, /* brings its own threads: the host's workers park meanwhile */
  RN_KERNEL_PARALLEL = 16u, /* uses parallel_for itself: not run beside other large kernels */
  /* Since 0.3, with RN_KERNEL_RECORDS, of an op that may give its variable the first value: it records too, as long
   * as the variable has a value, is at home on the device and has a declared shape. It overwrites, and makes nothing.
   */
  RN_KERNEL_OVERWRITES = 32u
};
typedef struct rn_kernel_def {
  uint32_t struct_size, flags;
  const char *op, *device_type;
  const char *types;     /* "T: {float, double}; Tidx: int32"; NULL or "": all */
  const char *host_args; /* "shape, axis": arguments that live in host memory */
  const char *label;     /* for people: "openblas", "avx2" */
  int32_t priority;      /* 0 reference, 10 plain, 50 library, 100 special */
  uint32_t inplace;      /* as in rn_prepared */
  int32_t alias;
  uint32_t reserved;
  rn_compute_fn compute;
  const void *user;
  /* Optional: may this node run here? A refusal's reason is what explain prints. Pure. */
  rn_status *(*supports)(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]);
  rn_status *(*prepare)(const rn_prepare *p, rn_prepared *out); /* optional */
} rn_kernel_def;

/* ------------------------------------------------------------------------------ whole subgraphs */
/* A compiler claims nodes of a planned graph, compiles them into a program, and runs that in one
 * call. A variable that it takes by its handle no node outside writes; others may read it before or after. */
typedef struct rn_claim {
  uint32_t struct_size, count;
  const rn_node_id *nodes;
  int32_t priority;
  const char *reason; /* why it takes nodes, or leaves `left`: what explain prints. Copied */
  /* Since 0.3. With count 0: candidates that it leaves, for `reason`; no error. See rn_claim_not. */
  const rn_node_id *left;
  uint32_t n_left, reserved;
} rn_claim;
/* The claimed part: inputs and outputs in the order execute gets them. Borrowed, with all it gives, until
 * the function it was handed to returns. */
typedef struct rn_subgraph rn_subgraph;
struct rn_subgraph {
  uint32_t struct_size, n_nodes, n_in, n_out, n_cells;
  const rn_graph *graph;
  const rn_graph_view_api *view;
  const rn_node_id *nodes; /* in topological order */
  const rn_value *in, *out;
  const rn_value *cells; /* handles of the variables it reads or writes; passed as call->resource */
  const rn_shape *in_shape, *out_shape;
  /* Since 0.3. What the layout that is compiled knows of a value inside the part or of an input of it. */
  /* The shape, all dimensions known; of a variable's handle: its content's. NULL: the part has no such value. */
  const rn_shape *(*shape_of)(const rn_subgraph *s, rn_value v);
  /* The content, in host memory (view->data): constants, and integers of rank <= 1 that follow from shapes. A
   * program may be made of them: another value is another layout or plan. NULL: only the step will know. */
  const rn_tensor_view *(*value_of)(const rn_subgraph *s, rn_value v);
  /* Per output, 1: in this layout nobody reads it (its shape was all that was asked for), and the program need not
   * write it. NULL: all are read. */
  const uint8_t *out_unread;
};
/* Flags of a compiler. RN_KERNEL_RECORDS, since 0.3, on a device with RN_DEVICE_RECORDS: execute records
 * between record_begin and record_end as such a kernel does, and is then replayed, not called. */
enum {
  RN_COMPILER_ALONE = 256u /* since 0.3: the device computes by claims alone: nodes that it has and no claim
                            * holds have fallen back, and devices.fallback says what becomes of that */
};
enum {
  RN_PROGRAM_LINE = 1,   /* what it is and takes, for people */
  RN_PROGRAM_TEXT = 2,   /* its instructions */
  RN_PROGRAM_NUMBERS = 3 /* a JSON object of numbers. Those with these names make a roofline: of a run, "operations",
                          * "memory_bytes" and "seconds"; of the machine, "peak_operations_per_second" and
                          * "peak_memory_bytes_per_second" */
};
typedef struct rn_compiler_def {
  uint32_t struct_size, flags;
  const char *name, *device_type;
  /* Pure. candidates: nodes that a kernel of the device or of kernels_of computes unless they are claimed. */
  rn_status *(*claim)(const rn_host_api *host, void *device, const rn_graph_view_api *v, const rn_graph *g,
                      const rn_node_id *candidates, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                      void *arg);
  /* err UNIMPLEMENTED: the nodes run by their kernels instead. */
  rn_status *(*compile)(const rn_host_api *host, void *device, const rn_subgraph *s, void **out_program);
  rn_compute_fn execute; /* state: the program; in: inputs, then cells. From several threads at once */
  void (*release)(void *program);
  /* Since 0.3, optional: programs outlive the process where the user names a folder ([programs] folder). The
   * host keeps one per part, shapes, constants, device, compiler, plugin version and fingerprint. */
  /* All that a program depends on beside these: settings, files, the machine's description. NULL: nothing. */
  uint64_t (*fingerprint)(const rn_host_api *host, void *device);
  /* Calls write with the program's bytes, in as many pieces as it likes. */
  rn_status *(*serialize)(const void *program, rn_status *(*write)(void *arg, const void *bytes, size_t size_bytes),
                          void *arg);
  /* The program again, for s, which was checked to be the same; s NULL: for tools that look at it. The bytes may have
   * been changed since: whatever they are, what execute does stays within its tensors. err DATA_LOSS not a program, cut
   * or spoilt; FAILED_PRECONDITION for another machine or version. The host reports either and compiles. */
  rn_status *(*deserialize)(const rn_host_api *host, void *device, const rn_subgraph *s, const void *bytes,
                            size_t size_bytes, void **out_program);
  /* Since 0.3, optional: the program in words, what: RN_PROGRAM_*, written in as many pieces as it likes. err
   * UNIMPLEMENTED: not in these. */
  rn_status *(*print)(const void *program, uint32_t what,
                      rn_status *(*write)(void *arg, const void *bytes, size_t size_bytes), void *arg);
} rn_compiler_def;

/* ------------------------------------------------------------------------- optimizers and passes */
/* The update rule of an optimizer, emitted as nodes; whoever drives it (a front end) fills the api. */
typedef struct rn_opt rn_opt;
typedef struct rn_opt_api {
  uint32_t struct_size, reserved;
  rn_value (*param)(rn_opt *o); /* the variable: Ref or resource */
  rn_value (*grad)(rn_opt *o);  /* dense gradient; RN_NO_VALUE when it is slices */
  uint8_t (*grad_slices)(rn_opt *o, rn_value *values, rn_value *indices);
  rn_dtype (*dtype)(rn_opt *o); /* of the parameter */
  /* A variable shaped like the parameter, named `<param>/<optimizer name>`, filled with init. */
  rn_value (*slot)(rn_opt *o, const char *name, double init);
  /* A scalar variable shared by all parameters, named as TensorFlow does (beta1_power). */
  rn_value (*shared)(rn_opt *o, const char *name, double init);
  rn_value (*hyper)(rn_opt *o, const char *name); /* scalar constant of the parameter's dtype */
  double (*hyper_value)(rn_opt *o, const char *name);
  void (*update)(rn_opt *o, rn_node_id n); /* n belongs to the training step */
} rn_opt_api;
struct rn_opt {
  uint32_t struct_size, reserved;
  const rn_opt_api *api;
  rn_builder *b;
};
typedef struct rn_hyper_def {
  uint32_t struct_size, flags; /* RN_HYPER_BOOL */
  const char *name, *doc;
  double default_value, min, max;
} rn_hyper_def;
#define RN_HYPER_BOOL 1u
typedef struct rn_optimizer_def {
  uint32_t struct_size, flags;
  const char *name; /* TensorFlow's node name: "GradientDescent", "Adam" */
  const char *doc;
  rn_table hypers;                 /* rn_hyper_def; learning_rate first */
  rn_status *(*begin)(rn_opt *o);  /* optional: shared variables. No param or grad yet */
  rn_status *(*emit)(rn_opt *o);   /* once per parameter */
  rn_status *(*finish)(rn_opt *o); /* optional: after all parameters */
} rn_optimizer_def;
typedef struct rn_pass_def {
  uint32_t struct_size, flags;
  const char *name, *doc;
  int32_t order; /* passes run in ascending order */
  uint32_t reserved;
  rn_status *(*run)(rn_builder *b, uint32_t *out_changes); /* on the plan's own copy; dropped whole on failure */
} rn_pass_def;

/* -------------------------------------------------------------------------------- the host's table */
struct rn_host_api {
  uint32_t struct_size, abi_minor;
  void *ctx;                                               /* this plugin, to the host */
  rn_status *(*status)(int32_t code, const char *message); /* never NULL: out of memory has a static one */
  rn_status *(*status_wrap)(rn_status *cause /* given */, const char *message);
  int32_t (*status_code)(const rn_status *s);
  const char *(*status_message)(const rn_status *s);
  void (*status_free)(rn_status *s);
  void *(*alloc)(void *ctx, size_t size_bytes, size_t align); /* counted per plugin; NULL: out of memory */
  void (*free)(void *ctx, void *p);
  void (*log)(void *ctx, uint32_t level, const char *message);
  uint32_t (*threads)(void *ctx);
  /* Calls fn on [lo, hi) pieces that cover [0, n), each at least `grain` long; returns when all are
   * done. The pieces depend on n, grain and the thread count only. `worker` < threads(). */
  void (*parallel_for)(void *ctx, uint64_t n, uint64_t grain,
                       void (*fn)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker), void *arg);
  const char *(*config)(void *ctx, const char *key); /* from this plugin's section, or NULL */
  const char *(*plugin_dir)(void *ctx);
  uint64_t (*cpu_features)(void); /* RN_CPU_* of this machine */
  uint64_t (*entropy)(void);      /* 64 unpredictable bits */
  /* Tensors in host memory. */
  rn_status *(*tensor_create)(rn_dtype dt, const rn_shape *s, rn_tensor **out);
  rn_status *(*tensor_strings)(const rn_shape *s, const rn_bytes *items, rn_tensor **out); /* items copied */
  void (*tensor_view)(rn_tensor *t, rn_tensor_view *out); /* out->struct_size set by the caller */
  rn_tensor *(*tensor_retain)(rn_tensor *t);
  void (*tensor_release)(rn_tensor *t);
  rn_bytes (*string_at)(const rn_tensor_view *v, uint64_t index);
  const void *(*get_ext)(void *ctx, const char *name, uint32_t min_version);
};
enum {
  RN_CPU_SSE42 = 1u,
  RN_CPU_AVX2 = 2u,   /* with FMA, F16C, BMI2: x86-64-v3 */
  RN_CPU_AVX512 = 4u, /* F, BW, CD, DQ, VL: x86-64-v4 */
  RN_CPU_NEON = 8u
};

/* -------------------------------------------------------------------------------- what a plugin is */
/* A group is what one source file of a plugin offers; a plugin lists its groups, one line each. */
typedef struct rn_group {
  uint32_t struct_size, reserved;
  rn_table ops;        /* rn_op_def        */
  rn_table kernels;    /* rn_kernel_def    */
  rn_table devices;    /* rn_device_def    */
  rn_table compilers;  /* rn_compiler_def  */
  rn_table optimizers; /* rn_optimizer_def */
  rn_table passes;     /* rn_pass_def      */
} rn_group;
typedef struct rn_plugin_desc {
  uint32_t struct_size, abi_major, abi_minor, reserved;
  uint64_t build_flags;  /* RN_BUILD_FLAGS */
  uint64_t cpu_required; /* RN_CPU_* without which nothing in it runs */
  const char *id, *version, *license, *doc;
  const rn_group *const *groups;
  uint32_t group_count, reserved2;
  rn_status *(*init)(const rn_host_api *host); /* optional; host is valid until fini returns */
  rn_status *(*quiesce)(uint64_t timeout_ns);  /* optional; no thread of mine runs after it */
  void (*fini)(void);
} rn_plugin_desc;
typedef const rn_plugin_desc *(*rn_plugin_entry_fn)(void);

#define RN_BUILD_ASAN 1u
#define RN_BUILD_TSAN 2u
#if defined(__SANITIZE_ADDRESS__)
#define RN_BUILD_FLAGS RN_BUILD_ASAN
#elif defined(__SANITIZE_THREAD__)
#define RN_BUILD_FLAGS RN_BUILD_TSAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RN_BUILD_FLAGS RN_BUILD_ASAN
#elif __has_feature(thread_sanitizer)
#define RN_BUILD_FLAGS RN_BUILD_TSAN
#else
#define RN_BUILD_FLAGS 0u
#endif
#else
#define RN_BUILD_FLAGS 0u
#endif

/* RN_PLUGIN_ENTRY(id) names the entry function: rn_plugin_entry, or rn_plugin_entry_<id> in a static
 * build (RN_STATIC_PLUGIN defined). */
#ifdef RN_STATIC_PLUGIN
#define RN_PLUGIN_ENTRY(id) rn_plugin_entry_##id
#else
#define RN_PLUGIN_ENTRY(id) rn_plugin_entry
#endif

/* --------------------------------------------------------------------- helpers, inline in the plugin */
RN_INLINE RN_PRINTF(3, 4) rn_status *rn_error(const rn_host_api *h, int32_t code, const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  return h->status(code, text);
}

/* The node's own attributes. A missing or mistyped one gives the fallback: the host has checked the
 * node against its signature, so for declared attributes it never happens. */
RN_INLINE int rn_self_attr(const rn_self *s, const char *name, uint32_t type, rn_attr_value *out) {
  rn_status *e = s->view->attr(s->graph, s->id, name, type, out);
  if (e == NULL) return 1;
  s->host->status_free(e);
  return 0;
}
RN_INLINE int64_t rn_self_int(const rn_self *s, const char *name, int64_t fallback) {
  rn_attr_value v;
  return rn_self_attr(s, name, RN_ATTR_INT, &v) ? v.u.i : fallback;
}
RN_INLINE float rn_self_float(const rn_self *s, const char *name, float fallback) {
  rn_attr_value v;
  return rn_self_attr(s, name, RN_ATTR_FLOAT, &v) ? v.u.f : fallback;
}
RN_INLINE int rn_self_bool(const rn_self *s, const char *name, int fallback) {
  rn_attr_value v;
  return rn_self_attr(s, name, RN_ATTR_BOOL, &v) ? v.u.b != 0 : fallback;
}
RN_INLINE rn_dtype rn_self_type(const rn_self *s, const char *name, rn_dtype fallback) {
  rn_attr_value v;
  return rn_self_attr(s, name, RN_ATTR_TYPE, &v) ? v.u.type : fallback;
}
RN_INLINE rn_bytes rn_self_string(const rn_self *s, const char *name) {
  rn_attr_value v;
  rn_bytes none = {"", 0};
  return rn_self_attr(s, name, RN_ATTR_STRING, &v) ? v.u.bytes : none;
}
RN_INLINE int rn_bytes_equal(rn_bytes a, const char *text) {
  size_t n = strlen(text);
  return a.size == n && memcmp(a.data, text, n) == 0;
}

/* Shapes. */
RN_INLINE rn_shape rn_shape_unknown(void) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  s.rank = -1;
  return s;
}
RN_INLINE rn_shape rn_shape_make(int32_t rank, const int64_t *dims) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  s.rank = rank;
  for (int32_t i = 0; i < rank; i++) s.dim[i] = dims[i];
  return s;
}
RN_INLINE rn_shape rn_shape_scalar(void) { return rn_shape_make(0, NULL); }
RN_INLINE rn_shape rn_shape_vector(int64_t n) { return rn_shape_make(1, &n); }
RN_INLINE int rn_shape_known(const rn_shape *s) {
  if (s->rank < 0) return 0;
  for (int32_t i = 0; i < s->rank; i++)
    if (s->dim[i] < 0) return 0;
  return 1;
}
/* Elements of a known shape. The host has checked that the product fits. */
RN_INLINE int64_t rn_shape_elems(const rn_shape *s) {
  int64_t n = 1;
  for (int32_t i = 0; i < s->rank; i++) n *= s->dim[i];
  return n;
}

/* Emitting nodes. Types and counts are inferred from the inputs. */
RN_INLINE rn_value rn_emit(rn_builder *b, const char *op, const rn_value *in, uint32_t n_in, const rn_attr *attrs,
                           uint32_t n_attrs) {
  rn_node_request r = rn_node_request_for(op, NULL);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  rn_value v = {b->api->add(b, &r), 0};
  return v;
}
RN_INLINE rn_value rn_op1(rn_builder *b, const char *op, rn_value x) { return rn_emit(b, op, &x, 1, NULL, 0); }
RN_INLINE rn_value rn_op2(rn_builder *b, const char *op, rn_value x, rn_value y) {
  rn_value in[2] = {x, y};
  return rn_emit(b, op, in, 2, NULL, 0);
}
RN_INLINE rn_value rn_op3(rn_builder *b, const char *op, rn_value x, rn_value y, rn_value z) {
  rn_value in[3] = {x, y, z};
  return rn_emit(b, op, in, 3, NULL, 0);
}
RN_INLINE rn_value rn_port(rn_value v, uint32_t port) {
  v.port = port;
  return v;
}
/* In rn_compiler_def.claim: a candidate that is left, and why. Older hosts take no notice of it. */
RN_INLINE rn_status *rn_claim_not(rn_status *(*put)(void *arg, const rn_claim *c), void *arg, rn_node_id n,
                                  const char *reason) {
  rn_claim c;
  memset(&c, 0, sizeof c);
  c.struct_size = (uint32_t)sizeof c;
  c.reason = reason;
  c.left = &n;
  c.n_left = 1;
  return put(arg, &c);
}
/* The forward node's inputs and outputs, in a gradient function. */
RN_INLINE rn_value rn_grad_x(const rn_grad *c, uint32_t i) {
  return c->b->self.view->input(c->b->self.graph, c->b->self.id, i);
}
RN_INLINE rn_value rn_grad_y(const rn_grad *c, uint32_t i) {
  rn_value v = {c->b->self.id, i};
  return v;
}

/* What the plugin exports. */
#ifndef RN_STATIC_PLUGIN
RN_EXPORT const rn_plugin_desc *rn_plugin_entry(void);
#endif

#ifdef __cplusplus
}
#endif
#endif
