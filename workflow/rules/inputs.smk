# What jobs take in, and how it is written on their command lines.
#
# Jobs do not depend on the times of input files, but on records that are written anew when a file is another one
# (see aspsfusion.batch.planning); they need the files themselves whatever their times.
IDENTITIES = f"{OUTDIR}/logs/inputs"
IDENTITY = {
    name: f"{IDENTITIES}/{name}.json"
    for name in ("panel", "reference", "baseline", "sheet")
}
READS_IDENTITY = f"{IDENTITIES}/samples/{{sample}}.json"
PRIMERS_IDENTITY = f"{IDENTITIES}/primers/{{sample}}.json"
# What decides in words: about a sample, about its report, and about what samples say of each other.
WORDS = {
    name: f"{IDENTITIES}/words/{{sample}}.{name}" for name in ("analysis", "report")
}
BATCH_WORDS = f"{IDENTITIES}/words.batch"
GIVEN = {
    "panel": [PANEL_YAML, *filter(None, (GENOME_FASTA, ANNOTATION_GTF))],
    "reference": [CRAM_REFERENCE] if CRAM_REFERENCE else [],
    "baseline": BASELINE,
    "sheet": [config["samples"]],
}

try:
    if planning.begin_planning(Path(OUTDIR), Path(IDENTITIES)):
        if config["panel_dir"]:
            require_built(Path(PANEL_DIR), Path(PANEL_YAML))
        for name, files in GIVEN.items():
            planning.keep_identities(Path(IDENTITY[name]), files)
        planning.keep_words(Path(BATCH_WORDS), f"{PACKAGE_VERSION}\n{BATCH_SETTINGS}")
        panel = panel_identity(Path(PANEL_DIR))
        for sample_id, sample in SAMPLES.items():
            planning.keep_identities(
                Path(PRIMERS_IDENTITY.format(sample=sample_id)), sample.primer_files
            )
            former = planning.keep_sample_identities(
                Path(READS_IDENTITY.format(sample=sample_id)),
                sample.reads,
                Path(of_sample("outcome.json").format(sample=sample_id)),
                panel,
            )
            planning.keep_words(
                Path(WORDS["analysis"].format(sample=sample_id)),
                Inputs(declared=sample.declared, settings=SETTINGS).words,
                former.inputs.words if former else None,
            )
            planning.keep_words(
                Path(WORDS["report"].format(sample=sample_id)),
                "\n".join([PACKAGE_VERSION, sample.printed, *FURTHER]),
            )
        announce(PlannedBatch(Path(OUTDIR), tuple(SAMPLES), PANEL_DIR, BATCH_COMPLETE))
except (AspsfusionError, OSError) as error:
    raise WorkflowError(sentence_of(error)) from None


def reads_of(wildcards):
    """Return the files with a sample's reads, FASTQ lane by lane."""
    return SAMPLES[wildcards.sample].reads


def one_of(sample_ids):
    """Return the pattern of these samples alone; of none, one that nothing fits."""
    return "|".join(map(re.escape, sample_ids)) or "(?!)"


def read_arguments(wildcards, input):
    """Return a sample's FASTQ files as `aspsfusion screen` takes them: R1 [R2] [--lane R1 [R2]]..."""
    step = 2 if SAMPLES[wildcards.sample].paired else 1
    lanes = [
        input.reads[start : start + step] for start in range(0, len(input.reads), step)
    ]
    return shlex.join(
        [*lanes[0], *(word for lane in lanes[1:] for word in ("--lane", *lane))]
    )


def primers_of(wildcards):
    """Return the file with the primers of a sample's library, where the sheet names one."""
    return SAMPLES[wildcards.sample].primer_files


def primer_arguments(wildcards, input):
    """Return the option of an attempt that names the files of primers; none without any."""
    return shlex.join(["--primer-files", *input.primers]) if input.primers else ""


def outdated_files(wildcards):
    """Return what is not true any more as soon as a sample's reads are looked at again."""
    return [*OF_THE_BATCH, log_of("analyse").format(sample=wildcards.sample)]


def samples_with_record():
    """Return the samples that have a result; they are known when the samples have been compared."""
    with open(checkpoints.compare.get().output.table, encoding="utf-8") as table:
        return [line.split("\t")[0] for line in table][1:]


def good_reports(wildcards):
    """Return the report.json of every sample that has one."""
    return expand(of_sample("report.json"), sample=samples_with_record())


def findings_of(wildcards):
    """Return what the batch says about a sample, for the few about which it says something."""
    checkpoints.compare.get()
    file = of_sample("batch.json").format(sample=wildcards.sample)
    return [file] if Path(file).is_file() else []


def batch_results(wildcards):
    """Return what the batch consists of; its last file is there only when no sample failed.

    All files of a report are written together, so that one of them is asked for, the first that is missing.
    """
    names = ["report.json", *REPORT_FILES, *FURTHER.values()]
    reports = []
    for sample in samples_with_record():
        files = [of_sample(name).format(sample=sample) for name in names]
        reports.append(next((f for f in files if not Path(f).is_file()), files[0]))
    return [*reports, *OF_THE_BATCH]


def attempted(options, command):
    """Return a shell command that runs a command for a sample, and writes how it came out even where it was killed.

    A killed job is tried again where the profile says how often, as `retries` and in `default-resources`; the last
    attempt then writes that the sample failed. (With `retries` in the rule the snakemake in a cluster's job would
    try again as well, with the memory that was too little.)
    """
    return (
        "attempt() {{ aspsfusion workflow attempt --sample {wildcards.sample} --outcome {output.outcome:q} "
        "--log {log:q} --number {resources.attempt} --retries {params.retries} "
        f'{options} "$@"; }}}}; attempt -- {command} || attempt --status $?'
    )


def retries(wildcards, resources):
    """Return how many attempts may follow the first one."""
    return resources.get("retries", 0)


SCREEN_ATTEMPT = (
    "--reads {input.reads:q} --panel {input.panel:q} --empty {output.reads:q} "
    "--outdates {params.outdates:q}"
)
