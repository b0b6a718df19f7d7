# Bytes, checksums and names of files are those of plugins/io: the same sources, compiled into both.
list(APPEND SOURCES ${CMAKE_SOURCE_DIR}/plugins/io/bytes.c ${CMAKE_SOURCE_DIR}/plugins/io/crc32c.c
     ${CMAKE_SOURCE_DIR}/plugins/io/file.c)
find_package(PNG REQUIRED)
find_package(Threads REQUIRED)
set(LIBRARIES PNG::PNG Threads::Threads)
set_property(SOURCE ${SOURCES} APPEND PROPERTY INCLUDE_DIRECTORIES ${CMAKE_SOURCE_DIR}/plugins/io)
