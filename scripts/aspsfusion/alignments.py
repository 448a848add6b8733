"""Opens BAM, CRAM and SAM files and says in words what is wrong with one that can not be read.

Nothing is ever fetched from the network: a CRAM file's reference is given, embedded, or found in a local
directory of REF_PATH or REF_CACHE.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import pysam

from aspsfusion.errors import ReadsError

THREADS = 1
"""Threads that read a file. A second one was a quarter faster; one keeps the end of a damaged file simple."""

Format = Literal["BAM", "CRAM", "SAM"]
GIVE_ALIGNMENTS = "give a BAM, CRAM or SAM file"
COPY_AGAIN = "copy the file again, or write it again from the reads"


@dataclass(frozen=True)
class Header:
    """What the header of a file says.

    Attributes:
        format: BAM, CRAM or SAM.
        lengths: bases of each contig by name; empty for unaligned reads.
        checksums: M5 tag of the contigs that have one.
        programs: names of the programs that wrote or changed the file, in the order of the header.
    """

    format: Format
    lengths: dict[str, int]
    checksums: dict[str, str]
    programs: tuple[str, ...]


@contextlib.contextmanager
def open_alignments(path: Path, reference: Path | None = None) -> Iterator[pysam.AlignmentFile]:
    """Open a BAM, CRAM or SAM file, told from its content.

    Args:
        path: the file.
        reference: FASTA that a CRAM file was compressed with; not looked at for other formats.

    Raises:
        ReadsError: the file is missing, empty, cut off or of another format.
    """
    pysam.set_verbosity(0)  # what htslib has to say is said below, with the remedy
    _forbid_downloads()
    if path.exists() and not path.is_file():
        raise ReadsError("is no file", path=path, remedy="give a file: it is read twice")
    if path.is_file() and path.stat().st_size == 0:
        raise ReadsError("is empty (0 bytes)", path=path, remedy="copy the file again")
    try:
        with _no_second_error():
            stream = pysam.AlignmentFile(
                str(path),
                check_sq=False,
                threads=THREADS,
                reference_filename=None if reference is None else str(reference),
            )
    except OSError as error:
        if "EOF marker" in str(error):
            raise ReadsError(
                "is truncated: the block that ends such a file is missing", path=path, remedy=COPY_AGAIN
            ) from error
        if error.errno == errno.ENOEXEC:  # a format of htslib's that holds no reads, an index for one
            raise _no_alignments(path) from error
        reason = (error.strerror or str(error)).split(":")[-1].strip().lower()
        raise ReadsError(f"can not be read ({reason})", path=path, remedy=GIVE_ALIGNMENTS) from error
    except (ValueError, IndexError, UnicodeError, NotImplementedError) as error:
        # pysam raises IndexError for formats that have no header of their own, FASTQ for one.
        raise _no_alignments(path) from error
    try:
        if not (stream.is_bam or stream.is_cram or stream.is_sam):
            raise _no_alignments(path)  # htslib reads FASTQ and FASTA too, and takes pairs for single reads
        yield stream
    finally:
        # Closing a damaged file fails once more; the first error has been raised.
        with contextlib.suppress(OSError):
            stream.close()


@contextlib.contextmanager
def _no_second_error() -> Iterator[None]:
    """Keep quiet what pysam prints when it gives a file up that it could not open: the error follows."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _no_alignments(path: Path) -> ReadsError:
    return ReadsError(
        "is no BAM, CRAM or SAM file, or its header is damaged",
        path=path,
        remedy=f"{GIVE_ALIGNMENTS}; FASTQ belongs into fastq_1 and fastq_2",
    )


def require_reference(reference: Path) -> None:
    """Refuse a reference FASTA that can not be looked up in.

    Raises:
        ReadsError: it is missing, is no FASTA that can be indexed, or its index can not be written.
    """
    try:
        with pysam.FastaFile(str(reference)):
            return
    except (OSError, ValueError) as error:
        if not reference.is_file():
            problem, remedy = "does not exist", "give the FASTA that the CRAM file was compressed with"
        else:
            problem = "has no index, and none could be written beside it"
            remedy = (
                "run 'samtools faidx' on it (after 'bgzip' if it is gzip), or give a copy you may write to"
            )
        raise ReadsError(problem, path=reference, remedy=remedy) from error


def read_header(stream: pysam.AlignmentFile) -> Header:
    """Return what the header says of contigs and programs."""
    data = stream.header.to_dict()
    sequences = cast(list[dict[str, str]], data.get("SQ", []))
    programs = cast(list[dict[str, str]], data.get("PG", []))
    return Header(
        format="BAM" if stream.is_bam else "CRAM" if stream.is_cram else "SAM",
        lengths=dict(zip(stream.references, stream.lengths, strict=True)),
        checksums={entry["SN"]: entry["M5"] for entry in sequences if "M5" in entry},
        programs=tuple(dict.fromkeys(entry.get("PN", entry["ID"]) for entry in programs if entry.get("ID"))),
    )


def records_of(stream: pysam.AlignmentFile, path: Path) -> Iterator[pysam.AlignedSegment]:
    """Yield every record of a file, in its order.

    Raises:
        ReadsError: the file is damaged, or a CRAM file's reference is missing or another one.
    """
    number = 0
    try:
        for record in stream.fetch(until_eof=True):
            number += 1
            yield record
    except (OSError, ValueError, UnicodeError, NotImplementedError) as error:
        if stream.is_cram:
            raise ReadsError(
                f"can not be decoded ({error}): it is damaged, or its reference is missing or another one",
                path=path,
                where=f"after record {number}",
                remedy="give the FASTA that it was compressed with as --reference (cram_reference in the "
                "configuration); nothing is downloaded",
            ) from error
        raise ReadsError(
            f"is truncated or damaged ({error})",
            path=path,
            where=f"after record {number}",
            remedy=COPY_AGAIN,
        ) from error


def _forbid_downloads() -> None:
    """Leave only local directories in REF_PATH, where htslib looks for a CRAM file's reference."""
    parts = os.environ.get("REF_PATH", "").replace("://", "\0").split(":")
    local = [part for part in parts if part and "\0" not in part]
    # An empty value would stand for htslib's own default, which may be a server.
    os.environ["REF_PATH"] = ":".join(local) or os.devnull
