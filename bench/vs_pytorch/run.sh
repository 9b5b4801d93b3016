#!/usr/bin/env bash
# azimuth beside current PyTorch on this machine's processors. Makes the Python environment venv/ the
# first time (scripts/python_env.sh --torch); arguments go to compare.py (--help).
set -eu
cd "$(dirname "$0")"
scripts=../../scripts
if ! $scripts/with_python.sh "torch numpy" -c 'pass' >/dev/null; then
    $scripts/python_env.sh --torch
fi
$scripts/with_python.sh "torch numpy" -c 'import torch, numpy, platform, os; print(
    "python", platform.python_version(), "torch", torch.__version__, "numpy", numpy.__version__,
    "processors", os.cpu_count())'
exec $scripts/with_python.sh "torch numpy" compare.py "$@"
