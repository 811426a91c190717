#!/bin/sh
# interop.sh PYTHON INTEROP_TOOL: runs interop.py with the first Python that is there: $PINION_PYTHON,
# PYTHON (may be empty), the environment of tools/make-python-env. Exits 77 if there is none.
here=$(cd "$(dirname "$0")" && pwd)
for python in "${PINION_PYTHON:-}" "$1" "$here/../../.venv-keras/bin/python"; do
    if [ -n "$python" ] && [ -x "$python" ]; then
        exec "$python" "$here/interop.py" "$2"
    fi
done
echo "skipped: no Python with Keras; tools/make-python-env makes one, PINION_PYTHON names another"
exit 77
