#!/usr/bin/env bash
# Makes venv/, a Python environment with the packages that a few comparisons use. Nobody needs it to
# build or run azimuth; tests that would use it skip without it.
#
#   scripts/python_env.sh          numpy, safetensors, tokenizers, tiktoken, h5py, ml_dtypes (150 MB)
#   scripts/python_env.sh --torch  torch and transformers as well (6 GB: PyPI's torch brings CUDA)
set -eu
cd "$(dirname "$0")/.."

packages=(numpy safetensors tokenizers tiktoken h5py ml_dtypes)
case ${1:-} in
'') ;;
--torch) packages+=(torch transformers) ;;
-h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0" && exit 0 ;;
*) echo "python_env.sh: unknown option '$1'; see --help" >&2 && exit 2 ;;
esac

if ! python3 -m venv --help >/dev/null 2>&1 || ! python3 -c 'import ensurepip' 2>/dev/null; then
    echo "python_env.sh: python3-venv is missing; run scripts/deps.sh test" >&2
    exit 3
fi
[ -x venv/bin/python ] || python3 -m venv venv
echo "python_env: ${packages[*]}, from PyPI into venv/"
venv/bin/pip install --quiet --disable-pip-version-check "${packages[@]}"
venv/bin/python - "${packages[@]}" <<'PYTHON'
import importlib.metadata, sys
print("python_env:", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
PYTHON
