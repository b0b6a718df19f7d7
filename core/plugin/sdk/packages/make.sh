#!/usr/bin/env bash
# make.sh BUILD [STAGE]: the packages as BUILD/packages/*.deb, of what is installed below STAGE (BUILD/installed).
# DEBFULLNAME and DEBEMAIL name the maintainer, as Debian's own tools have it.
set -euo pipefail
build=$(readlink -f "$1")
stage=$(readlink -f "${2:-$build/installed}")
out=$build/packages
here=$(dirname "$(readlink -f "$0")")
version=$("$stage/bin/runnel" --version | cut -d' ' -f2)
maintainer="${DEBFULLNAME:-The authors of Runnel} <${DEBEMAIL:-authors@runnel.invalid}>"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || stat -c %Y "$here/make.sh")}
umask 022

rm -rf "$out"
mkdir -p "$out/made"
cat > "$out/made/changelog" <<CHANGELOG
runnel ($version) unstable; urgency=medium

  * Version $version. What is new: CHANGELOG.md of the source.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
log=$out/log
{
  cmake -S "$here" -B "$out" -DRUNNEL_STAGE="$stage" -DRUNNEL_VERSION="$version" -DRUNNEL_MAINTAINER="$maintainer" \
    -DRUNNEL_RECOMMENDS="$build/sdk/recommends.cmake"
  (cd "$out" && cpack)
} > "$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
ls "$out"/*.deb
