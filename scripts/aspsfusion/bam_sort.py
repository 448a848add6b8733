"""Sorts BAM files with samtools, as pysam brings it along, and says in words when that fails."""

from pathlib import Path

import pysam
from pysam.utils import SamtoolsError

from aspsfusion.errors import ReadsError


def sort_bam(source: Path, output: Path, *options: str, remedy: str) -> None:
    """Sort a BAM file; no command line, and so no path, enters its header.

    Args:
        source: file to sort.
        output: file to write.
        options: further options of `samtools sort`, `-n` for the order of names.
        remedy: what to do when the source is damaged.

    Raises:
        ReadsError: the source is damaged, or there is no room or no permission to write.
    """
    try:
        pysam.sort("--no-PG", *options, "-o", str(output), str(source))
    except SamtoolsError as error:
        said = str(error).split("stderr=")[-1].strip(" '\"\n").removesuffix("\\n").split("\\n")[-1]
        damaged = "truncated" in said or "invalid" in said
        raise ReadsError(
            f"can not be sorted ({said.removeprefix('samtools sort: ').removesuffix('. Aborting')})",
            path=source if damaged else output,
            remedy=remedy if damaged else "see to free space and to the permission to write there",
        ) from error
