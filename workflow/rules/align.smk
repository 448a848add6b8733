# Candidates aligned to the panel, each mate for itself.
rule align:
    input:
        panel=PANEL_DIR,
        reads=of_sample("candidates.fastq.gz"),
    output:
        bam=temp(of_sample("aligned.bam")),
        bai=temp(of_sample("aligned.bam.bai")),
        metrics=of_sample("align.json"),
    log:
        log_of("align"),
    benchmark:
        benchmark_of("align")
    conda:
        ENVIRONMENT
    threads: threads_for(4, 500)
    resources:
        mem_mb=doubling(2000),
        runtime=minutes_for_reads(10, 500),
    params:
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion align --force --panel {input.panel:q} --reads {input.reads:q} --sample {wildcards.sample} "
        "--threads {threads} --output {output.bam:q} --metrics {output.metrics:q} > {log:q} 2>&1"
