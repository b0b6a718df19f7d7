/* runnel/c/train.h - optimizers and checkpoints (frontends/c).
 *
 * For programs that train. Which optimizers there are is up to the plugins (runnel optimizers). */
#ifndef RUNNEL_C_TRAIN_H
#define RUNNEL_C_TRAIN_H
#include <runnel/c/layers.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_hyper {
  const char *name;
  double value;
} rn_hyper;
/* Adds gradients of loss for every trainable variable, the optimizer's slots and updates, and counts
 * global_step (may be NULL). Returns the node that does one step, named as the optimizer ("Adam"). What
 * is left out of hypers has the optimizer's default. The gradients join the collection "gradients", those of rows
 * alone excepted. err in the scope: NOT_FOUND (no such optimizer),
 * INVALID_ARGUMENT (unknown hyper-parameter or out of range, all are listed). */
RN_API rn_node_id rn_minimize(rn_scope *s, rn_value loss, const char *optimizer, const rn_hyper *hypers,
                              uint32_t n_hypers, const rn_variable *global_step);

/* Checkpoints: TensorFlow's save/... nodes for all variables made so far. A checkpoint is PREFIX-STEP with
 * .index, .data-00000-of-00001 and .meta; the text file "checkpoint" beside it names the newest. */
typedef struct rn_saver rn_saver;
RN_API rn_status *rn_saver_create(rn_scope *s, uint32_t keep, rn_saver **out);
RN_API void rn_saver_destroy(rn_saver *v);
/* Writes the checkpoint, then lets the state file name it, then removes what is older than the newest
 * `keep`. Interrupted anywhere, the state file names a whole checkpoint. prefix: "DIR/model". */
RN_API rn_status *rn_saver_save(rn_saver *v, rn_session *session, const char *prefix, int64_t step);
RN_API rn_status *rn_saver_restore(rn_saver *v, rn_session *session, const char *checkpoint);
/* The newest checkpoint of a folder. own: owned, free(); NULL: there is none. */
RN_API rn_status *rn_latest_checkpoint(const char *folder, char **out);
/* Writes the graph with its collections and the saver's names. */
RN_API rn_status *rn_saver_write_meta(rn_saver *v, const char *path);
#ifdef __cplusplus
}
#endif
#endif
