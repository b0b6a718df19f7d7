# The element-wise loops are compiled once per instruction set and chosen when the plugin is loaded.
# A formula may be constant for unsigned types, hence no type-limits.
set(loops "-O3;-fno-trapping-math;-Wno-type-limits")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(v3 "-mavx2;-mfma;-mf16c;-mbmi2")
  set(v4 "${v3};-mavx512f;-mavx512bw;-mavx512cd;-mavx512dq;-mavx512vl;-mprefer-vector-width=512")
endif()
foreach(level v1 v3 v4)
  set_source_files_properties(${folder}/elementwise_${level}.c PROPERTIES COMPILE_OPTIONS "${loops};${${level}}")
endforeach()
foreach(hot pool conv_patches depthwise convert reduce strided gemm bias softmax batch_norm nn)
  set_source_files_properties(${folder}/${hot}.c PROPERTIES COMPILE_OPTIONS "-O3")
endforeach()
set_source_files_properties(${folder}/normal.c PROPERTIES COMPILE_OPTIONS "-ffp-contract=off") # the same bits everywhere
# OpenBLAS is opened at the first product, so it is not linked; only its file name is needed.
find_library(OPENBLAS_LIBRARY openblas)
if(OPENBLAS_LIBRARY)
  set_source_files_properties(${folder}/gemm.c PROPERTIES COMPILE_DEFINITIONS "CPU_OPENBLAS=\"libopenblas.so.0\"")
endif()
set(RECOMMENDS libopenblas0)
set(LIBRARIES Threads::Threads ${CMAKE_DL_LIBS})
