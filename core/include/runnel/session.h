/* runnel/session.h - running graphs (core/exec).
 *
 * For programs that use Runnel. A session holds a graph's variables and plans. Run evaluates fetches
 * and targets, given feeds; plans are cached by what is fed, fetched and targeted.
 * thread: run and close from any thread, many at once. */
#ifndef RUNNEL_SESSION_H
#define RUNNEL_SESSION_H
#include <runnel/graph.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_session rn_session;
typedef struct rn_session_options {
  uint32_t struct_size;
  uint32_t threads;     /* 0: the configuration's */
  const char *device;   /* first in the order of preference, e.g. "vulkan:0"; NULL: configuration */
  const char *fallback; /* "auto", "error", "warn", "allow"; NULL: configuration */
  uint32_t flags;       /* RN_SESSION_NO_PASSES */
} rn_session_options;
enum { RN_SESSION_NO_PASSES = 1u };

/* own: owned; the graph is borrowed until destroy. options may be NULL. */
RN_API rn_status *rn_session_create(rn_graph *g, const rn_session_options *options, rn_session **out);
RN_API void rn_session_close(rn_session *s); /* cancels running steps; later runs fail with CANCELLED */
RN_API void rn_session_destroy(rn_session *s);

enum {
  RN_TRACE_KERNEL = 0,   /* a node, computed */
  RN_TRACE_CLAIM = 1,    /* nodes that a compiler computes as one: covers */
  RN_TRACE_CALL = 2,     /* a node that calls functions; what these run lies within, its name in their scope */
  RN_TRACE_UPLOAD = 3,   /* a copy to `device` */
  RN_TRACE_DOWNLOAD = 4, /* a copy to the host from `device` */
  RN_TRACE_SUBMIT = 5,   /* the host hands work to `device`, which runs it when its turn comes: covers */
  RN_TRACE_RECORD = 6,   /* the host records such work, to hand it over as one: covers */
  RN_TRACE_WAIT = 7,     /* the host waits for `device` */
  RN_TRACE_FEED = 8,     /* what is fed becomes visible */
  RN_TRACE_FETCH = 9,    /* what is fetched is handed over */
  RN_TRACE_PLAN = 10,    /* a step that was not run before, or not with these shapes, is planned */
  RN_TRACE_STEP = 11     /* all of it; bytes: of its arena on the host */
};
/* One stretch of time. Texts are borrowed for the call, never NULL. */
typedef struct rn_trace_event {
  const char *node, *op, *device, *kernel;
  uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
  uint64_t correlation;      /* the same on the host and on the device: one piece of work */
  uint32_t thread;           /* of the host, counted from 1; of a device's queue 0 */
  /* Since 0.3. */
  uint32_t kind;         /* RN_TRACE_* */
  uint32_t queue;        /* 0: times of a thread of the host. Else a queue of `device`, counted from 1, by its clock */
  uint32_t n_covers;     /* nodes of a claim, or of what is recorded together */
  const char *plugin;    /* of the kernel, or of the compiler */
  const char *track;     /* a row of the device's own ("mxu, simulated"); "": its queue's */
  const char *scope;     /* names of the nodes that call the function it runs in: "outer/inner" */
  const char *shape;     /* of output 0: "float[100,784]" */
  uint64_t bytes;        /* of its outputs; of a copy: copied */
  uint64_t memory_bytes; /* of values alive on `device` when it ran, its own included; 0: not known */
  const char *const *covers;
  uint64_t lost; /* RN_TRACE_STEP: events there was no room for */
} rn_trace_event;
typedef struct rn_run_options {
  uint32_t struct_size;
  uint32_t flags;                                    /* RN_RUN_* */
  uint64_t timeout_ns;                               /* 0: none. DEADLINE_EXCEEDED afterwards */
  void (*trace)(void *arg, const rn_trace_event *e); /* NULL: no trace. Called after the step, in order of begin */
  void *trace_arg;
  const volatile int *cancel; /* when it becomes non-zero the step ends with CANCELLED; may be NULL */
} rn_run_options;
enum {
  RN_RUN_CHECK_NUMERICS = 1u, /* fail at the first node that makes NaN or infinity, named */
  /* The trace tells of all kinds, and of what devices did by their own clocks. Without it, since 0.3 as before: of what
   * the host did for each node. */
  RN_RUN_TRACE_ALL = 2u
};

typedef struct rn_feed {
  rn_value value;
  rn_tensor *tensor; /* borrowed */
} rn_feed;

/* One step. out_fetches[i] on entry NULL: receives an owned tensor; not NULL: a caller's tensor of the
 * right dtype and shape that is written to. On failure nothing is owned.
 * err INVALID_ARGUMENT (feed of wrong dtype or shape, nothing to do, unfed placeholder: all named),
 * FAILED_PRECONDITION (uninitialised variable), NOT_FOUND (no kernel: each candidate's reason),
 * DEADLINE_EXCEEDED, CANCELLED, and what kernels report. */
RN_API rn_status *rn_session_run(rn_session *s, const rn_run_options *o, const rn_feed *feeds, uint32_t n_feeds,
                                 const rn_value *fetches, uint32_t n_fetches, rn_tensor **out_fetches,
                                 const rn_node_id *targets, uint32_t n_targets);

/* The same step many times: planned once, no look-up afterwards. own: owned, before the session goes. */
typedef struct rn_step rn_step;
RN_API rn_status *rn_session_prepare(rn_session *s, const rn_value *feeds, uint32_t n_feeds, const rn_value *fetches,
                                     uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets, rn_step **out);
RN_API rn_status *rn_step_run(rn_step *step, const rn_run_options *o, rn_tensor *const *feeds, rn_tensor **out_fetches);
RN_API void rn_step_destroy(rn_step *step);

/* How the plan for a step looks: per node its device and kernel, and why. Text for people. own: owned, free() */
RN_API rn_status *rn_session_explain(rn_session *s, const rn_value *feeds, uint32_t n_feeds, const rn_value *fetches,
                                     uint32_t n_fetches, const rn_node_id *targets, uint32_t n_targets,
                                     char **out_text);
/* The same as data, for each node in the order of the plan. It goes on where a run would fail: a node without
 * a kernel or a device, an unfed placeholder and an unknown op are described like any other. */
typedef struct rn_candidate {
  uint32_t struct_size;
  int32_t priority;
  const char *device;              /* "/device:CPU:0": where it would run */
  const char *plugin, *label;      /* of the kernel; of the device, with label "", where that takes no part */
  const char *types;               /* its constraints as it wrote them, or "" */
  const char *reason;              /* why it does not take the node; "" when it does */
  uint8_t takes, chosen, borrowed; /* borrowed: written for another type of device */
  uint8_t reserved[5];
} rn_candidate;
typedef struct rn_node_explanation {
  uint32_t struct_size, n_candidates;
  const char *name, *op;
  const char *part;                      /* "constant", "variable", ...: it needs no kernel; else "" */
  const char *device, *plugin, *label;   /* what runs it; "" when nothing does */
  const char *device_rule;               /* what decided on the device: a pin, a line of [place], devices.order, ... */
  const char *kernel_rule;               /* what decided between kernels: priority, a line of [kernels], ... */
  const char *claimed_by;                /* the compiler that computes it together with others, or "" */
  const char *problem;                   /* why nothing runs it, or "" */
  const rn_candidate *const *candidates; /* in order: those before the chosen one refuse, or another rule does */
  uint8_t fell_back;                     /* it is not where it was wanted */
  uint8_t reserved[7];
  const char *claim_reason; /* why that compiler took it, or "" */
  const char *left_reason;  /* which compilers left it, and why; "" when none said so */
  /* The function whose body it is in, "" for none; its name begins with that of the node that calls. */
  const char *function;
} rn_node_explanation;
/* Calls visit with what is borrowed for the call. out_problem: why the step as a whole cannot be run; NULL: it can.
 * own: owned (out_problem) */
RN_API rn_status *rn_session_explain_nodes(rn_session *s, const rn_value *feeds, uint32_t n_feeds,
                                           const rn_value *fetches, uint32_t n_fetches, const rn_node_id *targets,
                                           uint32_t n_targets, void (*visit)(void *arg, const rn_node_explanation *n),
                                           void *arg, rn_status **out_problem);
typedef struct rn_session_stats {
  uint32_t struct_size, reserved;
  uint64_t plans, layouts, steps, arena_bytes, cell_bytes;
} rn_session_stats;
RN_API void rn_session_get_stats(rn_session *s, rn_session_stats *out);
#ifdef __cplusplus
}
#endif
#endif
