/* shaders.c - the compiled shaders, one per row of plugin.cmake (plugins/vulkan). */
#include "kernel.h"
#include <shader_code.h> /* generated: static const uint32_t code_<name>[] */

const gpu_shader gpu_shaders[GPU_SHADER_COUNT] = {
#define SHADER(name) {#name, code_##name, sizeof code_##name},
    GPU_SHADERS(SHADER)
#undef SHADER
};
