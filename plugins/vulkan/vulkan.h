/* vulkan.h - what the files of the Vulkan plugin share: the device and everything below the kernels
 * (plugins/vulkan).
 *
 * One VkDevice and one compute VkQueue per opened device. The host's queues each keep a list of batches;
 * a batch is what goes to the VkQueue in one vkQueueSubmit. Order on the VkQueue and a barrier at the start
 * of each command buffer stand for every wait: a batch is submitted once all it waits for has been. The
 * words of kernels (dispatch, operands, tables) are in kernel.h. */
#ifndef GPU_VULKAN_H
#define GPU_VULKAN_H
#define VK_NO_PROTOTYPES
#include <pthread.h>
#include <runnel/plugin.h>
#include <vulkan/vulkan.h>

/* Set by init, constant afterwards: for memory and statuses. Settings and logs are a runtime's: gpu_device.host. */
extern const rn_host_api *gpu_host;

/* ------------------------------------------------------------------------------------------ functions */
/* Lists by hand: the formatter does not settle on them. */
/* clang-format off */
#define GPU_GLOBAL(X) \
  X(CreateInstance) X(EnumerateInstanceVersion) X(EnumerateInstanceExtensionProperties) \
  X(EnumerateInstanceLayerProperties)
#define GPU_INSTANCE(X) \
  X(DestroyInstance) X(EnumeratePhysicalDevices) X(GetPhysicalDeviceProperties2) X(GetPhysicalDeviceFeatures2) \
  X(GetPhysicalDeviceMemoryProperties) X(GetPhysicalDeviceQueueFamilyProperties) X(CreateDevice) \
  X(GetDeviceProcAddr) X(EnumerateDeviceExtensionProperties)
#define GPU_MEMORY(X) \
  X(AllocateMemory) X(FreeMemory) X(MapMemory) X(CreateBuffer) X(DestroyBuffer) X(GetBufferMemoryRequirements) \
  X(BindBufferMemory) X(CreateBufferView) X(DestroyBufferView)
#define GPU_QUEUE(X) \
  X(DestroyDevice) X(GetDeviceQueue) X(DeviceWaitIdle) X(QueueSubmit) X(CreateSemaphore) X(DestroySemaphore) \
  X(GetSemaphoreCounterValue) X(WaitSemaphores) X(SignalSemaphore)
#define GPU_COMMANDS(X) \
  X(CreateCommandPool) X(DestroyCommandPool) X(ResetCommandPool) X(AllocateCommandBuffers) X(BeginCommandBuffer) \
  X(EndCommandBuffer)
#define GPU_RECORD(X) \
  X(CmdBindPipeline) X(CmdBindDescriptorSets) X(CmdPushConstants) X(CmdDispatch) X(CmdPipelineBarrier) \
  X(CmdCopyBuffer) X(CmdFillBuffer)
#define GPU_SETS(X) \
  X(CreateDescriptorPool) X(DestroyDescriptorPool) X(ResetDescriptorPool) X(AllocateDescriptorSets) \
  X(UpdateDescriptorSets) X(CreateDescriptorSetLayout) X(DestroyDescriptorSetLayout)
#define GPU_PIPELINES(X) \
  X(CreatePipelineLayout) X(DestroyPipelineLayout) X(CreateShaderModule) X(DestroyShaderModule) \
  X(CreateComputePipelines) X(DestroyPipeline) X(CreatePipelineCache) X(DestroyPipelineCache) \
  X(GetPipelineCacheData)
#define GPU_QUERIES(X) \
  X(CreateQueryPool) X(DestroyQueryPool) X(GetQueryPoolResults) X(CmdResetQueryPool) X(CmdWriteTimestamp)
#define GPU_DEVICE(X) \
  GPU_MEMORY(X) GPU_QUEUE(X) GPU_COMMANDS(X) GPU_RECORD(X) GPU_SETS(X) GPU_PIPELINES(X) GPU_QUERIES(X)
/* clang-format on */
typedef struct gpu_api {
  PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
#define MEMBER(name) PFN_vk##name name;
  GPU_GLOBAL(MEMBER) GPU_INSTANCE(MEMBER) GPU_DEVICE(MEMBER)
#undef MEMBER
} gpu_api;

/* Opens the Vulkan loader once per process and fills the global functions. err UNAVAILABLE */
rn_status *gpu_load(gpu_api *vk);
rn_status *gpu_load_instance(gpu_api *vk, VkInstance instance);
rn_status *gpu_load_device(gpu_api *vk, VkDevice device);

typedef struct gpu_instance {
  const rn_host_api *host; /* of the runtime that opened it */
  gpu_api vk;
  VkInstance handle;
  VkDebugUtilsMessengerEXT messenger;
  _Atomic uint32_t messages; /* what the validation layer said */
  uint32_t count;
  VkPhysicalDevice *physical; /* those that can be a device here, in the loader's order */
} gpu_instance;
rn_status *gpu_instance_open(const rn_host_api *host, gpu_instance *i);
void gpu_instance_close(gpu_instance *i);

/* ------------------------------------------------------------------------------------------ the device */
typedef struct gpu_block gpu_block;       /* memory.c */
typedef struct gpu_pipeline gpu_pipeline; /* pipeline.c */
typedef struct gpu_module gpu_module;     /* fused_module.c */
typedef struct gpu_commands gpu_commands; /* commands.c */
typedef struct gpu_batch gpu_batch;       /* batch.c */
typedef struct gpu_trace gpu_trace;       /* trace.c */
enum { GPU_MAX_BIND = 12, GPU_MAX_PUSH = 32, GPU_MAX_SPEC = 12 };
enum { GPU_MAX_TEXELS = 2, GPU_TEXEL_BIND = 5 }; /* texel buffers come first in a set, which is small then */
enum { GPU_HELD_VALUE, GPU_HELD_SCRATCH, GPU_HELD_STAGING, GPU_HELD_KINDS };

typedef struct gpu_matrix { /* cooperative: m x k halves by k x n into m x n floats; m 0: there are none */
  uint32_t m, n, k;
  uint32_t subgroup; /* invocations that multiply together */
} gpu_matrix;
typedef struct gpu_limits {
  uint32_t workgroup;    /* invocations of a plain workgroup: a power of two, 64 to 256 */
  uint32_t shared_bytes; /* memory that a workgroup shares */
  uint32_t max_groups;   /* workgroups in one direction */
  uint64_t max_alloc, max_binding, align;
  uint32_t tile;          /* config: results of a product's tile in each direction, at most; 0: as is best */
  uint8_t unified;        /* device memory is mapped, coherent and cached: bytes are copied in place */
  uint8_t scalar_threads; /* a driver on the CPU: shared memory gains nothing there */
  uint64_t max_rounds;    /* of an invocation's loops before a driver leaves them (llvmpipe); 0: none does */
  uint32_t subgroup;      /* its lanes there, when they can broadcast and are 4, 8, 16 or 32; else 0 */
  uint64_t max_texels;    /* where products read operands through texel buffers, how many one has; else 0 */
  gpu_matrix matrix;
} gpu_limits;

typedef struct gpu_counts {
  uint64_t submissions, dispatches, replays, recordings, barriers, copies, host_copies, pipelines;
} gpu_counts;

typedef struct gpu_device {
  struct gpu_device *next_open; /* counts.c */
  const rn_host_api *host;      /* of the runtime that opened it */
  uint32_t index;
  gpu_instance instance;
  gpu_api *vk;
  VkPhysicalDevice physical;
  VkDevice handle;
  VkQueue queue;
  uint32_t family;
  gpu_limits limits;
  VkPhysicalDeviceMemoryProperties memory;
  char name[128];
  int profile; /* config: each kernel by itself, with its time */
  const char *last_shader;
  int calibrates; /* its clock can be read together with the host's */

  pthread_mutex_t lock; /* what follows, up to the next lock */
  pthread_cond_t moved; /* a timeline advanced, or the device is lost */
  VkSemaphore progress; /* value k: submission k is done */
  uint64_t submitted, done;
  int lost;
  uint64_t lose_after; /* config: submission k fails as if the device was lost; 0: never */
  rn_queue *queues;
  gpu_batch *flying, *flying_last, *spare_batches;
  gpu_commands *spare;
  gpu_counts counts;

  pthread_mutex_t memory_lock;
  gpu_block *blocks;
  uint64_t held[GPU_HELD_KINDS], reserved, limit, block_bytes;

  pthread_mutex_t pipeline_lock;
  VkPipelineCache cache;
  VkDescriptorSetLayout set_layout[GPU_MAX_BIND + 1];
  VkPipelineLayout layout[GPU_MAX_BIND + 1];
  VkDescriptorSetLayout texel_set_layout[GPU_MAX_TEXELS + 1][GPU_TEXEL_BIND + 1];
  VkPipelineLayout texel_layout[GPU_MAX_TEXELS + 1][GPU_TEXEL_BIND + 1];
  gpu_pipeline *pipelines;
  struct gpu_tuned *tuned; /* tune.c; NULL: nothing is measured */
  gpu_module *modules;     /* of fused programs */
} gpu_device;

/* The list that VulkanCounts looks a device up in. */
void gpu_counts_add(gpu_device *d);
void gpu_counts_remove(gpu_device *d);

rn_status *gpu_enumerate(const rn_host_api *host, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg);
rn_status *gpu_open(const rn_host_api *host, uint32_t index, void **out);
rn_status *gpu_drain(void *device, uint64_t timeout_ns);
void gpu_close(void *device);
/* What a physical device is, from its properties alone. */
void gpu_describe(const gpu_instance *i, VkPhysicalDevice p, rn_device_info *out);
int gpu_has_extension(const gpu_device *d, const char *name);
/* A setting of the section [plugin.vulkan], for this runtime: a number or true/false. */
uint64_t gpu_setting(const rn_host_api *host, const char *key, uint64_t fallback);
/* pretend.c: takes away what the setting `pretend` names. err INVALID_ARGUMENT */
rn_status *gpu_pretend(const rn_host_api *host, gpu_limits *l);
uint64_t gpu_now_ns(void);

/* A Vulkan result as a status; a lost device stays lost. */
rn_status *gpu_check(gpu_device *d, VkResult r, const char *what);
rn_status *gpu_lost(gpu_device *d);
rn_status *gpu_no_memory(const char *what);
/* *array holds n items with room for *capacity; makes room for one more. */
rn_status *gpu_grow(void *array, uint32_t n, uint32_t *capacity, size_t item_bytes);
void *gpu_zero(size_t bytes);
void gpu_free(void *p);

/* -------------------------------------------------------------------------------------------- memory */
struct rn_mem {
  gpu_block *block;
  uint64_t offset, size;
  rn_mem *before, *after; /* neighbours in the block */
  uint8_t used, kind;
};
rn_status *gpu_memory_alloc(gpu_device *d, uint64_t size_bytes, int kind, rn_mem **out);
void gpu_memory_release(gpu_device *d, rn_mem *m);
void gpu_memory_finish(gpu_device *d);
VkBuffer gpu_memory_buffer(const rn_mem *m);
char *gpu_memory_address(const rn_mem *m); /* NULL: not mapped */
rn_status *gpu_alloc(void *device, uint64_t size_bytes, rn_mem **out);
void gpu_release(void *device, rn_mem *m);
void *gpu_address(void *device, rn_mem *m);

/* ------------------------------------------------------------------------------ timelines and queues */
struct rn_timeline {
  VkSemaphore semaphore;
  uint64_t submitted; /* the highest value that a submission or the host signals */
  uint64_t pending;   /* the highest value a batch of `owner` will signal */
  rn_queue *owner;
};
struct rn_queue {
  gpu_device *d;
  gpu_commands *recording; /* between record_begin and record_end */
  gpu_batch *first, *last; /* not submitted yet, oldest first; the last one is still filled */
  uint64_t serial;         /* the last submission of this queue */
  gpu_trace *trace;        /* NULL: nobody asks when things run */
  rn_queue *next;
};
struct rn_recording {
  gpu_commands *commands;
};
rn_status *gpu_timeline_create(void *device, rn_timeline **out);
void gpu_timeline_destroy(void *device, rn_timeline *t);
rn_status *gpu_timeline_query(void *device, rn_timeline *t, uint64_t *out);
rn_status *gpu_timeline_wait(void *device, rn_point p, uint64_t timeout_ns);
rn_status *gpu_timeline_signal(void *device, rn_timeline *t, uint64_t value);
rn_status *gpu_queue_create(void *device, rn_queue **out);
void gpu_queue_destroy(void *device, rn_queue *q);
rn_status *gpu_flush(void *device, rn_queue *q);
rn_status *gpu_record_begin(void *device, rn_queue *q);
rn_status *gpu_record_end(void *device, rn_queue *q, rn_recording **out);
rn_status *gpu_replay(void *device, rn_queue *q, rn_recording *r, rn_points wait, rn_points signal);
void gpu_recording_destroy(void *device, rn_recording *r);
rn_status *gpu_copy(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c);

/* Around a kernel's commands, unless it is recorded: the batch to fill waits for `wait`; signals follow. */
rn_status *gpu_begin(rn_queue *q, rn_points wait);
rn_status *gpu_finish(rn_queue *q, rn_points signal);
/* Where commands go now: the recording, or the open command buffer of the last batch. */
rn_status *gpu_target(rn_queue *q, gpu_commands **out);

/* trace.c: commands are about to go into c. */
rn_status *gpu_trace_enter(gpu_trace *t, gpu_commands *c);
void gpu_trace_drop(rn_queue *q);
int gpu_trace_calibrates(const gpu_device *d);
extern const rn_device_trace gpu_trace_table;

/* -------------------------------------------------------------------------------------------- batches */
typedef struct gpu_readback { /* when the batch is done, its bytes go to the host */
  const char *from;
  char *to;
  uint64_t size;
} gpu_readback;
enum { MOST_SIGNALS = 15 }; /* timelines that one batch signals */
struct gpu_batch {
  gpu_batch *next;
  rn_queue *queue;
  uint64_t serial;
  uint8_t ready;      /* flushed: to be submitted as soon as its waits allow */
  gpu_commands *open; /* the last one-shot, still recorded into */
  VkCommandBuffer *buffer;
  gpu_commands **oneshot;
  rn_point *wait, *signal;
  gpu_readback *readback;
  uint32_t n_buffer, n_oneshot, n_wait, n_signal, n_readback;
  uint32_t cap_buffer, cap_oneshot, cap_wait, cap_signal, cap_readback;
};
/* All of these: d->lock is held. */
rn_status *gpu_batch_last(rn_queue *q, int fresh, gpu_batch **out);
rn_status *gpu_batch_close(gpu_batch *b); /* ends its open one-shot */
rn_status *gpu_batch_add(gpu_batch *b, VkCommandBuffer buffer);
void gpu_batch_drop(gpu_device *d, gpu_batch *b);
rn_status *gpu_submit_ready(gpu_device *d); /* whatever may go, of all queues */
rn_status *gpu_retire(gpu_device *d);       /* readbacks done, command buffers reusable */

/* ------------------------------------------------------------------------------------------- commands */
typedef struct gpu_range {
  VkBuffer buffer;
  uint64_t lo, hi;
  uint8_t writes;
} gpu_range;
enum { GPU_SEEN = 96 };
/* A command buffer with what lives as long as it does. */
struct gpu_commands {
  gpu_device *d;
  gpu_commands *next;
  VkCommandPool pool;
  VkCommandBuffer buffer;
  VkDescriptorPool *sets;
  uint32_t n_sets, cap_sets, sets_left, set_pool; /* set_pool: the one in use */
  gpu_range seen[GPU_SEEN];                       /* what was touched since the last barrier */
  uint32_t n_seen;
  rn_mem **held;
  uint32_t n_held, cap_held;
  VkBufferView *views;
  uint32_t n_views, cap_views;
  rn_mem *shared[2]; /* scratch that product after product uses: of those held */
  uint32_t dispatches, barriers, copies;
};
rn_status *gpu_commands_create(gpu_device *d, gpu_commands **out);
void gpu_commands_destroy(gpu_commands *c);
rn_status *gpu_commands_begin(gpu_commands *c, int once);
rn_status *gpu_commands_end(gpu_commands *c, int to_host);
rn_status *gpu_commands_reset(gpu_commands *c);
/* Memory that is released with the commands: scratch of a kernel, staging of a copy. */
rn_status *gpu_commands_hold(gpu_commands *c, uint64_t size_bytes, int kind, rn_mem **out);
/* Puts a barrier before what touches these ranges, if something before it did so in conflict. */
void gpu_commands_order(gpu_commands *c, const gpu_range *range, uint32_t n);
/* Bytes of a buffer as texels of `words` (1 or 4) words, as long as the commands live. */
rn_status *gpu_commands_view(gpu_commands *c, const gpu_range *range, uint32_t words, VkBufferView *out);
rn_status *gpu_commands_set(gpu_commands *c, VkDescriptorSetLayout layout, VkDescriptorSet *out);

/* ------------------------------------------------------------------------------------------ pipelines */
struct gpu_pipeline {
  gpu_pipeline *next;
  VkPipeline handle;
  const struct gpu_shader *code;
  uint32_t n_bind, n_texels, n_spec, spec[GPU_MAX_SPEC];
};
rn_status *gpu_pipelines_init(gpu_device *d);
void gpu_pipelines_finish(gpu_device *d);
/* The pipeline of a shader, which lives as long as the device, for these constants; spec[0] is the workgroup's size. */
rn_status *gpu_pipeline_get(gpu_device *d, const struct gpu_shader *code, uint32_t n_bind, uint32_t n_texels,
                            const uint32_t *spec, uint32_t n_spec, VkPipeline *out);
/* The layouts of pipelines with n bindings, of which the first are texel buffers. */
VkPipelineLayout gpu_pipeline_layout(const gpu_device *d, uint32_t n_bind, uint32_t n_texels);
VkDescriptorSetLayout gpu_set_layout(const gpu_device *d, uint32_t n_bind, uint32_t n_texels);
/* Files in $XDG_CACHE_HOME/runnel/vulkan/<driver><suffix>. own: data is the caller's; NULL: none, or damaged. */
void gpu_cache_read(const gpu_device *d, const char *suffix, void **data, size_t *size);
void gpu_cache_write(const gpu_device *d, const char *suffix, const void *data, size_t size);
#endif
