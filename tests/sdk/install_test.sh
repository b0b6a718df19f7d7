#!/usr/bin/env bash
# install_test.sh SOURCE BUILD: a copy of what is installed ($RUNNEL_INSTALLED) is enough: the skeleton
# copied out is built by hand and by CMake, a C program by pkg-config, and both run.
set -euo pipefail
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { echo "== $*"; }
die() { echo "install_test: $*" >&2; exit 1; }
unset RUNNEL_PLUGIN_PATH RUNNEL_CONFIG LD_LIBRARY_PATH
export HOME=$work/home XDG_DATA_HOME=$work/home/.local/share
mkdir -p "$HOME"

say "moved"
# A copy elsewhere must work as well: nothing may depend on where it was installed first.
prefix=$work/moved
cp -a "$RUNNEL_INSTALLED" "$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/lib/$(cc -print-multiarch)/pkgconfig

say "nothing points back"
for place in "$source/" "$build/"; do
  if grep -rlF "$place" "$prefix" > "$work/found"; then die "these name $place: $(tr '\n' ' ' < "$work/found")"; fi
done
for file in "$prefix"/bin/*; do
  readelf -d "$file" | grep -E 'R(UN)?PATH' | grep '\[\$ORIGIN/' > /dev/null || die "$file does not find its library relative to itself"
done
for file in man/man1/runnel.1 man/man1/runnel-plugin.1 man/man1/runnel-manifest.1 man/man5/runnel.conf.5 man/man7/runnel-plugins.7 \
  bash-completion/completions/runnel zsh/site-functions/_runnel fish/vendor_completions.d/runnel.fish doc/runnel/README.md \
  doc/runnel/plugins.md doc/runnel/CHANGELOG.md doc/runnel/examples/skeleton/plugin.c runnel/install_manifest.txt; do
  [ -s "$prefix/share/$file" ] || die "share/$file is not installed"
done
for header in runnel.h plugin.h ops.h graphdef.h viz.h report.h c/scope.h c/layers.h c/train.h c/data.h; do
  [ -f "$prefix/include/runnel/$header" ] || die "runnel/$header is not installed"
done

find "$prefix/share/doc/runnel" -name '*.md' | while read -r page; do
  awk '/^```/ { code = !code } !code' "$page" | { grep -oE '\]\([^) ]+\)' || true; } | sed -E 's/^\]\(//; s/\)$//' | while read -r target; do
    case $target in http*://* | mailto:* | '#'*) continue ;; esac
    [ -e "$(dirname "$page")/${target%%#*}" ] || die "$page links to $target, which is not installed"
  done
done

say "the command"
"$prefix/bin/runnel" plugin list > "$work/list"
grep -qF "$prefix/lib/runnel/plugins/ops.so" "$work/list" || die "the installed command does not use the installed plugins"
! grep -qE 'changed|no manifest' "$work/list" || die "a manifest does not fit its plugin"
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
find_package(Runnel 0.1 REQUIRED COMPONENTS c)
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

say "what find_package refuses"
refuses() { # arguments of find_package, what it says
  mkdir -p "$work/refused"
  printf 'cmake_minimum_required(VERSION 3.25)\nproject(refused C)\nfind_package(Runnel %s)\n' "$1" > "$work/refused/CMakeLists.txt"
  rm -rf "$work/refused/build"
  if cmake -S "$work/refused" -B "$work/refused/build" -DCMAKE_PREFIX_PATH="$prefix" > "$work/log" 2>&1; then die "find_package(Runnel $1) is content"; fi
  tr -s ' \n' ' ' < "$work/log" | grep -F -- "$2" > /dev/null || die "find_package(Runnel $1) says: $(cat "$work/log")"
}
refuses "9.0 REQUIRED" "requested version \"9.0\""
refuses "0.1 REQUIRED COMPONENTS c dance" "it has no component 'dance'"

say "a program by CMake and by pkg-config"
expect() { [ "$1" = "16 24" ] || die "the program said '$1' instead of '16 24'"; }
expect "$("$work/cube/build/program")"
cc -std=c17 -Wall -Wextra $(pkg-config --cflags runnel-c) -o "$work/program" "$work/cube/program.c" \
  $(pkg-config --libs runnel-c) -Wl,-rpath,"$(pkg-config --variable=libdir runnel)"
expect "$("$work/program")"
"$prefix/bin/runnel" plugin list --json | grep -F "$XDG_DATA_HOME/runnel/plugins/mine.so" > /dev/null || die "the plugin in the user's folder is not found"
echo "install: all of it works from $prefix alone"
