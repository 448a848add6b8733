# What all rules share: the configuration and the sample sheet, proved before any job is planned, and the
# names of files. The proof itself is in the package (aspsfusion.config, aspsfusion.batch.samples).
import re
import shlex
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import validate

try:
    from aspsfusion import __version__ as PACKAGE_VERSION
    from aspsfusion.batch.failures import (
        JOB_FILES,
        benchmark_file,
        forget_failures,
        job_log,
        record_failures,
        sample_files,
    )
    from aspsfusion.config import (
        check_configuration,
        configured_file,
        configured_files,
        numbers,
        option_list,
        require_one_genome,
    )
    from aspsfusion.batch.efficiency import write_efficiency
    from aspsfusion.errors import AspsfusionError
    from aspsfusion.batch.samples import read_samples
except ImportError as error:
    raise WorkflowError(
        f"the environment of {sys.executable} can not run this workflow ({error}); "
        "install it with 'make' and call .venv/bin/snakemake"
    ) from None

SHIPPED_PANEL = "resources/panels/aspscr1_tfe3.yaml"
CONFIG_SCHEMA = "../schemas/config.schema.yaml"
NO_GENOME = (
    "set it to a GRCh38 FASTA with --config genome_fasta=PATH or in your own --configfile, or let the panel's "
    "loci be downloaded with --config genome_fetch=ucsc; "
    "'make demo' shows the workflow without one"
)

try:
    for section in ("call", "classify", "batch"):
        config[section] = numbers(config.get(section, {}))
    with open(workflow.source_path(CONFIG_SCHEMA), encoding="utf-8") as stream:
        check_configuration(config, yaml.safe_load(stream))
    validate(config, CONFIG_SCHEMA)  # fills in the defaults of keys that are not set
    require_one_genome(config, NO_GENOME)
    GENOME_FETCH = config["genome_fetch"]
    GENOME_FASTA = configured_file(config, "genome_fasta")
    ANNOTATION_GTF = configured_file(config, "annotation_gtf")
    CRAM_REFERENCE = configured_file(config, "cram_reference")
    BASELINE = configured_files(config, "imbalance_baseline")
    if config["panel"] == SHIPPED_PANEL and not Path(SHIPPED_PANEL).exists():
        # Used as a module from elsewhere: the panel comes with the workflow. Of a local workflow source_path
        # returns another copy each time, which would have everything made anew.
        shipped = Path(str(workflow.current_basedir.join(f"../../{SHIPPED_PANEL}")))
        config["panel"] = (
            str(shipped.resolve())
            if shipped.is_file()
            else workflow.source_path(f"../../{SHIPPED_PANEL}")
        )
    PANEL_YAML = configured_file(config, "panel")
    SAMPLES = {sample.sample_id: sample for sample in read_samples(config["samples"])}
except AspsfusionError as error:
    raise WorkflowError(error.sentence()) from None

OUTDIR = str(Path(config["outdir"]))
PANEL_DIR = f"{OUTDIR}/panel"
FETCHED_LOCI = f"{OUTDIR}/reference/loci.fa.gz"
SUMMARY = {suffix: f"{OUTDIR}/summary.{suffix}" for suffix in ("tsv", "html")}
SUMMARY["multiqc"] = f"{OUTDIR}/aspsfusion_mqc.tsv"
# Written with a summary in which no sample failed, and removed with one in which a sample did, so that
# Snakemake makes the next summary anew whatever the sheet says then.
BATCH_COMPLETE = f"{OUTDIR}/logs/batch.complete"
ENVIRONMENT = "../../envs/aspsfusion.yaml"
COMPATIBLE = ("arriba", "star-fusion")

OWN_PROGRAM = Path(sys.executable).with_name("aspsfusion")
# On the node of a cluster's job: what is to be done there is done by the process that the job started. The Slurm
# plugin would start another snakemake for each rule, through srun, for seconds that a small sample does not take.
ON_NODE = workflow.remote_exec
CONDA = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
if OWN_PROGRAM.exists() and not CONDA:
    # Rules run the program of the environment that snakemake runs in, activated or not.
    programs = shlex.quote(str(OWN_PROGRAM.parent))
    shell.prefix(f"set -euo pipefail; export PATH={programs}:$PATH; ")


wildcard_constraints:
    sample="|".join(map(re.escape, SAMPLES)),


def batch_results():
    """Return every file that a complete batch has."""
    per_sample = [
        file
        for sample_id in SAMPLES
        for job in JOB_FILES
        for file in sample_files(OUTDIR, sample_id, job)
    ]
    return [*per_sample, *SUMMARY.values(), BATCH_COMPLETE]


def of_sample(name):
    """Return the pattern of a file in the sample's directory."""
    return f"{OUTDIR}/{{sample}}/{{sample}}.{name}"


def log_of(job):
    """Return the pattern of the log of a job."""
    return job_log(OUTDIR, "{sample}", job)


def benchmark_of(job):
    """Return the pattern of the benchmark of a job."""
    return benchmark_file(OUTDIR, "{sample}", job)


def reads_of(wildcards):
    """Return the files with a sample's reads, FASTQ lane by lane."""
    return SAMPLES[wildcards.sample].reads


def one_of(sample_ids):
    """Return the pattern of these samples alone; of none, one that nothing fits."""
    return "|".join(map(re.escape, sample_ids)) or "(?!)"


def read_arguments(wildcards, input):
    """Return a sample's FASTQ files as `aspsfusion screen` takes them: R1 [R2] [--lane R1 [R2]]..."""
    step = 2 if SAMPLES[wildcards.sample].paired else 1
    lanes = [
        input.reads[start : start + step] for start in range(0, len(input.reads), step)
    ]
    return shlex.join(
        [*lanes[0], *(word for lane in lanes[1:] for word in ("--lane", *lane))]
    )


def reference_argument(wildcards, input):
    """Return the FASTA that CRAM files were compressed with as an option."""
    return f"--reference {shlex.quote(input.reference)}" if input.reference else ""


def library_argument(wildcards):
    """Return what the sheet says about the sample's library as an option."""
    library = SAMPLES[wildcards.sample].library
    return f"--library {library}" if library else ""


def baseline_argument(wildcards, input):
    """Return the reports of negative samples as an option."""
    return shlex.join(["--baseline", *input.baseline]) if input.baseline else ""


def compatible_tables():
    """Return the tables in the columns of other programs that are wanted, by their names in the rule."""
    names = COMPATIBLE if config["compatible_tables"] else ()
    return {name.replace("-", "_"): of_sample(f"{name}.tsv") for name in names}


def compatible_options():
    """Return the option that has these tables written."""
    return shlex.join(["--also", *COMPATIBLE]) if config["compatible_tables"] else ""


def thresholds(section):
    """Return a section of the configuration as options."""
    return shlex.join(option_list(config[section]))


def summarise_failed_batch():
    """Write the summary of a run in which a job failed, the failed samples with their reason."""
    if not Path(PANEL_DIR).is_dir():
        return  # the panel failed: no sample was looked at, and its error is on the screen
    failures = record_failures(OUTDIR, SAMPLES)
    if not failures:
        return
    for outdated in (*SUMMARY.values(), BATCH_COMPLETE):
        Path(outdated).unlink(missing_ok=True)
    failed = {failure.sample_id for failure in failures}
    reports = [
        of_sample("report.json").format(sample=sample_id)
        for sample_id in SAMPLES
        if sample_id not in failed
    ]
    notes = [
        word
        for failure in failures
        for word in ("--failed", f"{failure.sample_id}={failure.note}")
    ]
    sheet, limits = config["samples"], thresholds("batch")
    tsv, html, multiqc = SUMMARY["tsv"], SUMMARY["html"], SUMMARY["multiqc"]
    shell(
        "aspsfusion summary --force --output-tsv {tsv:q} --output-html {html:q} --multiqc {multiqc:q} "
        "--samples {sheet:q} --reissue {limits} {notes:q} {reports:q}"
    )
    for failure in failures:
        logger.error(f"sample {failure.sample_id} FAILED: {failure.sentence}")
    logger.error(f"{len(failures)} of {len(SAMPLES)} samples FAILED; see {tsv}")
