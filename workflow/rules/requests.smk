# What jobs ask for: threads, memory in MB, time in minutes.
#
# It follows the files of reads, which are there when Snakemake plans; the sizes of files that jobs have yet to
# write are not known then.
import functools

# The share of a library's reads that are candidates: 0.005 in simulated transcriptomes, the rest is margin.
USUAL_CANDIDATES = 0.05
ENRICHED = ("capture", "amplicon", "anchored")


@functools.cache
def megabytes(sample):
    """Return the size of a sample's files of reads, by its name; a job on a node asks for its own alone."""
    return sum(Path(file).stat().st_size for file in SAMPLES[sample].reads) / 1e6


def threads_for(most, megabytes_per_thread):
    """Return how many threads a job is worth: a small sample is done before a second one has started."""
    return lambda wildcards: min(
        most, 1 + int(megabytes(wildcards.sample) / megabytes_per_thread)
    )


def this_attempt(wildcards, attempt):
    """Return which attempt a job is."""
    return attempt


def doubling(base):
    """Return a request that doubles with each attempt."""
    return lambda wildcards, attempt: base * 2 ** (attempt - 1)


def for_candidates(base, per_megabyte):
    """Return a request for what is done with a sample's candidate fragments, whose number is not known.

    It grows with the sample's files and doubles with each attempt. Of most libraries a few reads in a hundred are
    candidates. In one that was made for the panel's genes all may be, and the second attempt expects that of any.

    Args:
        base: what a sample without reads needs.
        per_megabyte: what it takes more for each MB of the files if every read is a candidate.
    """

    def request(wildcards, attempt):
        growing = megabytes(wildcards.sample) * per_megabyte
        if SAMPLES[wildcards.sample].library in ENRICHED:
            growing *= 2 ** (attempt - 1)
        elif attempt == 1:
            growing *= USUAL_CANDIDATES
        else:
            growing *= 2 ** (attempt - 2)
        return int(base * 2 ** (attempt - 1) + growing)

    return request


def minutes_for_reads(base, megabytes_per_minute):
    """Return a time request that grows with the sample's files and doubles with each attempt."""
    return lambda wildcards, attempt: int(
        (base + megabytes(wildcards.sample) / megabytes_per_minute) * 2 ** (attempt - 1)
    )
