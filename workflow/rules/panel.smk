# The panel directory: sequences of the panel's genes, taken from the genome and proved.
rule build_panel:
    input:
        panel=PANEL_YAML,
        genome=GENOME_FASTA,
        gtf=ANNOTATION_GTF or [],
    output:
        directory(PANEL_DIR),
    log:
        f"{OUTDIR}/logs/panel.log",
    benchmark:
        f"{OUTDIR}/benchmarks/panel.tsv"
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
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion panel build --force --panel {input.panel:q} --genome {input.genome:q} {params.gtf} "
        "--output {output:q} > {log:q} 2>&1"
