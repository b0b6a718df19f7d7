/* nets.h - the two networks that are measured, in training (tests/bench). */
#ifndef BENCH_NETS_H
#define BENCH_NETS_H
#include <runnel/c/train.h>
#include <runnel/runnel.h>

typedef struct net {
  rn_value x, y, loss, keep;
  rn_node_id train, init;
  int64_t batch;
  int has_keep;
} net;
typedef struct training {
  net n;
  rn_session *session;
  rn_step *step;
  rn_tensor *feeds[3], *loss;
} training;

net build_mlp(rn_scope *s);   /* 784 -> 128 -> 32 -> 10, batches of 100 */
net build_lenet(rn_scope *s); /* two convolutions, 1024, dropout; batches of 50 */
/* Builds it, initialises the variables, prepares a step of plain descent. device NULL: as configured. Ends, also after
 * a failure, with training_end. */
rn_status *training_begin(rn_scope *s, net (*build)(rn_scope *s), const char *device, training *t);
void training_end(training *t);
#endif
