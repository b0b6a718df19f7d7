# install.cmake - what is installed, and where: the top file includes it last. docs/install.md says it to users.
# Programs find the library relative to themselves, the library its plugins; nothing names the source tree.
set(sdk ${CMAKE_BINARY_DIR}/sdk)
set(here ${CMAKE_CURRENT_LIST_DIR})
set(docs ${CMAKE_SOURCE_DIR}/docs)
set(doc ${CMAKE_INSTALL_DATADIR}/doc/runnel)
set(RUNNEL_MANDIR ${CMAKE_INSTALL_DATADIR}/man)
set(bash_completion ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
set(zsh_completion ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
set(fish_completion ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# --- the library and the programs
file(RELATIVE_PATH bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(runnel-cli runnel-manifest PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
install(TARGETS runnel LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS runnel-manifest RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# --- for other people's builds
install(DIRECTORY core/include/runnel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
include(${here}/config_files.cmake)
runnel_config_files(${sdk})
install(FILES ${sdk}/RunnelConfig.cmake ${sdk}/RunnelConfigVersion.cmake ${here}/runnel_add_plugin.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Runnel)
install(FILES ${sdk}/runnel.pc ${sdk}/runnel-c.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- man pages and completions, made from the help of the command just built
file(GLOB pages CONFIGURE_DEPENDS ${docs}/*.md ${docs}/man/*)
file(GLOB completions CONFIGURE_DEPENDS frontends/cli/completion/*)
file(MAKE_DIRECTORY ${sdk}/man ${sdk}/completion)
add_custom_command(OUTPUT ${sdk}/help.stamp
  COMMAND bash ${docs}/man/make.sh $<TARGET_FILE:runnel-cli> ${docs} ${sdk}/man ${PROJECT_VERSION}
  COMMAND bash ${CMAKE_SOURCE_DIR}/frontends/cli/completion/make.sh $<TARGET_FILE:runnel-cli> ${sdk}/completion
  COMMAND ${CMAKE_COMMAND} -E touch ${sdk}/help.stamp
  DEPENDS runnel-cli ${pages} ${completions}
  COMMENT "Man pages and completions")
add_custom_target(runnel_help ALL DEPENDS ${sdk}/help.stamp)
install(DIRECTORY ${sdk}/man/ DESTINATION ${RUNNEL_MANDIR})
install(FILES ${sdk}/completion/runnel DESTINATION ${bash_completion} OPTIONAL)
install(FILES ${sdk}/completion/_runnel DESTINATION ${zsh_completion} OPTIONAL)
install(FILES ${sdk}/completion/runnel.fish DESTINATION ${fish_completion} OPTIONAL)

# --- documentation
install(FILES CHANGELOG.md LICENSE DESTINATION ${doc})
install(DIRECTORY ${docs}/ DESTINATION ${doc} PATTERN man EXCLUDE
        REGEX "/(labs|pictures)/(CMakeLists.txt|[a-z]+.sh)$" EXCLUDE)
install(FILES plugins/skeleton/plugin.c plugins/skeleton/README.md DESTINATION ${doc}/examples/skeleton)

# --- the record, by which an installation is taken away again
install(PROGRAMS ${here}/uninstall.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/runnel RENAME uninstall)
set(RUNNEL_FOLDERS ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_INCLUDEDIR}/runnel ${CMAKE_INSTALL_LIBDIR}/cmake/Runnel
    ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_LIBDIR}/runnel/plugins ${doc}
    ${CMAKE_INSTALL_DATADIR}/runnel ${RUNNEL_MANDIR}/man1 ${RUNNEL_MANDIR}/man5 ${RUNNEL_MANDIR}/man7
    ${bash_completion} ${zsh_completion} ${fish_completion})
foreach(step begin_install finish_install)
  configure_file(${here}/${step}.cmake.in ${sdk}/${step}.cmake @ONLY)
endforeach()
install(SCRIPT ${sdk}/finish_install.cmake)
file(WRITE ${sdk}/recommends.cmake "${plugin_recommends}") # for packages/
