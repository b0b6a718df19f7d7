/* plugin/validate.h - the validation layer's ground: who is at work, reports, guarded memory (core/plugin).
 *
 * For plugin/validate*.c and the layers that graph and exec put on it. Nothing here runs unless a runtime
 * was created with run.validate. A *scope* says on this thread whose code is called and what for; what is
 * reported while it is open fails that call. Reports are logged too, and only logged where no scope is open.
 * thread: all functions from any thread. */
#ifndef RN_PLUGIN_VALIDATE_H
#define RN_PLUGIN_VALIDATE_H
#include <runnel/plugin.h>
#include <runnel/runtime.h>
#include "plugin/host.h"

typedef struct rn_validator rn_validator; /* of one checked plugin; lives as long as the process */

int rn_runtime_validates(rn_runtime *rt);
void rn_validate_begin(rn_runtime *rt); /* the runtime is configured */
void rn_validate_end(rn_runtime *rt);   /* no report goes there any more */

/* --- the module's side (module.c) --- */
struct rn_module;
/* Gives host (of this runtime) and the module checking tables when rt validates. err RESOURCE_EXHAUSTED */
rn_status *rn_validate_start(struct rn_module *m, rn_host *host, rn_runtime *rt);
rn_status *rn_validate_init(struct rn_module *m); /* calls its init */
void rn_validate_stopped(struct rn_module *m);    /* after fini: what is left */
void rn_validate_detach(rn_host *host);           /* the runtime's host goes */
void rn_validate_forget(struct rn_module *m);     /* the module goes */

/* --- scopes and reports --- */
typedef struct rn_notes {
  rn_status *first; /* the first report, owned */
  int is_brief;     /* whoever takes it says what was called */
} rn_notes;
typedef struct rn_scope {
  struct rn_scope *outer;
  rn_validator *plugin; /* NULL: not checked */
  const char *what;     /* borrowed: "Relu 'r' (cpu, plain)" */
  rn_notes *notes;
  rn_notes own;
} rn_scope;
rn_validator *rn_validator_of(const rn_host_api *host); /* NULL: a plain table */
const char *rn_validator_id(const rn_validator *v);     /* "a plugin" for NULL */
/* notes NULL: the scope's own. what is borrowed until leave. */
void rn_scope_enter(rn_scope *s, rn_validator *plugin, const char *what, rn_notes *notes);
/* The result of what was called, or the first report instead. result: given; own: owned */
rn_status *rn_scope_leave(rn_scope *s, rn_status *result);
rn_scope *rn_scope_now(void); /* NULL: none is open */
rn_status *rn_notes_take(rn_notes *n, rn_status *result /* given */);
/* "plugin 'x': <what>: <message>": logged, and noted in notes (NULL: the open scope's). v may be NULL. */
void rn_violation(rn_validator *v, const char *what, rn_notes *notes, const char *format, ...) RN_FORMAT(4, 5);
void rn_violation_here(rn_validator *v, const char *format, ...) RN_FORMAT(2, 3); /* the open scope's */

/* --- guarded memory (validate_block.c) --- */
typedef struct rn_damage {
  int before;            /* before the start, not past the end */
  uint64_t first, bytes; /* distance of the nearest changed byte from the edge; from there to the last */
} rn_damage;
#define RN_UNWRITTEN 0x7ff1deadu /* what fresh memory is filled with: NaN in every floating-point type */
/* size_bytes between two red zones, filled with RN_UNWRITTEN. host: it is the plugin's own (host->alloc) */
void *rn_guarded_alloc(rn_validator *owner, const char *what, size_t size_bytes, size_t align, int host);
int rn_guarded_check(const void *p, rn_damage *out); /* 1: the red zones are whole; they are mended */
/* Poisoned and kept for a while, so that a write after this shows. */
void rn_guarded_retire(void *p);
void rn_guarded_sweep(void); /* looks at some of what was retired */
/* The plugin's block at p, when it is one that lives: its size. */
int rn_guarded_find(const void *p, size_t *out_size_bytes);
/* host->free */
void rn_guarded_free(rn_validator *by, void *p, _Atomic int64_t *blocks);
void rn_guarded_report(rn_validator *v); /* at stop: blocks left, damage */
const char *rn_damage_text(const rn_damage *d, char *buf, size_t size_bytes);

/* --- statuses and tensors (validate_status.c, validate_tensor.c) --- */
void rn_statuses_watch(void);
/* 1: lives. Else what is wrong is reported, as done by `act`. */
int rn_status_is_alive(rn_validator *v, const rn_status *s, const char *act);
void rn_statuses_report(rn_validator *v);
void rn_tensor_given(rn_tensor *t, int created);          /* the plugin has one reference more */
int rn_tensor_may_release(rn_validator *v, rn_tensor *t); /* 0: reported, or done here */
int rn_tensor_is_alive(rn_validator *v, const rn_tensor *t, const char *act);
void rn_tensors_report(rn_validator *v);

extern const rn_host_api rn_checking_table; /* validate_host.c; ctx is an rn_checked */
typedef struct rn_checked {
  rn_validator *validator;
  rn_host *_Atomic host; /* NULL: gone */
} rn_checked;
void rn_plain_table(rn_host *h, rn_host_api *out);  /* host.c */
int rn_validate_must_fail(void);                    /* is this the allocation that validate.fail_allocation names? */
const rn_checked *rn_checked_find(const void *ctx); /* NULL: no ctx of ours */
int rn_validator_is_stopped(const rn_validator *v);
#endif
