# What all rules share: the configuration and the sample sheet, proved before any job is planned, and the
# names of files. The proof itself is in the package (aspsfusion.config, aspsfusion.batch.samples).
import os
import re
import shlex
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

try:
    from aspsfusion import __version__ as PACKAGE_VERSION
    from aspsfusion.batch import planning
    from aspsfusion.batch.on_screen import PlannedBatch, announce
    from aspsfusion.batch.outcomes import (
        FURTHER_FILES,
        Inputs,
        REPORT_FILES,
        panel_identity,
        remove_candidates,
    )
    from aspsfusion.batch.samples import read_samples
    from aspsfusion.config import (
        check_configuration,
        configured_file,
        configured_files,
        configured_paths,
        numbers,
        option_list,
        require_one_genome,
    )
    from aspsfusion.errors import AspsfusionError, sentence_of
    from aspsfusion.io import permissions
    from aspsfusion.io.shipped import shipped_file
    from aspsfusion.panel.seal import require_built
except ImportError as error:
    raise WorkflowError(
        f"the environment of {sys.executable} cannot run this workflow ({error}); "
        "run 'make install' in the clone and call its .venv/bin/snakemake"
    ) from None

CONFIG_SCHEMA = "../schemas/config.schema.yaml"
NO_GENOME = (
    "set it to a GRCh38 FASTA with --config genome_fasta=PATH or in your own --configfile, or let the panel's "
    "loci be downloaded with --config genome_fetch=ucsc, or name a panel that is built with panel_dir; "
    "'make demo' shows the workflow without one"
)

try:
    permissions.require_own_cache()
    for section in ("call", "classify", "batch"):
        config[section] = numbers(config.get(section, {}))
    config["file_mode"] = permissions.mode_text(
        config.get("file_mode") or permissions.stated_mode()
    )
    with open(workflow.source_path(CONFIG_SCHEMA), encoding="utf-8") as stream:
        check_configuration(config, yaml.safe_load(stream))
    validate(config, CONFIG_SCHEMA)  # fills in the defaults of keys that are not set
    config.update(configured_paths(config))
    # For whatever this process and its jobs write; a job on a cluster comes by here as well.
    permissions.set_umask(config["file_mode"])
    os.environ[permissions.VARIABLE] = config["file_mode"]
    # Snakemake's log has been begun by now, and names the samples.
    permissions.close_directory(Path(".snakemake"), config["file_mode"])
    require_one_genome(config, NO_GENOME)
    GENOME_FETCH = config["genome_fetch"]
    GENOME_FASTA = configured_file(config, "genome_fasta")
    ANNOTATION_GTF = configured_file(config, "annotation_gtf")
    CRAM_REFERENCE = configured_file(config, "cram_reference")
    BASELINE = configured_files(config, "imbalance_baseline")
    # Used as a module from elsewhere, the panel comes with the program.
    config["panel"] = shipped_file(config["panel"])
    PANEL_YAML = configured_file(config, "panel")
    # On the node of a cluster the process that has a sample's job runs the stages itself (`localrule`). The Slurm
    # plugin would start snakemake anew for each of them, which takes longer than the stages of a small sample.
    IN_JOB = planning.in_job(Path(config["outdir"]))
    SAMPLES = {
        sample.sample_id: sample
        for sample in read_samples(config["samples"], files=not IN_JOB)
    }
except (AspsfusionError, OSError) as error:
    raise WorkflowError(sentence_of(error)) from None

OUTDIR = str(Path(config["outdir"]))
# A panel that is there is only read; it is another one by what it holds, not by its time.
PANEL_DIR = config["panel_dir"] or f"{OUTDIR}/panel"
PANEL = ancient(PANEL_DIR) if config["panel_dir"] else PANEL_DIR
FETCHED_LOCI = f"{OUTDIR}/reference/loci.fa.gz"
SUMMARY = {suffix: f"{OUTDIR}/summary.{suffix}" for suffix in ("tsv", "html")}
SUMMARY["multiqc"] = f"{OUTDIR}/aspsfusion_mqc.tsv"
# Written when every sample has a result.
BATCH_COMPLETE = f"{OUTDIR}/logs/batch.complete"
# The checksums of all results; `aspsfusion verify` compares them.
MANIFEST = f"{OUTDIR}/manifest.sha256"
# Which samples have a record, and where a finding of theirs may come from.
COMPARED = f"{OUTDIR}/logs/compared.tsv"
ENVIRONMENT = "../../envs/aspsfusion.yaml"
# Files of a report that were asked for, by the option of `aspsfusion report` that writes each.
FURTHER = {name: f"{name}.json" for name in config["exports"] or ()}
if config["compatible_tables"]:
    FURTHER |= {name: f"{name}.tsv" for name in ("arriba", "star-fusion")}
# What decides about the verdicts of all samples, as options of `aspsfusion analyse`.
SETTINGS = shlex.join(
    [
        *option_list(config["call"]),
        *option_list(config["classify"]),
        *(["--baseline", *BASELINE] if BASELINE else []),
    ]
)
BATCH_SETTINGS = shlex.join(option_list(config["batch"]))
OWN_PROGRAM = Path(sys.executable).with_name("aspsfusion")
if OWN_PROGRAM.exists():
    # Rules run the program of the environment that snakemake runs in, activated or not; with
    # --software-deployment-method conda that of the rule's own environment, which is active by then.
    same = (
        f'"${{{{CONDA_PREFIX-}}}}" = {shlex.quote(os.environ.get("CONDA_PREFIX", ""))}'
    )
    programs = shlex.quote(str(OWN_PROGRAM.parent))
    shell.prefix(f"set -euo pipefail; [ {same} ] && export PATH={programs}:$PATH; ")


wildcard_constraints:
    sample="|".join(map(re.escape, SAMPLES)),


def of_sample(name):
    """Return the pattern of a file in the sample's directory."""
    return f"{OUTDIR}/{{sample}}/{{sample}}.{name}"


def log_of(job):
    """Return the pattern of the log of a job."""
    return f"{OUTDIR}/logs/{job}/{{sample}}.log"


def benchmark_of(job):
    """Return the pattern of the benchmark of a job."""
    return f"{OUTDIR}/benchmarks/{job}/{{sample}}.tsv"


# Snakemake has no published name for its option --notemp; a test of two runs, with it and without, holds this.
CANDIDATES_GO = not workflow.storage_settings.notemp
OUTCOMES = expand(of_sample("outcome.json"), sample=SAMPLES)
# What is not true any more as soon as the reads or the panel are looked at again.
OF_THE_BATCH = [*SUMMARY.values(), COMPARED, BATCH_COMPLETE, MANIFEST]
