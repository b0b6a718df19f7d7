set_source_files_properties(${folder}/apply_v1.c PROPERTIES COMPILE_OPTIONS "-O3")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${folder}/apply_v3.c PROPERTIES COMPILE_OPTIONS "-O3;-march=x86-64-v3")
endif()
