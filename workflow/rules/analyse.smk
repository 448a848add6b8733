# From the candidate fragments of a sample to its record: align, evidence, call, tag and report, one after the
# other in one process. Each takes about as long as Python takes to start. The outcome says whether there is a
# record; a sample that failed has an outcome too, and the batch goes on without it.
rule analyse:
    input:
        panel=PANEL,
        reads=of_sample("candidates.fastq.gz"),
        screened=of_sample("screen.outcome.json"),
        baseline_identity=IDENTITY["baseline"],
        baseline=ancient(BASELINE),
        primers_identity=PRIMERS_IDENTITY,
        primers=ancient(primers_of),
        words=WORDS["analysis"],
    output:
        outcome=of_sample("outcome.json"),
    log:
        log_of("analyse"),
    benchmark:
        benchmark_of("analyse")
    localrule: IN_JOB
    conda:
        ENVIRONMENT
    threads: threads_for(2, 500)
    resources:
        attempt=this_attempt,
        # Measured were, for each MB of files of nothing but candidates, 4 MB, with UMIs 18 MB and 0.014 minutes; 0.2 GB
        # whatever the size, and as much for each further process.
        mem_mb=for_candidates(2000, 24),
        runtime=for_candidates(10, 0.16),
    params:
        retries=retries,
        directory=lambda wildcards: f"{OUTDIR}/{wildcards.sample}",
        screen=of_sample("screen.json"),
        declared=lambda wildcards: SAMPLES[wildcards.sample].declared,
        primers=primer_arguments,
        settings=SETTINGS,
        version=PACKAGE_VERSION,
    shell:
        attempted(
            "--after {input.screened:q} --declared={params.declared:q} --settings={params.settings:q} "
            "{params.primers}",
            "analyse --force --record --panel {input.panel:q} --reads {input.reads:q} --screen {params.screen:q} "
            "--sample {wildcards.sample} --threads {threads} --output {params.directory:q} {params.settings} "
            "{params.declared}",
        )
