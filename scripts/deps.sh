#!/usr/bin/env bash
# Installs what azimuth needs on Debian 12, from Debian alone.
#
#   scripts/deps.sh [GROUP...]      groups: build run test cross; none named: build run test
#
# Quick when everything is there (it then needs neither root nor network). Otherwise it runs apt-get,
# as root or through sudo. Each package's reason is in docs/dependencies.md.
set -eu

# Compiler, build system and the libraries that libazimuth is linked with.
build=(gcc libc6-dev meson ninja-build pkg-config
    libdeflate-dev libjansson-dev libopenblas-dev libpcre2-dev libsqlite3-dev libunistring-dev
    libxxhash-dev)
# What the program calls or reads: texts, figures and their typeface.
run=(sword-text-web hunspell-th gnuplot-nox fonts-dejavu-core)
# Tests and checks.
test=(clang libclang-rt-14-dev clang-format clang-tidy libcmocka-dev shellcheck git locales
    python3 python3-venv)
# A second processor architecture: cross compiler, emulator, and the libraries built for it.
cross=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    libdeflate-dev:arm64 libjansson-dev:arm64 libopenblas-dev:arm64 libpcre2-dev:arm64
    libsqlite3-dev:arm64
    libunistring-dev:arm64 libxxhash-dev:arm64 libcmocka-dev:arm64)

say() { printf 'deps: %s\n' "$*"; }

[ $# -gt 0 ] || set -- build run test
wanted=()
for group; do
    case $group in
    build) wanted+=("${build[@]}") ;;
    run) wanted+=("${run[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    cross) wanted+=("${cross[@]}") ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) say "unknown group '$group'; there are: build run test cross" >&2 && exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian; install what corresponds to: ${wanted[*]}" >&2
    exit 3
fi

# Names of the installed packages, each as NAME and as NAME:ARCHITECTURE.
installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n${db:Status-Abbrev}${Package}:${Architecture}\n' |
    sed -n 's/^ii //p')
missing=()
for package in "${wanted[@]}"; do
    grep -qxF -e "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    say "everything is installed (${*})"
    exit 0
fi
say "to install: ${missing[*]}"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    # Without a terminal sudo cannot ask for a password.
    [ -t 0 ] || as_root+=(-n)
    if ! command -v sudo >/dev/null || ! "${as_root[@]}" true; then
        say "root is needed for that. As root, run:  ${BASH_SOURCE[0]} ${*}" >&2
        exit 3
    fi
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }

for package in "${missing[@]}"; do
    architecture=${package#*:}
    [ "$architecture" != "$package" ] || continue
    if ! { dpkg --print-architecture && dpkg --print-foreign-architectures; } |
        grep -qx "$architecture"; then
        say "adding the architecture $architecture to dpkg"
        "${as_root[@]}" dpkg --add-architecture "$architecture"
    fi
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
say "apt-get update"
apt update >"$log" 2>&1 || say "some package lists could not be fetched; going on with those there are"
say "apt-get install (a minute or two)"
if ! apt install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    say "apt-get failed, see above. Are the Debian 12 'main' sources in /etc/apt reachable?" >&2
    exit 3
fi
say "done"
