#!/bin/sh
# Times the census of a full-size matrix against numpy and a plain read of the file, interleaved:
# medians of the rounds, and ratios. Page cache warm. Needs numpy (AZ_PYTHON names a Python).
#
#     bench/census/run.sh [BUILD [MATRIX [ROUNDS]]]      (build, a galaxy made for it, 5)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build}
rounds=${3:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
matrix=${2:-$work/galaxy.safetensors}
[ -e "$matrix" ] || "$build/azimuth" simulate galaxy -o "$matrix" > "$work/plan.txt"
exec "${AZ_PYTHON:-python3}" "$root/bench/census/compare.py" "$build/azimuth" "$matrix" "$work" "$rounds"
