# runnel_config_files(FOLDER): the CMake package and the pkg-config files for CMAKE_INSTALL_LIBDIR and its kin.
# The Debian packages, whose libraries lie elsewhere, are made with the same function.
include(CMakePackageConfigHelpers)
set(RUNNEL_SDK_SOURCE ${CMAKE_CURRENT_LIST_DIR})
function(runnel_config_files folder)
  file(RELATIVE_PATH RUNNEL_PACKAGE_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/cmake/Runnel /)
  file(RELATIVE_PATH RUNNEL_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  foreach(file RunnelConfig.cmake runnel.pc runnel-c.pc)
    configure_file(${RUNNEL_SDK_SOURCE}/${file}.in ${folder}/${file} @ONLY)
  endforeach()
  write_basic_package_version_file(${folder}/RunnelConfigVersion.cmake VERSION ${PROJECT_VERSION}
                                   COMPATIBILITY SameMinorVersion)
endfunction()
