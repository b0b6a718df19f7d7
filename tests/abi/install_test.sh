#!/usr/bin/env bash
# install_test.sh SOURCE BUILD: installs into a new folder, then works with what is installed alone: the skeleton
# copied out is built by hand and by CMake, a C program by pkg-config, and both run.
set -euo pipefail
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
say() { echo "== $*"; }
die() { echo "install_test: $*" >&2; exit 1; }
unset RUNNEL_PLUGIN_PATH RUNNEL_CONFIG LD_LIBRARY_PATH
export HOME=$work/home XDG_DATA_HOME=$work/home/.local/share
mkdir -p "$HOME"

say "install"
cmake --install "$build" --prefix "$prefix" --strip > "$work/install.log" 2>&1 || { tail -n 20 "$work/install.log"; exit 1; }
# A copy elsewhere must work as well: nothing may depend on where it was installed first.
mv "$prefix" "$work/moved"
prefix=$work/moved
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/lib/$(cc -print-multiarch)/pkgconfig

say "nothing points back"
for place in "$source/" "$build/"; do
  if grep -rlF "$place" "$prefix" > "$work/found"; then die "these name $place: $(tr '\n' ' ' < "$work/found")"; fi
done
for file in "$prefix"/bin/*; do
  readelf -d "$file" | grep -E 'R(UN)?PATH' | grep -q '\[\$ORIGIN/' || die "$file does not find its library relative to itself"
done
for header in runnel.h plugin.h ops.h graphdef.h viz.h c/scope.h c/layers.h c/train.h c/data.h; do
  [ -f "$prefix/include/runnel/$header" ] || die "runnel/$header is not installed"
done

say "the command"
"$prefix/bin/runnel" plugin list > "$work/list"
grep -q "^ops .*$prefix" "$work/list" || die "the installed command does not use the installed plugins"
! grep -q changed "$work/list" || die "a manifest does not fit its plugin"
"$prefix/bin/runnel" ops Cube > /dev/null

say "a plugin by hand, in the user's folder"
rm -f "$prefix"/lib*/runnel/plugins/skeleton.* "$prefix"/lib/*/runnel/plugins/skeleton.*
mkdir -p "$work/mine" "$XDG_DATA_HOME/runnel/plugins"
sed 's/"Cube"/"Mine"/; s/"skeleton"/"mine"/' "$source/plugins/skeleton/plugin.c" > "$work/mine/plugin.c"
sed -i 's/\.op = "Cube"/.op = "Mine"/' "$work/mine/plugin.c"
cc -std=c17 -O2 -Wall -Wextra -Werror -fPIC -fvisibility=hidden -shared -Wl,-z,now $(pkg-config --cflags runnel) \
  -o "$work/mine/mine.so" "$work/mine/plugin.c"
cp "$work/mine/mine.so" "$XDG_DATA_HOME/runnel/plugins/"
"$prefix/bin/runnel-manifest" "$XDG_DATA_HOME/runnel/plugins/mine.so" > "$work/mine/mine.manifest"
cp "$work/mine/mine.manifest" "$XDG_DATA_HOME/runnel/plugins/"

say "a plugin by CMake"
mkdir "$work/cube"
cp "$source/plugins/skeleton/plugin.c" "$work/cube/"
cat > "$work/cube/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(cube C)
find_package(Runnel 0.1 REQUIRED)
runnel_add_plugin(cube SOURCES plugin.c)
add_executable(program program.c)
target_link_libraries(program PRIVATE Runnel::c)
CMAKE
cat > "$work/cube/program.c" <<'PROGRAM'
#include <runnel/c/layers.h>
#include <runnel/runnel.h>
#include <stdio.h>

/* y = Cube(x) + Mine(x) at x = 2, with dy/dx: 16 and 24. */
int main(void) {
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  rn_session *session = NULL;
  rn_status *e = rn_runtime_create(NULL, &rt);
  if (e == NULL) e = rn_graph_create(rt, 0, &g);
  if (e == NULL) e = rn_scope_create(g, &s);
  if (e != NULL) return fprintf(stderr, "%s\n", rn_status_message(e)), 1;
  rn_value x = rn_scope_scalar(s, "x", RN_FLOAT, 2), in[2], ask[2];
  in[0] = rn_scope_op(s, "Cube", NULL, &x, 1, NULL, 0);
  in[1] = rn_scope_op(s, "Mine", NULL, &x, 1, NULL, 0);
  ask[0] = rn_scope_op(s, "Add", "y", in, 2, NULL, 0);
  e = rn_scope_take_status(s);
  if (e == NULL) e = rn_graph_gradients(g, ask, 1, &x, 1, NULL, &ask[1], NULL);
  if (e == NULL) e = rn_session_create(g, NULL, &session);
  rn_tensor *out[2] = {NULL, NULL};
  if (e == NULL) e = rn_session_run(session, NULL, NULL, 0, ask, 2, out, NULL, 0);
  if (e != NULL) return fprintf(stderr, "%s\n", rn_status_message(e)), 1;
  printf("%g %g\n", *(float *)rn_tensor_data(out[0]), *(float *)rn_tensor_data(out[1]));
  rn_tensor_release(out[0]);
  rn_tensor_release(out[1]);
  rn_session_destroy(session);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  return 0;
}
PROGRAM
sed -i 's/"skeleton"/"cube"/' "$work/cube/plugin.c"
cmake -S "$work/cube" -B "$work/cube/build" -DCMAKE_PREFIX_PATH="$prefix" > "$work/cube.log" 2>&1 || { cat "$work/cube.log"; exit 1; }
cmake --build "$work/cube/build" > "$work/cube.log" 2>&1 || { cat "$work/cube.log"; exit 1; }
cmake --install "$work/cube/build" --prefix "$prefix" > "$work/cube.log" 2>&1 || { cat "$work/cube.log"; exit 1; }

say "a program by CMake and by pkg-config"
expect() { [ "$1" = "16 24" ] || die "the program said '$1' instead of '16 24'"; }
expect "$("$work/cube/build/program")"
cc -std=c17 -Wall -Wextra $(pkg-config --cflags runnel-c) -o "$work/program" "$work/cube/program.c" \
  $(pkg-config --libs runnel-c) -Wl,-rpath,"$(pkg-config --variable=libdir runnel)"
expect "$("$work/program")"
"$prefix/bin/runnel" plugin list | grep -q "^mine .*$XDG_DATA_HOME" || die "the plugin in the user's folder is not found"
echo "install: all of it works from $prefix alone"
