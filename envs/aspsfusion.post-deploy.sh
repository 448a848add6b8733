#!/usr/bin/env bash
# Run by Snakemake inside the new environment, from the directory that snakemake was started in, which is the
# repository root. Dependencies are pinned in aspsfusion.yaml already.
set -euo pipefail
python -m pip install --no-deps .
