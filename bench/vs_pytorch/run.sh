#!/usr/bin/env bash
# azimuth beside current PyTorch on this machine's processors. Makes its own Python environment in
# bench/vs_pytorch/venv the first time (about 2 GB from PyPI); arguments go to compare.py (--help).
set -euo pipefail
cd "$(dirname "$0")"
if [ ! -x venv/bin/python ]; then
    python3 -m venv venv
    venv/bin/pip install --quiet --requirement requirements.txt
fi
venv/bin/python -c 'import torch, numpy, platform, os; print("python", platform.python_version(), "torch",
    torch.__version__, "numpy", numpy.__version__, "processors", os.cpu_count())'
exec venv/bin/python compare.py "$@"
