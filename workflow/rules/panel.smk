# The loci of the panel's genes from a public sequence service, where the laboratory names no genome. It runs
# where snakemake runs: compute nodes often have no way to the outside.
rule fetch_loci:
    input:
        identity=IDENTITY["panel"],
        panel=ancient(PANEL_YAML),
        gtf=ancient(ANNOTATION_GTF) if ANNOTATION_GTF else [],
    output:
        loci=FETCHED_LOCI,
        record=f"{FETCHED_LOCI}.json",
    log:
        f"{OUTDIR}/logs/fetch.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        gtf=lambda wildcards, input: (
            f"--gtf {shlex.quote(input.gtf)}" if input.gtf else ""
        ),
        source=GENOME_FETCH,
    shell:
        "aspsfusion panel fetch --panel {input.panel:q} {params.gtf} --source {params.source:q} "
        "--output {output.loci:q} > {log:q} 2>&1"


# The panel directory: sequences of the panel's genes, taken from the genome and proved.
rule build_panel:
    input:
        identity=IDENTITY["panel"],
        panel=ancient(PANEL_YAML),
        genome=ancient(GENOME_FASTA) if GENOME_FASTA else FETCHED_LOCI,
        gtf=ancient(ANNOTATION_GTF) if ANNOTATION_GTF else [],
    output:
        directory(PANEL_DIR),
    log:
        f"{OUTDIR}/logs/panel.log",
    benchmark:
        f"{OUTDIR}/benchmarks/panel.tsv"
    localrule: IN_JOB
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    params:
        gtf=lambda wildcards, input: (
            f"--gtf {shlex.quote(input.gtf)}" if input.gtf else ""
        ),
        outdated=OF_THE_BATCH,
        version=PACKAGE_VERSION,
    shell:
        "rm -f {params.outdated:q}; "
        "aspsfusion panel build --force --panel {input.panel:q} --genome {input.genome:q} {params.gtf} "
        "--output {output:q} > {log:q} 2>&1"
