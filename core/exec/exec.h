/* exec/exec.h - time and place: what the files of this room share (core/exec).
 *
 * Session -> plan (structure) -> layout (shapes, memory, prepared kernels) -> instance (one running
 * step). A plan and a layout never change once made; all that a run writes is in its instance, and a
 * layout keeps a free list of them. Inside, nodes and values are numbered per plan: node i is
 * plan->node[i], data edges pointing forward; value v is an output of one of them or a feed.
 *
 * To add a kind of entry: a NODE_* kind made by the planner, a case in exec_layout_node (step.c), a
 * compute function. The loops stay as they are. */
#ifndef RN_EXEC_EXEC_H
#define RN_EXEC_EXEC_H
#include <pthread.h>
#include <stdatomic.h>
#include <runnel/session.h>
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/text.h"
#include "graph/graph.h"
#include "plugin/registry.h"
#include "tensor/cell.h"

#define EXEC_NONE UINT32_MAX
#define EXEC_MAX_DEPTH 256u  /* nested function calls */
#define EXEC_MAX_LAYOUTS 16u /* per plan */
#define EXEC_MAX_PLANS 256u  /* per session */
#define EXEC_MAX_DEVICES 256u

/* ------------------------------------------------------------------------------------ devices */
typedef struct exec_device {
  const rn_device_type *type;
  rn_device_info info;
  char full_name[80]; /* "/device:CPU:0" */
  void *handle;       /* after exec_device_open */
  int is_open;
  /* home.c: copies that belong to no step, one at a time */
  pthread_mutex_t carrying;
  rn_queue *queue;
  rn_timeline *timeline;
  uint64_t value;
  const char *kernels_of; /* kernels of this other type run here too; NULL: only its own */
} exec_device;
typedef struct exec_devices {
  rn_runtime *rt;
  pthread_mutex_t lock;                /* the rest; opening */
  exec_device *item[EXEC_MAX_DEVICES]; /* in the order they were found */
  uint32_t count;
  rn_text types; /* looked for: "\ncpu\n" */
} exec_devices;
/* One table per runtime, empty at first. own: borrowed until the runtime is destroyed. */
rn_status *exec_devices_get(rn_runtime *rt, exec_devices **out);
/* Looks for the devices of one type, once; opens the plugins that have it. */
rn_status *exec_devices_find(exec_devices *all, const char *type);
/* "vulkan" of "/job:a/device:VULKAN:0". 0: it names no type */
int exec_device_type_of(const char *pattern, char *out, size_t size_bytes);
rn_status *exec_device_open(exec_devices *all, exec_device *d);
/* "cpu", "cpu:0", "/device:CPU:0", "/job:x/task:0/device:CPU:*", "vulkan:name~Radeon", "vulkan:uuid=..", "tpu:v1" */
int exec_device_matches(const exec_device *d, const char *text);
/* Its kernels work in host memory and are done when they return. Any other device has a lane. */
static inline int exec_device_is_host(const exec_device *d) {
  const uint32_t both = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
  return (d->info.features & both) == both && d->kernels_of == NULL;
}
/* home.c */
void *exec_device_address(const exec_device *d, rn_mem *m); /* where the host reads and writes it, or NULL */
rn_status *exec_device_alloc(exec_device *d, uint64_t size_bytes, rn_mem **out);
rn_status *exec_device_copy(exec_device *d, const rn_copy *c); /* done when it returns */
void exec_device_stop_copies(exec_device *d);                  /* before it is closed */

/* ---------------------------------------------------------------------------------- structure */
enum {
  NODE_COMPUTE,  /* a kernel */
  NODE_IDENTITY, /* output i is input i: shares memory where that is safe, else copies */
  NODE_CONSTANT, /* output 0 is a tensor */
  NODE_RESOURCE, /* output 0 names a cell */
  NODE_NOTHING,  /* orders only */
  NODE_SNAPSHOT, /* made by the planner: copies what a fetched Ref stands for, at its place in the order */
  NODE_TOKEN,    /* a control-flow primitive: only the token executor knows what to do */
  NODE_COPY,     /* made by the planner: brings its input to a device, or to the host */
  NODE_CLAIM,    /* made by the planner: runs what a compiler made of the nodes it claimed */
  NODE_CLAIMED   /* part of a claim: executes by itself only where the claim cannot */
};
/* A compiler's part of the plan. Members keep their values; what is read outside gets new ones. */
typedef struct exec_claim {
  const rn_compiler_def *def;
  const rn_host_api *host;
  uint32_t n_nodes, n_in, n_cells, n_out;
  uint32_t *member; /* in the order of execution */
  rn_node_id *nodes;
  rn_value *in, *cells, *out;
  uint8_t *writes;     /* per cell input */
  uint32_t *out_value; /* per output: the member's value */
  int32_t priority;
  const char *reason;
} exec_claim;
typedef struct exec_node {
  rn_node_id id; /* in plan->graph; a snapshot has its source's */
  uint8_t kind;
  uint8_t snapshot;      /* an identity that must copy: its cell is written before its last reader */
  uint8_t borrowed;      /* its kernel is written for another type of device (kernels_of) */
  uint8_t placing;       /* PLACE_* */
  uint32_t in, n_in;     /* plan->input[in ..]: value numbers */
  uint32_t out, n_out;   /* values out .. out + n_out - 1 */
  uint32_t pred, n_pred; /* plan->pred[pred ..]: nodes that go first (data, control, order on cells) */
  const rn_op *op;       /* NULL for a snapshot */
  const rn_kernel *kernel;
  exec_device *device;     /* NULL: runs nothing */
  const char *why;         /* placement in words, in the plan's arena */
  const char *left;        /* why compilers left it, in words; NULL: nothing was said */
  const exec_claim *claim; /* NODE_CLAIM, and its members */
} exec_node;
enum {
  PLACE_FELL = 1,      /* not where it was wanted */
  PLACE_HELD = 2,      /* something on the host holds a variable of its group */
  PLACE_OPEN = 4,      /* it has shapes that no layout will know */
  PLACE_AFTER_HOST = 8 /* and takes such a value from an op that runs on the host only */
};
typedef struct exec_value {
  uint32_t node, port; /* EXEC_NONE: a feed */
  rn_dtype dtype;      /* with RN_REF */
  uint32_t feed;       /* index of the feed, or EXEC_NONE */
  uint32_t cell;       /* plan->cell this value stands for (Ref, resource, alias), or EXEC_NONE */
  uint32_t reader;     /* an alias of a cell's content: the identity that took it; else EXEC_NONE */
  exec_device *home;   /* whose memory; NULL: the host's */
} exec_value;
typedef struct exec_cell {
  rn_resource *resource;                          /* NULL: bound when the step starts (function argument, step scope) */
  uint32_t feed;                                  /* the function argument that brings it, or EXEC_NONE */
  uint32_t maker;                                 /* node of role RESOURCE, or EXEC_NONE */
  uint8_t reads, writes, step_scope, shape_moves; /* shape_moves: written, and its declared shape is open */
  uint32_t first_reader; /* node that needs it initialised at the start of the step, or EXEC_NONE */
  rn_dtype dtype;
  rn_shape declared;
  exec_device *home; /* where this plan wants the content; NULL: the host */
  uint8_t settled;   /* 0: it may be anywhere */
} exec_cell;
/* A node touches a cell. reader: through an alias that this identity took; EXEC_NONE: itself. */
typedef struct exec_access {
  uint32_t cell, node, reader;
  uint8_t writes, fetched, initializes, needs;
} exec_access;
typedef struct exec_lock {
  rn_resource *resource;
  int exclusive;
} exec_lock;

typedef struct exec_plan {
  rn_session *session;
  const rn_graph *graph; /* the session's, a function body, or a copy with passes applied */
  rn_arena memory;
  uint64_t hash;
  uint32_t version;
  _Atomic uint32_t refs;
  /* what was asked */
  rn_value *feed, *fetch;
  rn_node_id *target;
  uint32_t n_feed, n_fetch, n_target;
  /* what came of it */
  exec_node *node;
  exec_value *value; /* feeds are values 0 .. n_feed - 1 */
  uint32_t *input, *pred;
  uint32_t *order; /* nodes in the order of execution: edges on cells respected too */
  exec_access *access;
  uint32_t n_access;
  uint32_t *fetch_value; /* per fetch: value number */
  exec_cell *cell;
  rn_resource **fixed_cell; /* per cell, NULL where bound when the step starts */
  uint8_t binds_cells;
  exec_lock *lock; /* in rn_resource_order; empty for function bodies: the caller holds them */
  uint32_t n_node, n_value, n_input, n_pred, n_cell, n_lock;
  uint8_t explains; /* only placed, and what cannot be placed says why */
  uint32_t *group;  /* explains: per node, the next it must stand with; a ring */
  uint8_t is_body, has_tokens, has_async, locks_per_op, has_calls;
  exec_device **lane; /* devices of this plan that are not the host's */
  uint32_t n_lane;
  const char *notes;           /* of planning, for explain; may be NULL */
  pthread_mutex_t guard;       /* layouts and their free lists */
  struct exec_layout *layouts; /* newest first */
  uint32_t n_layouts;
  struct exec_plan *next;
  /* again.c: nodes of the graph whose shapes, as layouts found, hang on data; the first n_planned when it was made */
  rn_node_id *open;
  uint32_t n_open, n_planned;
  struct exec_plan *_Atomic successor; /* made because of them; owned */
} exec_plan;

typedef struct exec_request {
  const rn_graph *graph;
  const rn_value *feeds, *fetches;
  const rn_node_id *targets;
  uint32_t n_feeds, n_fetches, n_targets;
  uint32_t version;
  int is_body, explains;
  const rn_node_id *open; /* nodes known to have shapes that hang on data */
  uint32_t n_open;
} exec_request;
/* own: owned (exec_plan_release). plan.c */
rn_status *exec_plan_create(rn_session *s, const exec_request *r, exec_plan **out);
void exec_plan_release(exec_plan *p);
/* The session's plan for r, made when new; r->graph and version are filled in. own: owned. find.c */
rn_status *exec_plan_find(rn_session *s, exec_request *r, exec_plan **out);
/* The node's text for messages: "MatMul 'fc1'". Returns buf. */
const char *exec_node_text(const exec_plan *p, uint32_t node, char *buf, size_t size_bytes);
/* The pieces of planning, each in a file of its own. */
rn_status *exec_prune(exec_plan *p);                      /* prune.c: nodes, values, inputs, preds */
rn_status *exec_place(exec_plan *p);                      /* place.c: device and kernel per node */
rn_status *exec_find_open(exec_plan *p);                  /* open.c: PLACE_OPEN, PLACE_AFTER_HOST */
int exec_plan_is_open(const exec_plan *p, rn_node_id id); /* again.c */
void exec_plan_mark_open(exec_plan *p, rn_node_id id);    /* again.c: a layout that fails because of it says so */
rn_status *exec_plan_take_open(exec_plan *p, const exec_request *r); /* again.c */
exec_plan *exec_plan_latest(exec_plan *p);   /* again.c: p or what succeeded it. own: borrowed, of p */
rn_status *exec_resolve_cells(exec_plan *p); /* cells.c: values to cells, locks */
rn_status *exec_order(exec_plan *p);         /* order.c: edges between readers and writers */
rn_status *exec_claim_nodes(exec_plan *p);   /* claim.c: parts for compilers */
rn_status *exec_carry(exec_plan *p);         /* carry.c: homes, copies, lanes */
/* Room in the plan's arrays for so many more. grow.c */
rn_status *exec_plan_grow(exec_plan *p, uint32_t nodes, uint32_t values, uint32_t inputs, uint32_t preds);
uint32_t exec_plan_lane(const exec_plan *p, const exec_device *d); /* EXEC_NONE: the host. carry.c */
/* prefer.c: lines of [place] and [kernels]. Strings are the configuration's. */
typedef struct exec_rule {
  const char *pattern, *device;
  const char *words; /* "[place] conv* = cpu (my.conf:3)" */
} exec_rule;
typedef struct exec_preference {
  const char *pattern, *origin, *plugin, *label; /* label NULL: any */
  uint8_t never;
} exec_preference;
rn_status *exec_read_preferences(rn_session *s);
const exec_preference *exec_preference_of(const rn_session *s, const rn_kernel *k); /* NULL: none names it */
/* kernel.c: the kernels for op on d, best first, in few or, where that is too small, on the heap. */
typedef struct exec_candidate {
  const rn_kernel *kernel;
  const exec_preference *preference; /* that lifts or bans it, or NULL */
  uint8_t borrowed;
} exec_candidate;
rn_status *exec_kernel_list(const rn_session *s, const rn_op *op, const exec_device *d, exec_candidate *few,
                            uint32_t n_few, exec_candidate **out, uint32_t *out_count);
/* Does it take the node? Else why not, in words (why may be NULL). */
rn_status *exec_kernel_judge(const rn_graph *g, rn_node_id id, const rn_op *op, const exec_candidate *c, int *out_yes,
                             rn_text *why);
/* Why nothing of node's group may be on d, which is not the host's; NULL: it may. fallen.c */
const char *exec_held_back(const exec_plan *p, const exec_node *n, const exec_device *d);
/* The best kernel for node id on d; refusals are added to why (may be NULL). */
rn_status *exec_kernel_choose(const rn_session *s, const rn_graph *g, rn_node_id id, const rn_op *op,
                              const exec_device *d, const rn_kernel **out, rn_text *why);
int exec_kernel_host_input(const exec_plan *p, const exec_node *n, uint32_t i);
int exec_kernel_host_output(const exec_plan *p, const exec_node *n, uint32_t i);
/* Does n write what its input i stands for? cells.c */
int exec_node_writes(const exec_plan *p, const exec_node *n, uint32_t i);

/* ------------------------------------------------------------------------------------- layout */
enum {
  SLOT_NONE,  /* nobody reads it, or no data (a resource handle) */
  SLOT_ARENA, /* at `offset` of the instance's arena */
  SLOT_HEAP,  /* a tensor of the instance: shape known when it is made, or strings */
  SLOT_FEED,
  SLOT_CONST, /* layout->constant[v] */
  SLOT_CELL
};
typedef struct exec_slot {
  uint8_t kind;
  uint8_t dynamic; /* shape not known in this layout */
  uint16_t reserved;
  uint32_t root;    /* the value whose memory this is: itself, or what it is an alias of */
  uint32_t sibling; /* next value with the same root, or EXEC_NONE */
  uint32_t uses;    /* SLOT_HEAP roots: readers, fetches included */
  uint64_t offset, size_bytes;
} exec_slot;
enum {
  STEP_SKIP,    /* nothing to execute */
  STEP_STATIC,  /* prepared: compute(state, call) and no more */
  STEP_CAREFUL, /* prepared, and views of cells or heap values need care before or after */
  STEP_DYNAMIC, /* infer, prepare and allocate when the inputs are known */
  STEP_DEVICE   /* through a lane: with queue and timeline, perhaps recorded */
};
typedef struct exec_prep {
  rn_compute_fn compute;
  void *state;
  void (*destroy)(void *state);
  uint64_t scratch_bytes, scratch_offset;
  uint32_t inplace;
  int32_t alias;
  double cost_ns;
} exec_prep;
typedef struct exec_step {
  uint8_t mode;
  uint8_t async;
  uint8_t launched;    /* STEP_DEVICE: a borrowed kernel, run by the device when its turn comes */
  uint8_t after_lanes; /* a node of a device that the host runs: when its lanes are done */
  uint16_t copies;     /* STEP_DEVICE: so many outputs are copies of inputs, from copied on; 0: computes */
  uint32_t copied;
  uint32_t segment; /* in layout->segment, or EXEC_NONE */
  exec_prep prep;
  void *program; /* NODE_CLAIM, where it could be compiled: the compiler's own. Borrowed */
} exec_step;
/* Consecutive positions that are recorded together. */
typedef struct exec_segment {
  uint32_t first, last;
} exec_segment;
typedef struct exec_upload {
  struct exec_upload *next;
  exec_device *device;
  rn_mem *mem;
} exec_upload;
typedef struct exec_layout {
  exec_plan *plan;
  struct exec_layout *next;
  rn_arena memory;
  rn_shape *key;         /* feeds, then cells */
  rn_fact *fact;         /* per value */
  rn_tensor_view *proto; /* per value: what every instance's view starts as */
  uint32_t *cell_root;   /* per cell: the first value of its chain, or EXEC_NONE */
  uint8_t *stays;        /* per cell: part of the key too; exec_cell_stays */
  exec_slot *slot;
  exec_step *step;
  rn_tensor **constant; /* per value; owned */
  uint32_t *order;      /* nodes that execute, in order */
  uint32_t n_order;
  uint64_t arena_bytes;
  uint64_t *lane_bytes; /* per plan->lane */
  exec_segment *segment;
  uint32_t n_segment;
  exec_upload *upload;               /* constants in device memory */
  uint8_t parallel, plain, has_heap; /* plain: every executed step is STEP_STATIC */
  /* the ready-count executor: per executing node (position in order) */
  uint32_t *waits, *after_at, *after; /* after[after_at[i] .. after_at[i+1]): who waits for it */
  uint32_t n_root;
  struct exec_instance *free; /* under plan->guard */
  _Atomic uint32_t refs;
} exec_layout;
/* The layout for these shapes (n_feed of them; NULL dims for resource arguments) and the cells' present
 * shapes; made when new. own: retained until exec_layout_release. layout.c */
struct exec_run;
rn_status *exec_layout_get(exec_plan *p, rn_tensor *const *feeds, rn_resource *const *cells, exec_layout **out);
void exec_layout_release(exec_layout *l);
rn_status *exec_layout_feed(exec_layout *l, uint32_t v, rn_tensor *fed); /* fact.c: what is known of a feed */
rn_status *exec_layout_value(exec_layout *l, uint32_t node); /* fact.c: of a node's outputs; then the node itself */
int exec_value_is_known(const exec_layout *l, uint32_t v);   /* step.c: small integers, from shapes alone */
int exec_will_fold(const exec_layout *l, const exec_node *n, rn_arena *memory); /* step.c: its outputs are such */
rn_status *exec_layout_node(exec_layout *l, uint32_t node);                     /* step.c: mode, slots, preparation */
rn_status *exec_layout_kernel(exec_layout *l, uint32_t node);                   /* step.c */
rn_status *exec_layout_executes(exec_layout *l, uint32_t node, int dynamic);    /* step.c */
rn_status *exec_layout_claim(exec_layout *l, uint32_t node);                    /* claimed.c */
rn_status *exec_layout_copy(exec_layout *l, uint32_t node);                     /* upload.c */
/* Value v is a constant in d's memory, with these bytes. upload.c */
rn_status *exec_layout_upload(exec_layout *l, uint32_t v, exec_device *d, const rn_tensor_view *from);
void exec_layout_drop_uploads(exec_layout *l);                   /* upload.c */
rn_status *exec_layout_segments(exec_layout *l);                 /* segment.c */
uint64_t exec_lane_chunk(const exec_device *d);                  /* lane.c: 0: one piece */
void exec_layout_alias(exec_layout *l, uint32_t v, uint32_t of); /* v is in the memory of `of` */
rn_status *exec_layout_memory(exec_layout *l);                   /* memory.c: offsets */
rn_status *exec_layout_parallel(exec_layout *l);                 /* branch.c: waits, next, whether it pays */
/* Prepares node n. in and out: as far as known. prepare.c */
rn_status *exec_prepare_node(const exec_plan *p, uint32_t node, const rn_tensor_view *const *in, uint32_t n_in,
                             const rn_tensor_view *const *out, uint32_t n_out, exec_prep *prep);
void exec_prep_finish(exec_prep *prep);

/* ----------------------------------------------------------------------------------- instance */
typedef struct exec_call {
  rn_call pub;                    /* first: rn_call_api finds the rest from it */
  struct exec_instance *instance; /* NULL for a call of the token executor */
  const exec_plan *plan;
  struct exec_run *run;
  rn_resource **made; /* per output: the resource it stands for, when the kernel said so */
  rn_tensor **held;   /* per output: a tensor that the kernel or the host made for it */
  uint32_t node, position;
  struct exec_counter *counter; /* of this node, once asked for */
  exec_prep *dynamic;           /* STEP_DYNAMIC: prepared for dynamic_key, kept between runs */
  rn_shape *dynamic_key;
  void *scratch; /* own scratch of a dynamic node */
  uint64_t scratch_bytes;
  uint64_t begun_ns;     /* asynchronous, and traced */
  uint8_t launched;      /* its kernel runs on the device's thread */
  _Atomic uint32_t half; /* asynchronous: compute has returned, complete was called; the second goes on */
  rn_task task;
} exec_call;
/* What the loop runs. compute NULL: exec_node_run. */
typedef struct exec_entry {
  rn_compute_fn compute;
  const void *state;
  rn_call *call;
} exec_entry;
typedef struct exec_instance {
  exec_layout *layout;
  struct exec_instance *next;
  struct exec_run *run; /* while running */
  unsigned char *arena;
  rn_tensor_view *view;    /* per value */
  rn_tensor **held;        /* per value: SLOT_HEAP tensors while they live */
  rn_resource **resource;  /* per value: what Ref and resource values stand for */
  rn_resource **cell;      /* per plan->cell */
  _Atomic uint32_t *uses;  /* per value: readers still to come */
  exec_call *call;         /* per position in layout->order */
  exec_entry *entry;       /* per position */
  _Atomic uint32_t *waits; /* per position in order */
  void *block;
  struct exec_lane *lane;         /* per plan->lane */
  struct exec_recorded *recorded; /* per layout->segment */
  uint64_t *epoch;                /* per plan->cell, with lanes */
  uint64_t moved;                 /* grows when a cell is elsewhere than it was */
  uint64_t *alive;                /* while it is traced, per position: bytes in use on the node's device */
  uint8_t broken;                 /* a lane failed: not to be used again */
} exec_instance;
/* One device's part in one running step. lane.c */
typedef struct exec_lane {
  exec_device *device;
  rn_queue *queue; /* NULL: synchronous */
  rn_timeline *timeline;
  uint64_t value;   /* of the last thing submitted */
  uint64_t reached; /* waited for */
  rn_mem **chunk;
  uint32_t n_chunk;
  rn_point wait, signal;
  _Atomic uint32_t launched; /* handed to the device and not over */
  uint8_t traced;            /* the device takes times */
} exec_lane;
typedef struct exec_recorded {
  rn_recording *recording;
  uint64_t moved; /* the instance's, when it was recorded */
  uint8_t traced; /* it holds marks for times, good for one step */
} exec_recorded;
rn_status *exec_lanes_create(exec_instance *x);
void exec_lanes_destroy(exec_instance *x);
void exec_lane_place(const exec_instance *x, uint32_t v, rn_tensor_view *out); /* where v lies */
void *exec_lane_scratch(const exec_instance *x, uint32_t node);                /* of a borrowed kernel */
rn_status *exec_launch(exec_instance *x, exec_lane *lane, uint32_t position);  /* launch.c */
void exec_launches_end(exec_instance *x); /* launch.c: none is under way; what they wrote is news */
rn_status *exec_lane_run(exec_instance *x, uint32_t position);
exec_lane *exec_lane_of(exec_instance *x, const exec_device *d);
void exec_lane_next(exec_lane *lane, rn_points *wait, rn_points *signal);
rn_status *exec_lane_done(exec_instance *x, exec_lane *lane, rn_status *s); /* of what got these points */
rn_status *exec_lane_wait(exec_instance *x, exec_lane *lane);
/* What comes next is position's, or nobody's (EXEC_NONE): for traces. trace_device.c */
void exec_lane_mark(const exec_instance *x, const exec_lane *lane, uint32_t position);
rn_status *exec_lanes_wait(exec_instance *x);
rn_status *exec_segment_run(exec_instance *x, uint32_t segment); /* segment.c */
void exec_segments_destroy(exec_instance *x);
rn_status *exec_instance_get(exec_layout *l, exec_instance **out); /* instance.c */
void exec_instance_put(exec_instance *x);
void exec_instance_destroy(exec_instance *x);
/* Refreshes the views of a cell and of all its aliases. */
void exec_instance_see_cell(exec_instance *x, uint32_t cell);
/* Makes t (kept) the content of heap value v, seen by its aliases. */
void exec_instance_hold(exec_instance *x, uint32_t v, rn_tensor *t);
void exec_instance_point(exec_instance *x, uint32_t v, void *data, rn_tensor *t); /* v and its aliases */
/* A view over a tensor. */
void exec_view_tensor(rn_tensor *t, rn_tensor_view *out);

/* ---------------------------------------------------------------------------------------- run */
typedef struct exec_trace exec_trace;
typedef struct exec_run {
  rn_session *session;
  const rn_run_options *options; /* may be NULL */
  const volatile int *cancel;    /* never NULL */
  uint64_t deadline_ns;          /* 0: none */
  uint32_t flags, depth;
  uint64_t correlation;
  rn_store *step_store;  /* made on first use */
  pthread_mutex_t guard; /* failure, step_store */
  rn_status *failure;    /* the first, by position in the order */
  uint32_t failed_at;
  _Atomic uint32_t stopped;    /* something failed: nothing more begins */
  _Atomic uint32_t done, left; /* the ready-count executor */
  exec_trace *trace;
  struct exec_run *parent; /* of a function call */
  const char *scope;       /* traced function calls: "outer/inner"; else NULL */
  uint8_t plan_again;      /* its layout could not be made, and has marked why (again.c) */
} exec_run;
typedef struct exec_args {
  rn_tensor *const *feeds;       /* NULL entries: resource arguments; may be NULL without feeds */
  rn_resource *const *resources; /* per feed, or NULL */
  rn_tensor **fetches;           /* in: NULL or the caller's tensor; out: owned */
} exec_args;
rn_status *exec_run_plan(exec_plan *p, exec_run *r, const exec_args *a); /* run.c */
/* p, or its successor; plans again where a layout asks for it. again.c */
rn_status *exec_run_latest(exec_plan *p, exec_run *r, const exec_args *a);
rn_status *exec_run_begin(exec_run *r, rn_session *s, const rn_run_options *o);
void exec_run_fail(exec_run *r, uint32_t position, rn_status *s /* given */); /* kept when it is the first */
rn_status *exec_run_failure(exec_run *r);                                     /* own: owned, NULL: none */
rn_status *exec_run_end(exec_run *r, rn_status *failure); /* hands the trace over; returns the failure */
/* home.c: is every cell where the plan wants it? Then bring it there, under exclusive locks. */
int exec_cells_are_home(const exec_plan *p, rn_resource *const *cell);
rn_status *exec_cells_go_home(const exec_plan *p, rn_resource *const *cell, const exec_run *run);
rn_status *exec_cell_go_home(const exec_plan *p, uint32_t cell, rn_resource *r, const exec_run *run);
/* 1: it has content in its device's memory, and whatever a step assigns goes into that same memory. */
int exec_cell_stays(const exec_cell *c, const rn_resource *r);
rn_status *exec_cell_download(const rn_resource *r, const rn_tensor_view *v, void *to);
rn_status *exec_cell_view(const rn_resource *r, rn_tensor_view *out); /* with data where the host reaches it */
rn_status *exec_cell_assign_on(exec_device *d, rn_resource *r, const rn_tensor_view *v);
/* bind.c */
rn_status *exec_check_feeds(const exec_plan *p, const exec_args *a);
rn_status *exec_bind_cells(exec_run *r, const exec_plan *p, const exec_args *a, rn_resource **cell);
rn_status *exec_check_initialised(const exec_plan *p, rn_resource *const *cell);
void exec_see_cells(exec_instance *x, rn_resource *const *cell);
void exec_see_feeds(exec_instance *x, const exec_args *a);
rn_status *exec_fetch(exec_instance *x, const exec_args *a); /* fetch.c */
/* NULL, or why the step must stop: CANCELLED, DEADLINE_EXCEEDED. */
rn_status *exec_run_check(const exec_run *r);
/* One node that is not STEP_STATIC; also used for every node when tracing or checking numbers. */
rn_status *exec_node_run(exec_instance *x, uint32_t position);
rn_status *exec_node_compute(exec_call *c, rn_compute_fn compute, const void *state); /* exclusive kernels alone */
rn_status *exec_node_after(exec_instance *x, uint32_t position); /* what follows a careful or dynamic compute */
/* Infers, prepares and allocates for call->node given the call's input views (all known), then computes.
 * Outputs that have no data yet get tensors in call->held[i] (owned by the caller) and out views over
 * them; Ref outputs are left alone. It touches nothing but the call: the token executor has its own. */
rn_status *exec_node_run_dynamic(exec_call *call); /* dynamic.c */
void exec_call_finish(exec_call *call);            /* drops what it keeps between runs */
rn_status *exec_wrap_failure(const exec_plan *p, uint32_t node, rn_status *cause);
rn_status *exec_run_serial(exec_instance *x);   /* run.c */
rn_status *exec_run_parallel(exec_instance *x); /* ready.c */
/* The token executor: plans with has_tokens. Inputs and outputs as exec_run_plan. */
rn_status *exec_token_run(exec_plan *p, exec_run *r, const exec_args *a);
void exec_async_done(exec_call *c, rn_status *s); /* ready.c */
extern const rn_call_api exec_call_api;           /* call.c */

uint64_t exec_now_ns(void);
/* trace.c. Only where the run has a trace; what is said lasts from begin_ns until now. */
rn_status *exec_trace_begin(exec_run *r);
void exec_trace_node(const exec_call *c, uint64_t begin_ns);
void exec_trace_part(const exec_run *r, uint32_t kind, const exec_device *d, const char *node, uint64_t bytes,
                     uint64_t begin_ns);                                  /* d may be NULL */
const char *exec_trace_scope(const exec_run *r, const exec_call *caller); /* of what it calls */
void exec_trace_end(exec_run *r);                                         /* without one too */
void exec_trace_instance(exec_instance *x); /* trace_device.c: its devices take times from now on */
void exec_trace_instance_end(exec_instance *x);
static inline uint64_t exec_trace_now(const exec_run *r) { return r->trace != NULL ? exec_now_ns() : 0; }
rn_status *exec_check_numbers(const exec_plan *p, uint32_t node, rn_tensor_view *const *out); /* numbers.c */

/* -------------------------------------------------------------------------- functions, session */
struct rn_function {
  rn_session *session;
  const char *name;
  const rn_graph *graph; /* whose library holds it */
  rn_function_info info;
  pthread_mutex_t guard;
  exec_plan *_Atomic plan; /* made at the first call */
  struct rn_function *next;
};
rn_status *exec_function_get(rn_session *s, const rn_graph *g, const char *name, size_t length,
                             const rn_function **out);
rn_status *exec_function_call(exec_run *parent, const exec_call *caller, const rn_function *f, const exec_args *a,
                              uint32_t n_args, uint32_t n_results);
void exec_functions_destroy(rn_session *s);

typedef struct exec_counter {
  struct exec_counter *next;
  const char *name;
  _Atomic uint64_t value;
} exec_counter;
typedef struct exec_validation exec_validation; /* validate.h */
struct rn_session {
  rn_graph *graph;
  rn_runtime *rt;
  exec_devices *devices;
  exec_device *order[EXEC_MAX_DEVICES]; /* those in play, preferred first; choice.c */
  _Atomic uint32_t n_order;
  uint32_t n_asked, n_preferred;      /* the caller's choice; and what devices.order begins with */
  const char *order_words;            /* "devices.order (default)" */
  _Atomic uint8_t has_all, has_homes; /* every type was looked for; cells may be in device memory */
  uint8_t fallback, interop;          /* FALLBACK_*; run.interop: parallel branches allowed */
  uint8_t pins_are_strict;            /* a pin that cannot be kept is an error, whatever preferences do */
  uint32_t flags, threads;
  rn_store *store;
  _Atomic int closed;
  uint8_t check_numbers; /* run.check_numerics */
  exec_rule *rule;       /* prefer.c */
  exec_preference *preference;
  uint32_t n_rule, n_preference;
  pthread_mutex_t planning; /* one plan is made at a time; taken before guard */
  pthread_mutex_t guard;    /* plans, functions, counters */
  exec_plan *plans;         /* most recently used first */
  uint32_t n_plans;
  rn_graph *passed; /* a copy with passes applied, for version passed_version */
  uint32_t passed_version, n_old_passed;
  rn_graph **old_passed; /* of earlier versions: their plans may live */
  struct rn_function *functions;
  exec_counter *counters;
  exec_validation *validation; /* NULL: kernels are called as they are */
  rn_arena names;
  _Atomic uint64_t made_plans, made_layouts, steps, arena_bytes, running;
};
enum { FALLBACK_ERROR, FALLBACK_WARN, FALLBACK_ALLOW };
/* choice.c. device: the caller's first choice, or NULL. */
rn_status *exec_session_devices(rn_session *s, const char *device);
rn_status *exec_session_join(rn_session *s, const char *pattern, uint32_t *out_joined); /* those that match */
rn_status *exec_session_join_more(rn_session *s, uint32_t *out_joined); /* of one more type; 0: there are no more */
rn_status *exec_session_host(rn_session *s, exec_device **out);         /* NULL: there is none */
rn_status *exec_no_device(rn_session *s, const char *pattern, const char *asked_by); /* never NULL */
rn_store *exec_process_store(rn_runtime *rt); /* device.c: lives with the devices */
rn_status *exec_out_of_memory(const char *what);
rn_status *exec_passed_graph(rn_session *s, exec_request *r); /* passed.c: r->graph with passes applied */
rn_status *exec_explain(exec_plan *p, char **out_text);       /* explain.c. own: owned, free() */
/* explain_node.c: all about each node of a plan that explains. */
/* real: the plan that would run, or NULL */
rn_status *exec_explain_nodes(exec_plan *p, const exec_plan *real,
                              void (*visit)(void *arg, const rn_node_explanation *n), void *arg);
/* explain_body.c: and about those of the functions that its nodes call. */
rn_status *exec_explain_bodies(const exec_plan *p, void (*visit)(void *arg, const rn_node_explanation *n), void *arg);
const char *exec_node_part(const exec_plan *p, const exec_node *n); /* what a node without a kernel is */
#endif
