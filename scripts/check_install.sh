#!/usr/bin/env bash
# Installs a build into an empty folder and uses it as a stranger would: a C program compiled with
# what pkg-config says, against the shared and against the static library, and the program itself.
#
#   scripts/check_install.sh BUILD
set -eu
build=$1
here=$(cd "$(dirname "$0")/.." && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage meson install -C "$build" --no-rebuild --quiet
prefix=$stage/usr
pc=$(find "$stage" -name azimuth.pc)
[ -n "$pc" ] || { echo "no azimuth.pc was installed" && exit 1; }
library=$(dirname "$(find "$stage" -name libazimuth.so)")

export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$stage
PKG_CONFIG_PATH=$(dirname "$pc")
cc=${CC:-cc}
strict=(-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

# Every public header compiles alone.
for header in "$prefix"/include/azimuth/*.h; do
    echo "#include <azimuth/${header##*/}>" >"$stage/one.c"
    # shellcheck disable=SC2046
    $cc "${strict[@]}" -Wno-pedantic -fsyntax-only "$stage/one.c" $(pkg-config --cflags azimuth)
done

# shellcheck disable=SC2046
$cc "${strict[@]}" "$here/tests/cli/consumer.c" -o "$stage/shared" $(pkg-config --cflags --libs azimuth)
LD_LIBRARY_PATH=$library "$stage/shared"
# shellcheck disable=SC2046
$cc "${strict[@]}" "$here/tests/cli/consumer.c" -o "$stage/static" -static-libgcc \
    $(pkg-config --cflags azimuth) "$library/libazimuth.a" \
    $(pkg-config --static --libs azimuth | tr ' ' '\n' | grep -v -e -lazimuth)
"$stage/static"

if [ -x "$prefix/bin/azimuth" ]; then
    LD_LIBRARY_PATH=$library "$prefix/bin/azimuth" --version
fi
echo "installed $(find "$stage/usr" -type f | wc -l) files; compiled and ran against both libraries"
