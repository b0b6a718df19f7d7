/* runnel/graphdef.h - TensorFlow's graph files: GraphDef, MetaGraphDef, SavedModel, checkpoint state
 * (frontends/graphdef).
 *
 * For programs that exchange graphs with TensorFlow. The values inside checkpoints are not here: they
 * are read and written by ops of a plugin. Written graphs carry producer version 134 (TensorFlow 1.15)
 * and min_consumer 0.
 * thread: functions may be called from any thread; one graph or metagraph by one thread at a time. */
#ifndef RUNNEL_GRAPHDEF_H
#define RUNNEL_GRAPHDEF_H
#include <runnel/graph.h>
#ifdef __cplusplus
extern "C" {
#endif

enum { RN_FILE_BINARY = 0, RN_FILE_TEXT = 1 };

/* A GraphDef from a file: text when the name ends in .pbtxt or .txt, else binary. flags as in
 * rn_graph_create. own: owned. err NOT_FOUND (no file, unknown op), DATA_LOSS (not a GraphDef),
 * INVALID_ARGUMENT (node named), RESOURCE_EXHAUSTED (a tensor of more than 2 GiB). */
RN_API rn_status *rn_graphdef_read(rn_runtime *rt, const char *path, uint32_t flags, rn_graph **out);
/* The same from memory; format is RN_FILE_*. origin stands in messages. */
RN_API rn_status *rn_graphdef_parse(rn_runtime *rt, const void *data, size_t size_bytes, int format, const char *origin,
                                    uint32_t flags, rn_graph **out);
/* Nodes in graph order, all attributes, functions. Written to a temporary name and renamed. */
RN_API rn_status *rn_graphdef_write(const rn_graph *g, const char *path, int format);
/* own: *out_data owned, free() */
RN_API rn_status *rn_graphdef_print(const rn_graph *g, int format, void **out_data, size_t *out_size_bytes);

/* A graph with what surrounds it. Strings that come out are borrowed until the metagraph changes. */
typedef struct rn_metagraph rn_metagraph;
/* Around a graph that the caller keeps (borrowed until destroy). own: owned */
RN_API rn_status *rn_metagraph_create(rn_graph *g, rn_metagraph **out);
RN_API rn_status *rn_metagraph_read(rn_runtime *rt, const char *path, uint32_t flags, rn_metagraph **out);
RN_API rn_status *rn_metagraph_parse(rn_runtime *rt, const void *data, size_t size_bytes, int format,
                                     const char *origin, uint32_t flags, rn_metagraph **out);
/* saved_model.pb or saved_model.pbtxt in folder `path` (or that file itself). tags: the metagraph whose
 * tags are exactly these; n_tags 0: the only one. err NOT_FOUND lists the tag sets there are. */
RN_API rn_status *rn_saved_model_read(rn_runtime *rt, const char *path, const char *const *tags, uint32_t n_tags,
                                      uint32_t flags, rn_metagraph **out);
/* With the definitions of the ops used, so that TensorFlow can import it. */
RN_API rn_status *rn_metagraph_write(rn_metagraph *m, const char *path, int format);
RN_API void rn_metagraph_destroy(rn_metagraph *m);          /* with its graph if it was read; NULL is accepted */
RN_API rn_graph *rn_metagraph_graph(const rn_metagraph *m); /* borrowed */
/* The graph becomes the caller's (owned) and stays readable through m. */
RN_API rn_graph *rn_metagraph_take_graph(rn_metagraph *m);
RN_API const char *rn_metagraph_tensorflow_version(const rn_metagraph *m); /* "" when not told */

typedef struct rn_saver_def {
  const char *filename_tensor, *save_tensor, *restore_op; /* "save/Const:0" ... */
  int32_t max_to_keep;
  int32_t sharded;
  float keep_every_hours;
  int32_t version; /* 0 legacy, 1, 2 */
} rn_saver_def;
RN_API int rn_metagraph_saver(const rn_metagraph *m, rn_saver_def *out); /* 0: none */
/* Replaces it; the strings are copied. */
RN_API rn_status *rn_metagraph_set_saver(rn_metagraph *m, const rn_saver_def *s);

/* Collections: named lists of node names, bytes, integers or floats. */
enum {
  RN_COLLECT_NONE = 0,
  RN_COLLECT_NODES = 1,
  RN_COLLECT_BYTES = 2,
  RN_COLLECT_INTS = 3,
  RN_COLLECT_FLOATS = 4,
  RN_COLLECT_ANY = 5
};
RN_API uint32_t rn_metagraph_collection_count(const rn_metagraph *m);
RN_API const char *rn_metagraph_collection_name(const rn_metagraph *m, uint32_t i);
/* The kind, RN_COLLECT_NONE when there is no such collection, and how many items it has. */
RN_API int rn_metagraph_collection(const rn_metagraph *m, const char *name, uint32_t *out_count);
/* Item i as bytes (names, bytes; of an Any its value), integer or float. 0: no such item or another kind. */
RN_API int rn_metagraph_collected(const rn_metagraph *m, const char *name, uint32_t i, rn_bytes *out);
RN_API int rn_metagraph_collected_int(const rn_metagraph *m, const char *name, uint32_t i, int64_t *out);
RN_API int rn_metagraph_collected_float(const rn_metagraph *m, const char *name, uint32_t i, float *out);
/* Appends; the first item settles the kind. err INVALID_ARGUMENT: the collection holds another kind. */
RN_API rn_status *rn_metagraph_collect_node(rn_metagraph *m, const char *name, const char *node);
RN_API rn_status *rn_metagraph_collect_bytes(rn_metagraph *m, const char *name, rn_bytes item);
RN_API rn_status *rn_metagraph_collect_int(rn_metagraph *m, const char *name, int64_t item);
RN_API rn_status *rn_metagraph_collect_float(rn_metagraph *m, const char *name, float item);

/* What the collections "variables" and "trainable_variables" hold. */
typedef struct rn_variable_def {
  const char *variable;      /* "w:0" */
  const char *initializer;   /* "w/Assign" */
  const char *snapshot;      /* "w/read:0" */
  const char *initial_value; /* "w/initial:0" */
  int32_t trainable, is_resource;
} rn_variable_def;
RN_API rn_status *rn_metagraph_collect_variable(rn_metagraph *m, const char *name, const rn_variable_def *v);
/* Item i decoded. Its strings are borrowed until the next call on m. err OUT_OF_RANGE, DATA_LOSS */
RN_API rn_status *rn_metagraph_variable(rn_metagraph *m, const char *name, uint32_t i, rn_variable_def *out);

/* Signatures: how a saved model is called. */
typedef struct rn_signature_tensor {
  const char *key, *tensor; /* "x", "x:0"; of a sparse tensor the values' name */
  rn_dtype dtype;
  rn_shape shape;
} rn_signature_tensor;
typedef struct rn_signature_info {
  const char *key, *method;
  uint32_t n_inputs, n_outputs;
} rn_signature_info;
RN_API uint32_t rn_metagraph_signature_count(const rn_metagraph *m);
RN_API int rn_metagraph_signature(const rn_metagraph *m, uint32_t i, rn_signature_info *out);
RN_API int rn_metagraph_signature_input(const rn_metagraph *m, uint32_t i, uint32_t k, rn_signature_tensor *out);
RN_API int rn_metagraph_signature_output(const rn_metagraph *m, uint32_t i, uint32_t k, rn_signature_tensor *out);
RN_API rn_status *rn_metagraph_add_signature(rn_metagraph *m, const char *key, const char *method,
                                             const rn_signature_tensor *inputs, uint32_t n_inputs,
                                             const rn_signature_tensor *outputs, uint32_t n_outputs);

/* Tags tell the metagraphs of a SavedModel apart; assets are files that go with it: the tensor that is fed
 * the file's name, and the name. 0: no such asset. */
RN_API uint32_t rn_metagraph_tag_count(const rn_metagraph *m);
RN_API const char *rn_metagraph_tag(const rn_metagraph *m, uint32_t i);
RN_API rn_status *rn_metagraph_add_tag(rn_metagraph *m, const char *tag);
RN_API uint32_t rn_metagraph_asset_count(const rn_metagraph *m);
RN_API int rn_metagraph_asset(const rn_metagraph *m, uint32_t i, const char **out_tensor, const char **out_file);

/* The text file "checkpoint" of a save folder: which checkpoints there are, oldest first. */
typedef struct rn_checkpoint_state {
  char *current; /* as written in the file: relative to its folder, or absolute */
  char **all;
  uint32_t n_all;
} rn_checkpoint_state;
/* path: the file, or a folder that holds one named "checkpoint". err NOT_FOUND, DATA_LOSS */
RN_API rn_status *rn_checkpoint_state_read(const char *path, rn_checkpoint_state *out);
RN_API rn_status *rn_checkpoint_state_write(const char *path, const rn_checkpoint_state *s);
RN_API void rn_checkpoint_state_finish(rn_checkpoint_state *s);
/* The newest checkpoint's prefix, joined with the folder. own: owned, free(). err NOT_FOUND */
RN_API rn_status *rn_checkpoint_latest(const char *folder, char **out_prefix);
#ifdef __cplusplus
}
#endif
#endif
