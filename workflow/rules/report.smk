# The verdict of each sample, and the table of the batch.
rule report:
    input:
        panel=PANEL_DIR,
        screen=of_sample("screen.json"),
        align=of_sample("align.json"),
        calls=of_sample("calls.json"),
    output:
        **compatible_tables(),
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
        log_of("report"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(10),
    params:
        library=library_argument,
        tables=compatible_options,
        thresholds=thresholds("classify"),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion report --force --panel {input.panel:q} --sample {wildcards.sample} --screen {input.screen:q} "
        "--align {input.align:q} --calls {input.calls:q} "
        "{params.library} {params.thresholds} --json {output.json:q} --html {output.html:q} "
        "--tsv {output.tsv:q} --vcf {output.vcf:q} {params.tables} > {log:q} 2>&1"


# The batch can lower a verdict (possible contamination). What the samples say about each other is only known
# here, and has to be known too when one of them failed, so it is the summary that then writes the reports of
# the samples concerned again (--reissue), before its own files. It does so once: a report that says already
# what it has to say is left alone, so that a second run finds nothing to do.
# It takes seconds: not worth a place in a cluster's queue.
rule summary:
    input:
        sheet=config["samples"],
        reports=expand(of_sample("report.json"), sample=SAMPLES),
    output:
        tsv=report(
            SUMMARY["tsv"],
            caption="../report/summary.rst",
            category="Batch",
            labels={"sample": "all", "file": "summary table"},
        ),
        html=report(
            SUMMARY["html"],
            caption="../report/summary.rst",
            category="Batch",
            labels={"sample": "all", "file": "summary"},
        ),
        multiqc=SUMMARY["multiqc"],
        complete=touch(BATCH_COMPLETE),
    log:
        f"{OUTDIR}/logs/summary.log",
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(10),
    params:
        thresholds=thresholds("batch"),
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion summary --force --output-tsv {output.tsv:q} --output-html {output.html:q} "
        "--multiqc {output.multiqc:q} --samples {input.sheet:q} --reissue {params.thresholds} "
        "{input.reports:q} > {log:q} 2>&1"
