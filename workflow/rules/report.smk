# The table of the batch.
#
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
