/* exec/prepare.c - a kernel gets ready for a node and its shapes (core/exec).
 *
 * What it decides (a packed weight, a chosen loop) is shared by all runs of a layout. Without a prepare
 * function the definition's own words hold. */
#include "exec/validate.h"

typedef struct request {
  rn_prepare pub; /* first */
  const exec_plan *plan;
} request;

static rn_status *find_function(const rn_prepare *p, const char *attr, const rn_function **out) {
  const request *r = (const request *)p;
  rn_attr_value v;
  RN_TRY(rn_graph_attr(p->self.graph, p->self.id, attr, 0, &v));
  const rn_bytes *name = v.type == (RN_ATTR_LIST | RN_ATTR_FUNC) && v.count > 0 ? v.u.list : &v.u.bytes;
  if ((v.type & ~(uint32_t)RN_ATTR_LIST) != RN_ATTR_FUNC)
    return rn_status_make(RN_INVALID_ARGUMENT, "attribute '%s' does not name a function", attr);
  return exec_function_get(r->plan->session, p->self.graph, name->data, name->size, out);
}

/* Branches of a list: "branches#2" is the third. */
static rn_status *find_branch(const rn_prepare *p, const char *attr, const rn_function **out) {
  const request *r = (const request *)p;
  const char *mark = strchr(attr, '#');
  char name[128];
  int64_t index;
  rn_attr_value v;
  if (mark == NULL) return find_function(p, attr, out);
  size_t n = (size_t)(mark - attr);
  if (n >= sizeof name || !rn_parse_i64(mark + 1, strlen(mark + 1), &index))
    return rn_status_make(RN_INVALID_ARGUMENT, "'%s' does not name a function of a list", attr);
  memcpy(name, attr, n);
  name[n] = '\0';
  RN_TRY(rn_graph_attr(p->self.graph, p->self.id, name, RN_ATTR_LIST | RN_ATTR_FUNC, &v));
  if (index < 0 || index >= (int64_t)v.count)
    return rn_status_make(RN_INVALID_ARGUMENT, "attribute '%s' has %u functions, not one numbered %lld", name, v.count,
                          (long long)index);
  const rn_bytes *f = (const rn_bytes *)v.u.list + index;
  return exec_function_get(r->plan->session, p->self.graph, f->data, f->size, out);
}

static void by_definition(const rn_kernel_def *def, exec_prep *prep) {
  memset(prep, 0, sizeof *prep);
  prep->compute = def->compute;
  prep->state = (void *)(uintptr_t)def->user;
  prep->inplace = def->inplace;
  prep->alias = def->alias;
}

rn_status *exec_prepare_node(const exec_plan *p, uint32_t node, const rn_tensor_view *const *in, uint32_t n_in,
                             const rn_tensor_view *const *out, uint32_t n_out, exec_prep *prep) {
  const exec_node *n = &p->node[node];
  const rn_kernel *k = n->kernel;
  by_definition(k->def, prep);
  if (RN_HAS_FN(k->def, rn_kernel_def, prepare)) {
    rn_prepared made = {(uint32_t)sizeof made, 0, prep->compute, prep->state, NULL, 0, prep->inplace, prep->alias, 0};
    request r = {{(uint32_t)sizeof r.pub,
                  n_in,
                  n_out,
                  p->session->threads,
                  {k->host, rn_graph_view(), p->graph, n->id, 0},
                  in,
                  out,
                  n->borrowed ? NULL : n->device->handle,
                  k->def->user,
                  find_branch},
                 p};
    rn_status *s = exec_call_prepare(p, node, &r.pub, &made);
    if (s != NULL) return exec_wrap_failure(p, node, s);
    *prep = (exec_prep){made.compute, made.state, made.destroy, made.scratch_bytes, 0,
                        made.inplace, made.alias, made.cost_ns};
  }
  if (prep->alias < 0 || (uint32_t)prep->alias > n_in) prep->alias = 0;
  if (prep->compute != NULL || prep->alias != 0) return exec_validate_prep(p, node, prep);
  exec_prep_finish(prep);
  return exec_wrap_failure(p, node, rn_status_make(RN_INTERNAL, "the kernel has nothing to compute with"));
}

void exec_prep_finish(exec_prep *prep) {
  if (prep->destroy != NULL) prep->destroy(prep->state);
  prep->destroy = NULL;
}
