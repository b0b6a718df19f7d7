# embed.cmake: cmake -DNAME=page_d3 -DFILES=a.js|b.js -DTO=page_d3.c -P embed.cmake
# The files behind each other as bytes in a C file, with the hash by which the page's policy knows them. As the bytes
# stand inside of an element, none of them may end one.
string(REPLACE "|" ";" FILES "${FILES}")
set(text ${TO}.text)
execute_process(COMMAND ${CMAKE_COMMAND} -E cat ${FILES} OUTPUT_FILE ${text} COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${text} ends REGEX "</([sS][cC][rR][iI][pP][tT]|[sS][tT][yY][lL][eE])" LIMIT_COUNT 1)
if(ends)
  message(FATAL_ERROR "${NAME}: '</script' or '</style' stands in ${FILES}")
endif()
file(SHA256 ${text} hash)
string(REGEX REPLACE "(..)" "0x\\1," hash "${hash}")
file(READ ${text} hex HEX)
string(LENGTH "${hex}" size)
math(EXPR size "${size} / 2")
string(REGEX REPLACE "(................................................................)" "\\1\n" hex "${hex}") # lines
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${TO}.new "/* Made by embed.cmake. */\n#include \"page.h\"\nstatic const unsigned char bytes[] = {\n${hex}0};\n"
     "const page_part ${NAME} = {(const char *)bytes, ${size}, {${hash}}};\n")
file(RENAME ${TO}.new ${TO})
file(REMOVE ${text})
