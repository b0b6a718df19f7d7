# The steps that the packages share. The component of a file is its package's name.

# runnel_package_field(PACKAGE FIELD VALUE...): a variable as CPack wants it.
macro(runnel_package_field package field)
  string(TOUPPER CPACK_DEBIAN_${package}_PACKAGE_${field} variable)
  set(${variable} ${ARGN})
endmacro()

# runnel_package(NAME SECTION SUMMARY TEXT): what every package has: fields, copyright, changelog.
macro(runnel_package package section summary text)
  string(TOUPPER CPACK_COMPONENT_${package}_DESCRIPTION variable)
  set(${variable} "small dataflow runtime, ${summary}\n${text}")
  runnel_package_field(${package} NAME ${package})
  runnel_package_field(${package} SECTION ${section})
  install(FILES copyright DESTINATION share/doc/${package} COMPONENT ${package})
  runnel_compressed(${package} ${made}/changelog share/doc/${package}/changelog.gz)
endmacro()

# runnel_compressed(PACKAGE FILE TARGET): gzip without name and time, so that equal files give equal bytes.
function(runnel_compressed package file target)
  get_filename_component(folder ${target} DIRECTORY)
  file(MAKE_DIRECTORY ${made}/${folder})
  execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${made}/${target} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${made}/${target} DESTINATION ${folder} COMPONENT ${package})
endfunction()

function(runnel_link package path target)
  get_filename_component(folder ${path} DIRECTORY)
  file(MAKE_DIRECTORY ${made}/links/${folder})
  file(CREATE_LINK ${target} ${made}/links/${path} SYMBOLIC)
  install(FILES ${made}/links/${path} DESTINATION ${folder} COMPONENT ${package})
endfunction()

# The loader finds libraries of packages itself; a run path would only be in the way.
function(runnel_no_run_path package path)
  install(CODE "file(RPATH_REMOVE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${path}\")" COMPONENT ${package})
endfunction()

# runnel_plugin_package(MANIFEST): the plugin beside it; what the package says stands in the manifest.
macro(runnel_plugin_package manifest)
  file(STRINGS ${manifest} lines REGEX "^(id|doc) = ")
  string(REGEX REPLACE ".*id = ([^;]+).*" "\\1" id "${lines}")
  string(REGEX REPLACE ".*doc = (.*[^.])\\.?$" "\\1" about "${lines}")
  string(REGEX REPLACE "(.......................................................[^ ]*) " "\\1\n" about "${about}") # lines of a screen
  string(REPLACE "_" "-" package "runnel-plugin-${id}")
  runnel_package(${package} libs "plugin ${id}" "${about}.")
  runnel_package_field(${package} DEPENDS "librunnel0 (= ${RUNNEL_VERSION})")
  list(JOIN recommends_${id} ", " recommends)
  runnel_package_field(${package} RECOMMENDS "${recommends}")
  list(APPEND plugin_packages ${package})
  string(REGEX REPLACE "\\.manifest$" ".so" plugin ${manifest})
  get_filename_component(folder ${manifest} DIRECTORY)
  get_filename_component(folder_name ${folder} NAME)
  if(folder_name STREQUAL plugins)
    install(FILES ${plugin} DESTINATION ${lib}/runnel/plugins COMPONENT ${package})
  else()
    install(DIRECTORY ${folder} DESTINATION ${lib}/runnel/plugins COMPONENT ${package} PATTERN "*.manifest" EXCLUDE)
  endif()
endmacro()
