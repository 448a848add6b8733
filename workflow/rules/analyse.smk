# From the candidate fragments of a sample to its report: align, evidence, call, tag and report, one after the
# other in one process. Each takes about as long as Python takes to start.
rule analyse:
    input:
        panel=PANEL_DIR,
        reads=of_sample("candidates.fastq.gz"),
        screen=of_sample("screen.json"),
        baseline=BASELINE,
    output:
        **compatible_tables(),
        align=of_sample("align.json"),
        evidence=of_sample("evidence.json.gz"),
        calls=of_sample("calls.json"),
        bam=of_sample("panel.bam"),
        bai=of_sample("panel.bam.bai"),
        reference=of_sample("junctions.fa"),
        fai=of_sample("junctions.fa.fai"),
        json=of_sample("report.json"),
        html=report(
            of_sample("report.html"),
            caption="../report/sample.rst",
            category="Samples",
            labels={"sample": "{sample}", "file": "report"},
        ),
        tsv=of_sample("fusions.tsv"),
        vcf=of_sample("fusions.vcf.gz"),
        tbi=of_sample("fusions.vcf.gz.tbi"),
    log:
        log_of("analyse"),
    benchmark:
        benchmark_of("analyse")
    localrule: ON_NODE
    conda:
        ENVIRONMENT
    threads: threads_for(2, 500)
    resources:
        # Measured were 0.2 GB and, for each MB of files of nothing but candidates, 18 MB and 0.08 minutes.
        mem_mb=for_candidates(2000, 24),
        runtime=for_candidates(10, 0.16),
    params:
        directory=lambda wildcards: f"{OUTDIR}/{wildcards.sample}",
        library=library_argument,
        baseline=baseline_argument,
        tables=compatible_options(),
        thresholds=f"{thresholds('call')} {thresholds('classify')}",
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion analyse --force --panel {input.panel:q} --reads {input.reads:q} --screen {input.screen:q} "
        "--sample {wildcards.sample} --threads {threads} {params.library} {params.baseline} {params.thresholds} "
        "{params.tables} --output {params.directory:q} > {log:q} 2>&1"
