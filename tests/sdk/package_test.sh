#!/usr/bin/env bash
# package_test.sh SOURCE BUILD: the Debian packages: their fields and files; unpacked below another root the command works;
# the trigger makes and removes manifests; as root, dpkg itself installs, serves somebody else's plugin, and removes.
set -euo pipefail
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "package_test: $*" >&2; exit 1; }
for tool in dpkg-deb dpkg-shlibdeps cpack file; do
  command -v $tool > /dev/null || { echo "skipped: no $tool here, which packages are made with"; exit 77; }
done
unset RUNNEL_PLUGIN_PATH RUNNEL_CONFIG LD_LIBRARY_PATH
export HOME=$work/home PATH=$PATH:/usr/sbin:/sbin # dpkg looks for ldconfig
export XDG_DATA_HOME=$work/home/data
mkdir -p "$HOME"
bash "$source/core/plugin/sdk/packages/make.sh" "$build" "$RUNNEL_INSTALLED" > "$work/made"
cd "$build/packages"
lib=usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
version=$("$RUNNEL_INSTALLED/bin/runnel" --version | cut -d' ' -f2)

echo "== which packages"
packages=(librunnel0 runnel runnel-dev)
for manifest in "$RUNNEL_INSTALLED"/lib/runnel/plugins/*.manifest; do
  id=$(basename "$manifest" .manifest)
  [ "$id" = skeleton ] || packages+=("runnel-plugin-${id//_/-}")
done
diff <(printf '%s\n' "${packages[@]}" | sort) <(for f in *.deb; do dpkg-deb -f "$f" Package; done | sort) || die "other packages than expected"
deb() { echo "$1"_"$version"_*.deb; }

echo "== fields"
for package in "${packages[@]}"; do dpkg-deb -f "$(deb "$package")" > "$work/$package.control"; done
field() { grep "^$2: " "$work/$1.control" | grep -F -- "$3" > /dev/null || die "$1: '$(grep "^$2: " "$work/$1.control")' is without '$3'"; }
for package in "${packages[@]}"; do
  field "$package" Version "$version"
  field "$package" Source runnel
  [ "$package" = librunnel0 ] || field "$package" Depends "librunnel0 (= $version)"
done
for library in libltdl7 libinih1 libc6; do field librunnel0 Depends $library; done
for library in libcjson1 libprotobuf-c1 libgvc6 libmicrohttpd12; do field runnel Depends $library; done
field runnel Recommends runnel-plugin-ops
field runnel-dev Depends "runnel (= $version)"
field runnel-plugin-cpu Recommends libopenblas0
dpkg-deb -I "$(deb librunnel0)" triggers | grep -x "interest-noawait /$lib/runnel/plugins" > /dev/null || die "no trigger"

echo "== files"
root=$work/root
for package in "${packages[@]}"; do
  dpkg-deb -c "$(deb "$package")" > "$work/list"
  awk '$2 != "root/root" { print; bad = 1 } END { exit bad }' "$work/list" || die "$package: not owned by root"
  grep -q "/usr/share/doc/$package/copyright" "$work/list" || die "$package has no copyright"
  ! grep -q '\.manifest$' "$work/list" || die "$package ships a manifest"
  dpkg-deb -x "$(deb "$package")" "$root"
done
for file in usr/bin/runnel usr/bin/runnel-manifest usr/include/runnel/plugin.h $lib/cmake/Runnel/RunnelConfig.cmake \
  $lib/pkgconfig/runnel.pc $lib/librunnel.so $lib/librunnel_c.a $lib/runnel/plugins/cpu.so usr/share/man/man1/runnel.1.gz \
  usr/share/man/man5/runnel.conf.5.gz usr/share/bash-completion/completions/runnel usr/share/zsh/vendor-completions/_runnel \
  usr/share/doc/runnel/plugins.md usr/share/doc/runnel/examples/skeleton/plugin.c; do
  [ -e "$root/$file" ] || die "no $file"
done
if grep -rlF -e "$source/" -e "$build/" "$root" > "$work/found"; then die "these name the build: $(cat "$work/found")"; fi
if readelf -d "$root/usr/bin/runnel" "$root/$lib/runnel/runnel-manifest" | grep -E 'R(UN)?PATH'; then die "a run path is left"; fi

echo "== unpacked: the command, the trigger's script, a program"
runnel() { LD_LIBRARY_PATH=$root/$lib "$root/usr/bin/runnel" "$@"; }
runnel plugin list > "$work/list"
grep -qF "$root/$lib/runnel/plugins/ops.so" "$work/list" || die "the unpacked command does not find the unpacked plugins: $(cat "$work/list")"
renew=$root/$lib/runnel/remake-manifests
plugins=$root/$lib/runnel/plugins
"$renew" "$root"
for plugin in "$plugins"/*.so; do [ -s "${plugin%.so}.manifest" ] || die "no manifest for $plugin"; done
runnel plugin list > "$work/list"
! grep -q 'no manifest' "$work/list" || die "with manifests: $(cat "$work/list")"
stat -c '%y %n' "$plugins"/*.manifest > "$work/before"
"$renew" "$root"
stat -c '%y %n' "$plugins"/*.manifest | diff "$work/before" - || die "fresh manifests were written again"
mkdir "$plugins/folder" "$plugins/data"
cp "$RUNNEL_INSTALLED/lib/runnel/plugins/skeleton.so" "$plugins/folder/folder.so"
cp "$RUNNEL_INSTALLED/lib/runnel/plugins/skeleton.so" "$plugins/data/other.so"
echo "no plugin" > "$plugins/broken.so"
rm "$plugins/io.so"
"$renew" "$root" 2> "$work/said"
grep -q 'broken.so cannot be used' "$work/said" || die "nothing said about a broken plugin: $(cat "$work/said")"
[ -s "$plugins/folder/folder.manifest" ] && [ ! -e "$plugins/io.manifest" ] && [ ! -e "$plugins/broken.manifest" ] &&
  [ ! -e "$plugins/data/other.manifest" ] || die "wrong manifests: $(cd "$plugins" && find . | sort | tr '\n' ' ')"
"$renew" --remove "$root"
[ -z "$(find "$plugins" -name '*.manifest')" ] || die "manifests are left"
PKG_CONFIG_PATH=$root/$lib/pkgconfig pkg-config --cflags --libs runnel-c > "$work/flags"
grep -q "root/usr/include\|root/$lib/pkgconfig/../../../include" "$work/flags" || die "pkg-config: $(cat "$work/flags")"
mkdir "$work/find"
cat > "$work/find/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(find C)
find_package(Runnel 0.1 REQUIRED COMPONENTS c)
get_target_property(at Runnel::runnel IMPORTED_LOCATION)
if(NOT EXISTS ${at} OR NOT EXISTS ${RUNNEL_PLUGIN_DIR}/cpu.so)
  message(FATAL_ERROR "${at}, ${RUNNEL_PLUGIN_DIR}")
endif()
CMAKE
cmake -S "$work/find" -B "$work/find/build" -DCMAKE_PREFIX_PATH="$root/usr" > "$work/log" 2>&1 || { cat "$work/log"; die "find_package"; }

if [ "$(id -u)" -ne 0 ]; then
  echo "package: all of it works; dpkg itself was not tried, which needs root"
  exit 0
fi

echo "== dpkg, below another root"
root=$work/system
plugins=$root/$lib/runnel/plugins
mkdir -p "$root/var/lib/dpkg"/{info,updates,triggers} "$root/var/log"
touch "$root/var/lib/dpkg/status"
quiet_dpkg() { dpkg --root="$root" --force-script-chrootless --force-unsafe-io "$@" > "$work/log" 2>&1 || { cat "$work/log"; die "dpkg $*"; }; }
package_of() { # control file, plugin or ""
  local folder=$work/${1%%:*}
  mkdir -p "$folder/DEBIAN" "$folder/$lib/runnel/plugins"
  if [ -n "$2" ]; then cp "$2" "$folder/$lib/runnel/plugins/"; else rm -r "$folder/usr"; fi
  printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@runnel.invalid>\n%s\nDescription: for a test\n' \
    "${1%%:*}" "${1#*:}" > "$folder/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$folder" "$work/${1%%:*}.deb" > /dev/null
}
# The libraries of others come from outside; to dpkg one empty package gives them.
needs=$(sed -n 's/^Depends: //p' "$work"/*.control | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -v runnel | sort -u)
package_of "base:Provides: $(echo $needs | sed 's/ /, /g; s/[^, ][^,]*/& (= 99)/g')" ""
quiet_dpkg -i "$work/base.deb" ./*.deb
[ -s "$plugins/cpu.manifest" ] || die "no manifests after dpkg -i: $(cat "$work/log")"
runnel plugin list > "$work/list"
grep -qF "$plugins/cpu.so" "$work/list" && ! grep -q 'no manifest' "$work/list" || die "the installed command does not find the installed plugins"
package_of "theirs:Depends: librunnel0" "$RUNNEL_INSTALLED/lib/runnel/plugins/skeleton.so"
quiet_dpkg -i "$work/theirs.deb"
[ -s "$plugins/skeleton.manifest" ] || die "the trigger made no manifest for somebody's plugin: $(cat "$work/log")"
runnel ops Cube > /dev/null || die "somebody's plugin cannot be used"
quiet_dpkg -r theirs
[ ! -e "$plugins/skeleton.manifest" ] || die "the trigger left the manifest of a removed plugin: $(cat "$work/log")"
quiet_dpkg -P "${packages[@]}"
[ -z "$(find "$root/usr" -mindepth 1 2>/dev/null)" ] || die "left after the packages: $(find "$root/usr")"
! grep -q 'warning' "$work/log" || die "$(cat "$work/log")"
echo "package: all of it works, with dpkg too"
