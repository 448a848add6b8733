# The validation study: simulated samples of known truth, a job for each cell, a table and a page of all.
#
# Run from the repository root:  snakemake -s workflow/validation.smk --cores N [--configfile my.yaml]
# A study that was stopped goes on with the same command; a cell is made anew when its definition, the
# thresholds or the program change.
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/validation.yaml"


from aspsfusion import __version__ as PACKAGE_VERSION
from aspsfusion.config import configured_file, numbers, option_list
from aspsfusion.errors import AspsfusionError, sentence_of
from aspsfusion.validation.study import load_study

try:
    STUDY_FILE = configured_file(config, "study", missing="set it to a study YAML")
    PANEL_YAML = configured_file(config, "panel", missing="set it to a panel YAML")
    GENOME_FASTA = configured_file(config, "genome_fasta")
    STUDY = load_study(Path(STUDY_FILE))
except (AspsfusionError, OSError) as error:
    raise WorkflowError(sentence_of(error)) from None

OUTDIR = str(Path(config["outdir"]))
SCALE = float(config["scale"])
DILUTION = config.get("dilution")
CELLS = [cell.name for cell in STUDY.cells]
THRESHOLDS = shlex.join(
    [*option_list(numbers(config["call"])), *option_list(numbers(config["classify"]))]
)
ENVIRONMENT = "../envs/aspsfusion.yaml"

OWN_PROGRAM = Path(sys.executable).with_name("aspsfusion")
if OWN_PROGRAM.exists():
    # Rules run the program of the environment that snakemake runs in, activated or not.
    programs = shlex.quote(str(OWN_PROGRAM.parent))
    shell.prefix(f"set -euo pipefail; export PATH={programs}:$PATH; ")


wildcard_constraints:
    cell="|".join(CELLS),


rule study:
    default_target: True
    input:
        f"{OUTDIR}/validation.md",
        f"{OUTDIR}/validation.tsv",


rule demonstration_reference:
    input:
        PANEL_YAML,
    output:
        f"{OUTDIR}/reference.fa.gz",
    log:
        f"{OUTDIR}/logs/reference.log",
    conda:
        ENVIRONMENT
    params:
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion demo-reference --panel {input:q} --output {output:q} > {log:q} 2>&1"


rule build_panel:
    input:
        panel=PANEL_YAML,
        genome=GENOME_FASTA or rules.demonstration_reference.output[0],
    output:
        directory(f"{OUTDIR}/panel"),
    log:
        f"{OUTDIR}/logs/panel.log",
    conda:
        ENVIRONMENT
    params:
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion panel build --panel {input.panel:q} --genome {input.genome:q} --output {output:q} "
        "> {log:q} 2>&1"


# What is done of a cell lies in a file beside the output, which Snakemake does not know and does not
# remove when a job is stopped.
rule cell:
    input:
        panel=rules.build_panel.output,
        study=ancient(STUDY_FILE),
    output:
        f"{OUTDIR}/cells/{{cell}}.tsv",
    log:
        f"{OUTDIR}/logs/{{cell}}.log",
    benchmark:
        f"{OUTDIR}/benchmarks/{{cell}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        thresholds=THRESHOLDS,
        scale=SCALE,
        definition=lambda wildcards: STUDY.cell(wildcards.cell).model_dump_json(),
        shared=STUDY.model_dump_json(exclude={"cells", "title"}),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion validate cell --panel {input.panel:q} --study {input.study:q} --cell {wildcards.cell} "
        "--scale {params.scale} {params.thresholds} --force --output {output:q} > {log:q} 2>&1"


rule junction_reads:
    input:
        rules.build_panel.output,
    output:
        f"{OUTDIR}/junction_reads.tsv",
    log:
        f"{OUTDIR}/logs/junction_reads.log",
    conda:
        ENVIRONMENT
    params:
        thresholds=THRESHOLDS,
        number=max(20, round(1000 * SCALE)),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion validate junction-reads --panel {input:q} --number {params.number} {params.thresholds} "
        "--force --output {output:q} > {log:q} 2>&1"


rule build_dilution_panel:
    input:
        panel=DILUTION["panel"] if DILUTION else [],
        genome=DILUTION["genome_fasta"] if DILUTION else [],
    output:
        directory(f"{OUTDIR}/dilution_panel"),
    log:
        f"{OUTDIR}/logs/dilution_panel.log",
    conda:
        ENVIRONMENT
    params:
        gtf=(
            shlex.join(["--gtf", DILUTION["annotation_gtf"]])
            if DILUTION and DILUTION.get("annotation_gtf")
            else ""
        ),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion panel build --panel {input.panel:q} --genome {input.genome:q} {params.gtf} "
        "--output {output:q} > {log:q} 2>&1"


rule dilution:
    input:
        panel=rules.build_dilution_panel.output,
        reads=DILUTION["reads"] if DILUTION else [],
    output:
        f"{OUTDIR}/dilution.tsv",
    log:
        f"{OUTDIR}/logs/dilution.log",
    conda:
        ENVIRONMENT
    params:
        thresholds=THRESHOLDS,
        draws=max(2, round(200 * SCALE)),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion validate dilution {input.reads:q} --panel {input.panel:q} --draws {params.draws} "
        "{params.thresholds} --force --output {output:q} > {log:q} 2>&1"


rule page:
    input:
        panel=rules.build_panel.output,
        study=ancient(STUDY_FILE),
        cells=expand(rules.cell.output, cell=CELLS),
        junction_reads=rules.junction_reads.output,
        dilution=rules.dilution.output if DILUTION else [],
    output:
        markdown=f"{OUTDIR}/validation.md",
        tsv=f"{OUTDIR}/validation.tsv",
    log:
        f"{OUTDIR}/logs/page.log",
    conda:
        ENVIRONMENT
    params:
        thresholds=THRESHOLDS,
        dilution=lambda wildcards, input: (
            shlex.join(["--dilution", *input.dilution]) if DILUTION else ""
        ),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion validate page {input.cells:q} --panel {input.panel:q} --study {input.study:q} "
        "--junction-reads {input.junction_reads:q} {params.dilution} {params.thresholds} --force "
        "--tsv {output.tsv:q} --markdown {output.markdown:q} 2>&1 | tee {log:q}"
