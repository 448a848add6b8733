# The fragments of a sample that share a k-mer with the panel; all other reads end here.
rule screen:
    input:
        panel=PANEL,
        identity=READS_IDENTITY,
        reads=ancient(reads_of),
    output:
        reads=temp(of_sample("candidates.fastq.gz")),
        outcome=temp(of_sample("screen.outcome.json")),
    log:
        log_of("screen"),
    benchmark:
        benchmark_of("screen")
    wildcard_constraints:
        sample=one_of(s for s, sample in SAMPLES.items() if sample.bam is None),
    localrule: IN_JOB
    conda:
        ENVIRONMENT
    threads: threads_for(2, 50)
    resources:
        attempt=this_attempt,
        mem_mb=doubling(2000),
        runtime=minutes_for_reads(10, 500),
    params:
        retries=retries,
        reads=read_arguments,
        metrics=of_sample("screen.json"),
        outdates=outdated_files,
        version=PACKAGE_VERSION,
    shell:
        attempted(
            SCREEN_ATTEMPT,
            "screen --force --panel {input.panel:q} {params.reads} "
            "--output {output.reads:q} --metrics {params.metrics:q}",
        )


# The same for samples that come as BAM, CRAM or SAM: every read of the file is looked at, aligned or not.
rule extract:
    input:
        panel=PANEL,
        identity=READS_IDENTITY,
        reads=ancient(reads_of),
        reference_identity=IDENTITY["reference"],
        reference=ancient(CRAM_REFERENCE) if CRAM_REFERENCE else [],
    output:
        reads=temp(of_sample("candidates.fastq.gz")),
        outcome=temp(of_sample("screen.outcome.json")),
    log:
        log_of("screen"),
    benchmark:
        benchmark_of("screen")
    wildcard_constraints:
        sample=one_of(s for s, sample in SAMPLES.items() if sample.bam is not None),
    localrule: IN_JOB
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        attempt=this_attempt,
        mem_mb=doubling(2000),
        runtime=minutes_for_reads(10, 100),
    params:
        retries=retries,
        reference=lambda wildcards, input: (
            f"--reference {shlex.quote(input.reference)}" if input.reference else ""
        ),
        metrics=of_sample("screen.json"),
        outdates=outdated_files,
        version=PACKAGE_VERSION,
    shell:
        attempted(
            SCREEN_ATTEMPT,
            "extract --force --panel {input.panel:q} {input.reads:q} {params.reference} "
            "--output {output.reads:q} --metrics {params.metrics:q}",
        )
