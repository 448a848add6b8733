# The fragments of a sample that share a k-mer with the panel; all other reads end here. Samples that come as
# BAM or CRAM have a rule of their own in extract.smk.
rule screen:
    input:
        panel=PANEL_DIR,
        reads=reads_of,
    output:
        reads=temp(of_sample("candidates.fastq.gz")),
        metrics=of_sample("screen.json"),
    log:
        log_of("screen"),
    benchmark:
        benchmark_of("screen")
    wildcard_constraints:
        sample=one_of(s for s, sample in SAMPLES.items() if sample.bam is None),
    localrule: ON_NODE
    conda:
        ENVIRONMENT
    threads: threads_for(2, 50)
    resources:
        mem_mb=doubling(2000),
        runtime=minutes_for_reads(10, 500),
    params:
        reads=read_arguments,
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion screen --force --panel {input.panel:q} {params.reads} "
        "--output {output.reads:q} --metrics {output.metrics:q} > {log:q} 2>&1"
