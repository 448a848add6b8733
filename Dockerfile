# An image with the workflow and the versions and hashes of envs/requirements.txt.
#
#   docker build -t aspsfusion:0.1.0 .
#   docker run --rm -v "$PWD:/work" -u "$(id -u):$(id -g)" aspsfusion:0.1.0 \
#     snakemake --snakefile /opt/aspsfusion/workflow/Snakefile --cores 8 --configfile my.yaml
FROM python:3.11.7-slim-bookworm

WORKDIR /opt/aspsfusion
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY scripts scripts
COPY workflow workflow
COPY config config
COPY resources resources
COPY envs envs

# This base has no compiler: the C files are compiled by that of the wheel ziglang, and what else has no wheel and
# is not plain Python fails here.
RUN pip install --no-cache-dir --require-hashes -r envs/requirements.txt -r envs/requirements-zig.txt && \
    pip install --no-cache-dir --no-deps --no-build-isolation . && \
    pip uninstall --yes ziglang

# Whoever runs it may have no home in the image. Snakemake's copies of workflow files are believed, so they go
# where nobody else can write: to the working directory, beside the results.
ENV XDG_CACHE_HOME=/work/.cache

WORKDIR /work
CMD ["aspsfusion", "--help"]
