# Shaders are compiled to SPIR-V here and embedded; nothing of them is read when the plugin runs.
find_program(GLSLC glslc REQUIRED)
find_path(VULKAN_INCLUDE vulkan/vulkan.h REQUIRED)
set(shaders ${folder}/shaders)
set(spirv ${CMAKE_BINARY_DIR}/vulkan)
file(MAKE_DIRECTORY ${spirv})
# One row per shader: its name, its source, what is defined in it.
set(rows
  "unary_f32 unary X=F32 Y=F32"
  "unary_f16 unary X=F16 Y=F16"
  "unary_i32 unary X=I32 Y=I32"
  "test_f32 unary X=F32 Y=B8 TEST"
  "binary_f32 binary X=F32 Y=F32"
  "binary_f16 binary X=F16 Y=F16"
  "binary_i32 binary X=I32 Y=I32 INTEGER"
  "order_f32 binary X=F32 Y=B8 ORDER"
  "order_f16 binary X=F16 Y=B8 ORDER"
  "order_i32 binary X=I32 Y=B8 ORDER"
  "binary_bool binary X=B8 Y=B8 LOGIC"
  "not_bool not_bool"
  "add64 add64"
  "strided strided"
  "select_words select"
  "cast_f32_i32 cast X=F32 Y=I32"
  "cast_i32_f32 cast X=I32 Y=F32"
  "cast_b8_f32 cast X=B8 Y=F32"
  "cast_b8_i32 cast X=B8 Y=I32"
  "cast_f32_b8 cast X=F32 Y=B8"
  "cast_i32_b8 cast X=I32 Y=B8"
  "cast_f16_f32 cast X=F16 Y=F32"
  "cast_f32_f16 cast X=F32 Y=F16"
  "reduce_lanes_f32 reduce_lanes X=F32 Y=F32 IS_FLOAT"
  "reduce_lanes_i32 reduce_lanes X=I32 Y=I32 IS_INT"
  "reduce_lanes_b8 reduce_lanes X=B8 Y=B8 IS_BOOL"
  "reduce_group_f32 reduce_group X=F32 IS_FLOAT"
  "reduce_group_i32 reduce_group X=I32 IS_INT"
  "softmax softmax"
  "apply apply"
  "product_tile product TILE"
  "product_direct product DIRECT"
  "conv_tile conv TILE"
  "conv_direct conv DIRECT"
  "random random"
  "pool pool"
  "pool_back pool_back"
  "arg arg"
  "in_top_k in_top_k"
  "gather gather"
  "scatter scatter"
  "one_hot one_hot"
  "leaky leaky"
  "top_k top_k"
  "cumulate_f32 cumulate X=F32"
  "cumulate_i32 cumulate X=I32"
  "mirror_pad mirror_pad"
  "gather_nd gather_nd"
  "batch_norm batch_norm"
  "batch_norm_back batch_norm_back"
  "depthwise depthwise"
)
file(GLOB included CONFIGURE_DEPENDS ${shaders}/*.glsl ${shaders}/*.h)
set(list "#define GPU_SHADERS(X)")
set(code "")
set(compiled)
foreach(row IN LISTS rows)
  separate_arguments(row)
  list(POP_FRONT row shader source)
  list(TRANSFORM row PREPEND -D OUTPUT_VARIABLE defines)
  add_custom_command(OUTPUT ${spirv}/${shader}.inc
    COMMAND ${GLSLC} -O --target-env=vulkan1.2 -mfmt=num ${defines} -I ${shaders} ${shaders}/${source}.comp
            -o ${spirv}/${shader}.inc
    DEPENDS ${shaders}/${source}.comp ${included} VERBATIM COMMENT "Shader ${shader}")
  string(APPEND list " X(${shader})")
  string(APPEND code "static const uint32_t code_${shader}[] = {\n#include \"${shader}.inc\"\n};\n")
  list(APPEND compiled ${spirv}/${shader}.inc)
endforeach()
file(CONFIGURE OUTPUT ${spirv}/shader_list.h CONTENT "${list}\n" @ONLY)
file(CONFIGURE OUTPUT ${spirv}/shader_code.h CONTENT "${code}" @ONLY)
set_source_files_properties(${folder}/shaders.c PROPERTIES OBJECT_DEPENDS "${compiled}")
set_source_files_properties(${SOURCES} PROPERTIES INCLUDE_DIRECTORIES "${spirv}")
set(LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
set(RECOMMENDS "libvulkan1, mesa-vulkan-drivers | vulkan-icd")
