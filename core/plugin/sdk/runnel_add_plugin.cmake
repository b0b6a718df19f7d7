# runnel_add_plugin(NAME SOURCES file... [LIBRARIES lib...] [OUTPUT folder]): a plugin NAME.so and its manifest.
# The same function for plugins of this tree and of everybody else.
#
# A plugin sees <runnel/plugin.h> alone, imports nothing of Runnel's, binds at load and exports one symbol. It
# is installed to RUNNEL_PLUGIN_INSTALL_DIR, by default lib/runnel/plugins below the prefix.
include(GNUInstallDirs)
function(runnel_add_plugin name)
  cmake_parse_arguments(P "" "OUTPUT" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT P_SOURCES)
    message(FATAL_ERROR "runnel_add_plugin(${name}): SOURCES names no file")
  endif()
  if(NOT P_OUTPUT)
    set(P_OUTPUT ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  if(NOT RUNNEL_PLUGIN_INSTALL_DIR)
    set(RUNNEL_PLUGIN_INSTALL_DIR ${CMAKE_INSTALL_LIBDIR}/runnel/plugins)
  endif()
  add_library(${name}_plugin MODULE ${P_SOURCES})
  set_target_properties(${name}_plugin PROPERTIES PREFIX "" OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
                        POSITION_INDEPENDENT_CODE ON LIBRARY_OUTPUT_DIRECTORY ${P_OUTPUT})
  target_link_libraries(${name}_plugin PRIVATE Runnel::plugin ${P_LIBRARIES} m)
  target_link_options(${name}_plugin PRIVATE -Wl,-z,now -Wl,-Bsymbolic -Wl,--as-needed)
  if(NOT RUNNEL_SANITIZE)
    target_link_options(${name}_plugin PRIVATE -Wl,-z,defs)
  endif()
  add_custom_command(TARGET ${name}_plugin POST_BUILD
    COMMAND $<TARGET_FILE:Runnel::manifest> $<TARGET_FILE:${name}_plugin> -o ${P_OUTPUT}/${name}.manifest
    COMMENT "Manifest of ${name}")
  if(TARGET runnel-manifest)
    add_dependencies(${name}_plugin runnel-manifest)
  endif()
  if(NOT RUNNEL_PLUGIN_NO_INSTALL)
    install(TARGETS ${name}_plugin LIBRARY DESTINATION ${RUNNEL_PLUGIN_INSTALL_DIR})
    install(FILES ${P_OUTPUT}/${name}.manifest DESTINATION ${RUNNEL_PLUGIN_INSTALL_DIR})
  endif()
endfunction()
