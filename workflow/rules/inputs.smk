# What jobs take in, and how it is written on their command lines.
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


def reads_now(wildcards):
    """Return size and time of a sample's files: of two that change names neither becomes newer."""
    files = reads_files(SAMPLES[wildcards.sample].reads)
    return [[file.bytes, file.modified] for file in files]


def outdated_files(wildcards):
    """Return what says something else of a sample as soon as its reads are looked at again."""
    log = log_of("analyse").format(sample=wildcards.sample)
    return [*SUMMARY.values(), BATCH_COMPLETE, log]


def library_option(wildcards):
    """Return what the sheet says about the sample's library as an option."""
    library = SAMPLES[wildcards.sample].library
    return f"--library {library}" if library else ""


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
    """Return every file that the batch has; the last one only when no sample failed."""
    names = [*REPORT_FILES, *(f"{name}.tsv" for name in COMPATIBLE)]
    reports = [
        of_sample(name).format(sample=sample)
        for sample in samples_with_record()
        for name in names
    ]
    return [*reports, *SUMMARY.values(), BATCH_COMPLETE]
