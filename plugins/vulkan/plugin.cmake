# Shaders are compiled to SPIR-V here and embedded; nothing of them is read when the plugin runs.
find_program(GLSLC glslc REQUIRED)
find_path(VULKAN_INCLUDE vulkan/vulkan.h REQUIRED)
set(shaders ${folder}/shaders)
set(spirv ${CMAKE_BINARY_DIR}/vulkan)
file(MAKE_DIRECTORY ${spirv})
# Products by cooperative matrices (MATRIX) are written for the extension that glslc of Debian 12 knows; what is embedded
# is for the one that drivers have.
add_executable(khr_matrices ${shaders}/khr_matrices.c)
set_target_properties(khr_matrices PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${spirv})
# One row per shader: its name, its source, what is defined in it.
set(rows
  "unary_f32 unary X=F32 Y=F32"
  "unary_f16 unary X=F16 Y=F16"
  "unary_i32 unary X=I32 Y=I32 INTEGER"
  "test_f32 unary X=F32 Y=B8 TEST"
  "binary_f32 binary X=F32 Y=F32"
  "binary_f16 binary X=F16 Y=F16"
  "binary_i32 binary X=I32 Y=I32 INTEGER"
  "order_f32 binary X=F32 Y=B8 ORDER"
  "order_f16 binary X=F16 Y=B8 ORDER"
  "order_i32 binary X=I32 Y=B8 ORDER"
  "binary_bool binary X=B8 Y=B8 LOGIC"
  "fuse fuse"
  "parts parts"
  "not_bool not_bool"
  "add64 add64"
  "strided strided"
  "strided_small strided_small"
  "select select"
  "cast cast"
  "reduce_lanes_f32 reduce_lanes X=F32 Y=F32 IS_FLOAT"
  "reduce_lanes_i32 reduce_lanes X=I32 Y=I32 IS_INT"
  "reduce_lanes_b8 reduce_lanes X=B8 Y=B8 IS_BOOL"
  "reduce_group_f32 reduce_group X=F32 IS_FLOAT"
  "reduce_group_i32 reduce_group X=I32 IS_INT"
  "softmax softmax"
  "apply apply"
  "product_large product TILE PER=8"
  "product_small product TILE PER=4"
  "product_direct product DIRECT"
  "product_matrix product MATRIX"
  "panel_matrix panel"
  "panel_image panel IMAGE"
  "product_panels_8 product_panels ROWS=8"
  "product_panels_16 product_panels ROWS=16"
  "conv_large conv TILE PER=8"
  "conv_small conv TILE PER=4"
  "conv_direct conv DIRECT"
  "conv_matrix conv MATRIX"
  "product_large_then product TILE PER=8 EPILOGUE=5"
  "product_small_then product TILE PER=4 EPILOGUE=5"
  "product_panels_8_then product_panels ROWS=8 EPILOGUE=4"
  "product_panels_16_then product_panels ROWS=16 EPILOGUE=4"
  "product_direct_then product DIRECT EPILOGUE=5"
  "conv_large_then conv TILE PER=8 EPILOGUE=6"
  "conv_small_then conv TILE PER=4 EPILOGUE=6"
  "conv_direct_then conv DIRECT EPILOGUE=6"
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
  "mirror_pad_grad mirror_pad_grad"
  "range range"
  "order64 order64"
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
  set(optimise -O)
  if(shader STREQUAL fuse) # a library: its functions stay, under their names
    set(optimise -O0)
  endif()
  set(compile ${GLSLC} ${optimise} --target-env=vulkan1.2 ${defines} -I ${shaders} ${shaders}/${source}.comp)
  if(MATRIX IN_LIST row)
    set(to_words COMMAND ${compile} -o ${spirv}/${shader}.spv
                 COMMAND khr_matrices ${spirv}/${shader}.spv ${spirv}/${shader}.inc DEPENDS khr_matrices)
  else()
    set(to_words COMMAND ${compile} -mfmt=num -o ${spirv}/${shader}.inc)
  endif()
  add_custom_command(OUTPUT ${spirv}/${shader}.inc ${to_words} DEPENDS ${shaders}/${source}.comp ${included}
                     VERBATIM COMMENT "Shader ${shader}")
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
