# What the samples of a batch say about each other is known only when all of them are through, and has to be known
# too when one of them failed. These rules take seconds: not worth a place in a cluster's queue.
checkpoint compare:
    input:
        identity=IDENTITY["sheet"],
        sheet=ancient(config["samples"]),
        words=BATCH_WORDS,
        outcomes=OUTCOMES,
    output:
        table=COMPARED,
    log:
        f"{OUTDIR}/logs/compare.log",
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(10),
    params:
        settings=BATCH_SETTINGS,
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion workflow compare --samples {input.sheet:q} --output {output.table:q} {params.settings} "
        "{input.outcomes:q} > {log:q} 2>&1"


# The report of a sample: its own record, with what the batch says about it.
rule report:
    input:
        outcome=of_sample("outcome.json"),
        # Compared before, but what it says of other samples is no reason to write this report again.
        compared=ancient(COMPARED),
        findings=findings_of,
        words=WORDS["report"],
    output:
        **{name.replace("-", "_"): of_sample(file) for name, file in FURTHER.items()},
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
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        record=of_sample("record.json"),
        findings=lambda wildcards, input: (
            shlex.join(["--batch", *input.findings]) if input.findings else ""
        ),
        tables=lambda wildcards: shlex.join(
            word
            for name, file in FURTHER.items()
            for word in (
                f"--{name}",
                of_sample(file).format(sample=wildcards.sample),
            )
        ),
        sheet=lambda wildcards: SAMPLES[wildcards.sample].printed,
        # What an earlier run was asked for would stay beside a report that says something else.
        former=lambda wildcards: [
            of_sample(file).format(sample=wildcards.sample)
            for file in FURTHER_FILES
            if file not in FURTHER.values()
        ],
        version=PACKAGE_VERSION,
    shell:
        "rm -f {params.former:q}; "
        "aspsfusion report --force --from {params.record:q} {params.findings} {params.sheet} --json {output.json:q} "
        "--html {output.html:q} --tsv {output.tsv:q} --vcf {output.vcf:q} {params.tables} > {log:q} 2>&1"


# The table of the batch, with a row for a sample that failed as well.
rule summary:
    input:
        identity=IDENTITY["sheet"],
        sheet=ancient(config["samples"]),
        panel=PANEL,
        outcomes=OUTCOMES,
        compared=COMPARED,
        words=BATCH_WORDS,
        reports=good_reports,
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
        batch=BATCH_SETTINGS,
        settings=SETTINGS,
        planned=f"{IDENTITIES}/samples",
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion summary --force --output-tsv {output.tsv:q} --output-html {output.html:q} "
        "--multiqc {output.multiqc:q} --samples {input.sheet:q} --panel {input.panel:q} "
        "--settings={params.settings:q} --planned {params.planned:q} {params.batch} {input.reports:q} --outcomes {input.outcomes:q} "
        "> {log:q} 2>&1"


# Fails when a sample has no result, and forgets the outcome of such a sample so that the next run tries again. It
# also removes the reads that an interrupted run left between the jobs of a sample.
rule check:
    input:
        identity=IDENTITY["sheet"],
        sheet=ancient(config["samples"]),
        panel=PANEL,
        outcomes=OUTCOMES,
        compared=COMPARED,
        reports=good_reports,
        summary=list(SUMMARY.values()),
    output:
        touch(BATCH_COMPLETE),
    log:
        f"{OUTDIR}/logs/check.log",
    # Trying again changes nothing, and its outcomes are forgotten by then.
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        # Another value is no reason to run this again, as that of a parameter would be.
        candidates_go=int(CANDIDATES_GO),
    params:
        settings=SETTINGS,
        planned=f"{IDENTITIES}/samples",
    shell:
        "aspsfusion workflow check --remove-candidates {resources.candidates_go} --samples {input.sheet:q} --panel {input.panel:q} "
        "--settings={params.settings:q} --planned {params.planned:q} --compared {input.compared:q} {input.outcomes:q} > {log:q} 2>&1"


# The checksums of all results, written when every sample has one. A report that is written again comes by here,
# since the summary and the check follow it.
rule manifest:
    input:
        complete=BATCH_COMPLETE,
    output:
        MANIFEST,
    log:
        f"{OUTDIR}/logs/manifest.log",
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        outdir=lambda wildcards, output: str(Path(output[0]).parent),
        results=[
            *SUMMARY.values(),
            *([] if config["panel_dir"] else [PANEL_DIR]),
            *([str(Path(FETCHED_LOCI).parent)] if GENOME_FETCH else []),
            *(f"{OUTDIR}/{sample}" for sample in SAMPLES),
        ],
        version=PACKAGE_VERSION,
    shell:
        "aspsfusion workflow manifest --outdir {params.outdir:q} {params.results:q} > {log:q} 2>&1"
