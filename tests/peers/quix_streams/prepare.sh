#!/bin/bash
# Make environment/: Quix needs a confluent-kafka that ours is too new for.
set -euo pipefail
cd "$(dirname "$0")"
"${1:?a Python of version 3.11}" -m venv environment
environment/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    --require-hashes --requirement requirements.txt
