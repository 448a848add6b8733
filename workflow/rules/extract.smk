# The same for samples that come as BAM, CRAM or SAM: every read of the file is looked at, aligned or not.
rule extract:
    input:
        panel=PANEL_DIR,
        reads=reads_of,
        reference=CRAM_REFERENCE or [],
    output:
        reads=temp(of_sample("candidates.fastq.gz")),
        metrics=of_sample("screen.json"),
    log:
        log_of("screen"),
    benchmark:
        benchmark_of("screen")
    wildcard_constraints:
        sample=one_of(s for s, sample in SAMPLES.items() if sample.bam is not None),
    localrule: ON_NODE
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=minutes_for_reads(10, 100),
    params:
        reference=reference_argument,
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion extract --force --panel {input.panel:q} {input.reads:q} {params.reference} "
        "--output {output.reads:q} --metrics {output.metrics:q} > {log:q} 2>&1"
