/* exec/validate.h - kernels called through frames, in sessions that validate (core/exec).
 *
 * A frame stands between a kernel and the host for one call. The kernel gets copies: of the call, of the
 * views, and, where its device computes in host memory, of the bytes, each between red zones. When it is
 * done the copies are looked at, the outputs taken over and the copies poisoned. So a wild write is seen,
 * named and kept out of everybody else's memory, and what is kept after the call is seen when it is used. */
#ifndef RN_EXEC_VALIDATE_H
#define RN_EXEC_VALIDATE_H
#include "exec/exec.h"
#include "plugin/validate.h"

/* --- hooks; all do nothing, or are not called, where session->validation is NULL --- */
rn_status *exec_validation_create(rn_session *s); /* sets s->validation when the runtime validates */
void exec_validation_destroy(rn_session *s);
/* The step's end: what was found out after the call it belongs to. failure: given */
rn_status *exec_validation_late(exec_validation *v, rn_status *failure);
/* The kernel's supports and prepare, under a scope. */
rn_status *exec_call_supports(const rn_kernel *k, rn_self *self, uint8_t *out_yes, char reason[256]);
rn_status *exec_call_prepare(const exec_plan *p, uint32_t node, rn_prepare *r, rn_prepared *out);
/* Puts a frame around what prep computes. On failure prep is finished. */
rn_status *exec_validate_prep(const exec_plan *p, uint32_t node, exec_prep *prep);
/* Puts a checking table over an open device's own. err RESOURCE_EXHAUSTED */
rn_status *exec_validate_device(rn_runtime *rt, exec_device *d);

/* --- for validate*.c of this room --- */
typedef struct exec_watched { /* a prep with a frame around it: the state of checked computes */
  exec_prep prep;             /* the kernel's */
  const exec_plan *plan;
  uint32_t node;
  rn_validator *plugin;
  char what[300];
  size_t state_bytes; /* 0: not a block of the plugin */
  uint64_t state_hash;
  uint8_t async, isolated;
} exec_watched;
typedef struct frame_bytes { /* of an input, an output, the scratch, a variable */
  void *own;                 /* the guarded copy; NULL: the kernel works on the real bytes */
  void *real;
  size_t size_bytes;
  rn_resource *resource;                /* of a variable */
  uint8_t shared, writes, stale, given; /* shared: own is another's; given: not the kernel's to fill */
  uint8_t volatile_real;                /* others may write the real bytes meanwhile */
  rn_shape made;                        /* by set_output; rank -1: not yet */
} frame_bytes;
typedef struct exec_frame {
  rn_call pub;     /* first: what the kernel gets */
  exec_call *real; /* NULL: over */
  exec_validation *validation;
  const exec_watched *watched; /* while not over */
  rn_validator *plugin;
  rn_notes notes;
  char what[300];
  uint8_t async, isolated, returned, completed, late; /* under the frames' lock */
  rn_status *result;
  uint64_t begin_ns, limit_ns;
  struct exec_frame *next; /* waiting to be completed */
  rn_tensor_view *view;    /* inputs, then outputs */
  frame_bytes *bytes;      /* inputs, outputs, scratch */
  frame_bytes *cell;       /* what cell_view gave */
  uint32_t n_cell, cap_cell;
  rn_resource **opened;
  uint32_t n_opened, cap_opened;
} exec_frame;
struct exec_validation {
  rn_notes late;
  pthread_mutex_t guard; /* waiting, stop */
  pthread_cond_t wake;
  pthread_t watchdog;
  int has_watchdog, stop;
  exec_frame *waiting;
};
extern const rn_call_api exec_checking_call; /* validate_call.c */
/* validate_frame.c */
exec_frame *exec_frame_begin(const exec_watched *w, exec_call *real); /* NULL: out of memory */
/* Looks, takes over, poisons; the frame is over. s: given. abandoned: the kernel may still be at work */
rn_status *exec_frame_end(exec_frame *f, rn_status *s, int abandoned);
exec_frame *exec_frame_find(const rn_call *c); /* over or not; NULL: none of ours */
void exec_frames_leave(const exec_validation *v);
void exec_frame_see_output(exec_frame *f, uint32_t o); /* after the host made output o */
void *exec_frame_copy(exec_frame *f, frame_bytes *b, void *real, size_t size_bytes);
void exec_frame_flush(exec_frame *f, const rn_resource *r, int take); /* variables: NULL all */
uint64_t exec_hash_bytes(const void *p, size_t n);
/* validate_look.c */
uint32_t exec_frame_parts(const exec_frame *f); /* inputs, outputs, scratch */
const char *exec_frame_name(const exec_frame *f, const frame_bytes *b, char *buf, size_t size_bytes);
void exec_frame_look(exec_frame *f, int failed); /* reports */
/* validate_async.c */
rn_status *exec_frame_returned(exec_frame *f, rn_status *s); /* compute of an asynchronous kernel has */
void exec_frame_complete(rn_call *c, rn_status *s);
void exec_watchdog_stop(exec_validation *v);
#endif
