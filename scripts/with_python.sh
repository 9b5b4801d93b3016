#!/usr/bin/env bash
# Runs a Python script that needs packages beyond the standard library, or skips (exit code 77).
#
#   scripts/with_python.sh "numpy torch" SCRIPT [ARGUMENT...]
#
# The interpreter is $AZ_PYTHON, else that of venv/ (scripts/python_env.sh), else python3.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
python=${AZ_PYTHON:-$here/venv/bin/python}
[ -n "${AZ_PYTHON:-}" ] || [ -x "$python" ] || python=python3
modules=$1
shift
for module in $modules; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "skipped: $python has no $module; scripts/python_env.sh (--torch) gets it"
        exit 77
    fi
done
exec "$python" "$@"
