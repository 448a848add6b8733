# From alignments to junctions, every candidate fragment weighed against junction and wild type.
rule evidence:
    input:
        panel=PANEL_DIR,
        bam=of_sample("aligned.bam"),
        bai=of_sample("aligned.bam.bai"),
    output:
        of_sample("evidence.json.gz"),
    log:
        log_of("evidence"),
    benchmark:
        benchmark_of("evidence")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_for_reads(2000),
        runtime=minutes_for_reads(10, 500),
    params:
        thresholds=thresholds("call"),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion evidence --force --panel {input.panel:q} --bam {input.bam:q} {params.thresholds} "
        "--output {output:q} > {log:q} 2>&1"


rule call:
    input:
        panel=PANEL_DIR,
        evidence=of_sample("evidence.json.gz"),
    output:
        of_sample("calls.json"),
    log:
        log_of("call"),
    benchmark:
        benchmark_of("call")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_for_reads(2000),
        runtime=minutes_for_reads(10, 500),
    params:
        thresholds=thresholds("call"),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion call --force --panel {input.panel:q} --evidence {input.evidence:q} {params.thresholds} "
        "--output {output:q} > {log:q} 2>&1"


# The alignments as they are kept: the supporting reads tagged, and laid on their junctions for a viewer.
rule tag:
    input:
        panel=PANEL_DIR,
        bam=of_sample("aligned.bam"),
        bai=of_sample("aligned.bam.bai"),
        calls=of_sample("calls.json"),
    output:
        bam=of_sample("panel.bam"),
        bai=of_sample("panel.bam.bai"),
        reference=of_sample("junctions.fa"),
        fai=of_sample("junctions.fa.fai"),
    log:
        log_of("tag"),
    benchmark:
        benchmark_of("tag")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_for_reads(2000),
        runtime=minutes_for_reads(10, 500),
    params:
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion tag --force --panel {input.panel:q} --bam {input.bam:q} --calls {input.calls:q} "
        "--output {output.bam:q} --reference {output.reference:q} > {log:q} 2>&1"
