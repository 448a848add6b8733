"""Reads BAM, CRAM and SAM files, detects their genome build, and writes and sorts BAM.

Nothing is ever fetched from the network: a CRAM file's reference is given, embedded, or found in a local
directory of REF_PATH or REF_CACHE. The build is detected by the lengths that the header states. It is
reported, and a file of another species refused; nothing else depends on it, because reads are chosen by
their sequence and aligned anew.
"""

import contextlib
import errno
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import pysam
from pysam.utils import SamtoolsError

from aspsfusion import __version__
from aspsfusion.errors import NO_ROOM, ReadsError
from aspsfusion.io.fasta import chromosome_name
from aspsfusion.io.temporary import run_child

THREADS = 1
"""Threads that read a file. A second one was a quarter faster; one keeps the end of a damaged file simple."""

GIVE_ALIGNMENTS = "give a BAM, CRAM or SAM file"
COPY_AGAIN = "copy the file again, or write it again from the reads"

HUMAN = "human"
MOUSE = "mouse"

MOST_SORTED_HERE = 16 * 1024 * 1024
"""Bytes of the largest file that is sorted in this process: in about a second, without heed to signals."""

SHOWN_OF_A_REASON = 8
"""Characters of the system's reason that are looked for in what samtools says: "No space", "File too"."""

Format = Literal["BAM", "CRAM", "SAM"]


@dataclass(frozen=True)
class Build:
    """A genome build, known by the lengths of some of its chromosomes.

    Attributes:
        lengths: bases by `chr` style name.
        md5: MD5 of the upper-case sequence of some of them (SAM header tag M5).
    """

    name: str
    species: str
    lengths: Mapping[str, int]
    md5: Mapping[str, str]


def _lengths(*bases: int) -> dict[str, int]:
    """Return the lengths of these chromosomes by name; the mouse has no chromosome 22."""
    return dict(zip(("chr1", "chr2", "chr9", "chr17", "chrX", "chr22"), bases, strict=False))


BUILDS = (
    Build(
        "GRCh38",
        HUMAN,
        _lengths(248956422, 242193529, 138394717, 83257441, 156040895, 50818468),
        {"chr17": "f9a0fb01553adb183568e3eb9d8626db", "chrX": "2b3a55ff7f58eb308420c8a9b11cac50"},
    ),
    Build(
        "GRCh37",
        HUMAN,
        _lengths(249250621, 243199373, 141213431, 81195210, 155270560, 51304566),
        {"chr17": "351f64d4f4f9ddd45b35336ad97aa6de", "chrX": "7e0e2e580297b7764e31dbc80c2540dd"},
    ),
    Build("GRCm38", MOUSE, _lengths(195471971, 182113224, 124595110, 94987271, 171031299), {}),
    Build("GRCm39", MOUSE, _lengths(195154279, 181755017, 124359700, 95294699, 169476592), {}),
)
"""The builds laboratories' files are aligned to; resources/README.md says where the numbers come from."""


@dataclass(frozen=True)
class Header:
    """What the header of a file says.

    Attributes:
        lengths: bases of each contig by name; empty for unaligned reads.
        checksums: M5 tag of the contigs that have one.
        programs: names of the programs that wrote or changed the file, in the order of the header.
        commands: their command lines, as far as the header has them.
    """

    format: Format
    lengths: dict[str, int]
    checksums: dict[str, str]
    programs: tuple[str, ...]
    commands: tuple[str, ...] = ()


@contextlib.contextmanager
def open_alignments(path: Path, reference: Path | None = None) -> Iterator[pysam.AlignmentFile]:
    """Open a BAM, CRAM or SAM file, whichever its content is.

    Only a CRAM file needs the reference that it was compressed with.

    Raises:
        ReadsError: the file is missing, empty, cut off or of another format.
    """
    pysam.set_verbosity(0)  # what htslib has to say is said below, with the remedy
    pysam.set_encoding_error_handler("surrogateescape")  # names of reads may be any bytes
    _forbid_downloads()
    if path.exists() and not path.is_file():
        raise ReadsError("is not a file", path=path, remedy="give a file: it is read twice")
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
        raise ReadsError(f"cannot be read ({reason})", path=path, remedy=GIVE_ALIGNMENTS) from error
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


def require_reference(reference: Path) -> None:
    """Refuse a reference FASTA without an index that can be read or written.

    Raises:
        ReadsError: it is missing, is no FASTA that can be indexed, or its index cannot be written.
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
        commands=tuple(entry["CL"] for entry in programs if "CL" in entry),
    )


def program(
    command: str, options: Sequence[str] = (), before: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the line @PG of a subcommand, after that of the one before it."""
    line = {"ID": f"aspsfusion.{command}", "PN": "aspsfusion"}
    if before:
        line["PP"] = before["ID"]
    return {**line, "VN": __version__, "CL": shlex.join(["aspsfusion", command, *options])}


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
                f"cannot be decoded ({error}): it is damaged, or its reference is missing or another one",
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


def detected_build(lengths: Mapping[str, int]) -> Build | None:
    """Return the build whose lengths a header states, None when it is none of those known.

    >>> detected_build({"17": 81195210, "X": 155270560, "MT": 16569}).name
    'GRCh37'
    >>> detected_build({"ENST00000304218.8": 3456}) is None
    True
    """
    stated = {chromosome_name(contig): length for contig, length in lengths.items()}
    matches = [
        (sum(stated.get(name) == length for name, length in build.lengths.items()), build) for build in BUILDS
    ]
    best = max(matches, key=lambda match: match[0])
    # One wrong length means an altered or a mixed genome (human and mouse in one index): not that build.
    if not best[0] or any(stated.get(name, length) != length for name, length in best[1].lengths.items()):
        return None
    return best[1]


def checksums_agree(build: Build, checksums: Mapping[str, str]) -> bool | None:
    """Tell whether the MD5s that a header states by contig are those of a build; None if it states none."""
    stated = {chromosome_name(contig): md5.lower() for contig, md5 in checksums.items()}
    known = [stated[name] == md5 for name, md5 in build.md5.items() if name in stated]
    return all(known) if known else None


def sort_bam(source: Path, output: Path, scratch: Path, *options: str, remedy: str) -> None:
    """Sort a BAM file by samtools; no command line, and so no path, enters its header.

    Args:
        source: file to sort.
        output: file to write.
        scratch: folder for what does not fit into memory.
        options: further options of `samtools sort`, `-n` for the order of names.
        remedy: what to do when the source is damaged.

    Raises:
        ReadsError: the source is damaged, or there is no room or no permission to write.
    """
    words = ["--no-PG", "-T", str(scratch / "part"), *options, "-o", str(output), str(source)]
    try:
        _sort(words, apart=source.stat().st_size > MOST_SORTED_HERE)
    except SamtoolsError as error:
        said = str(error).split("stderr=")[-1].strip(" '\"\n").removesuffix("\\n").split("\\n")[-1]
        if full := _no_room(said, output):
            raise full from error
        damaged = "truncated" in said or "invalid" in said
        raise ReadsError(
            f"cannot be sorted ({said.removeprefix('samtools sort: ').removesuffix('. Aborting')})",
            path=source if damaged else output,
            remedy=remedy if damaged else "check the permission to write there",
        ) from error


def index_beside(samtools: Callable[[str], object], path: Path) -> None:
    """Write the index of a file beside it, by `pysam.index` or `pysam.faidx`.

    Raises:
        OSError: it cannot be written.
    """
    try:
        samtools(str(path))
    except SamtoolsError as error:
        reason = f"its index cannot be written: {error}"
        raise _no_room(str(error), path) or OSError(errno.EIO, reason, str(path)) from error


def _no_room(said: str, path: Path) -> OSError | None:
    """Return the error of the system that samtools speaks of if it is that there is no room."""
    for number in NO_ROOM:
        # Long messages are cut off, after the path.
        if os.strerror(number)[:SHOWN_OF_A_REASON] in said:
            return OSError(number, os.strerror(number), str(path))
    return None


def _sort(words: list[str], *, apart: bool) -> None:
    """Run `samtools sort` in this process, or in one of its own: pysam lets no other thread run meanwhile."""
    pysam.set_verbosity(0)  # what it has to say comes as an exception
    if not apart:
        pysam.sort(*words)
        return
    command = [sys.executable, "-c", "import sys, pysam; pysam.sort(*sys.argv[1:])", *words]
    done = run_child(command, stderr=subprocess.PIPE, text=True, errors="backslashreplace")
    if done.returncode:
        raise SamtoolsError(  # type: ignore[no-untyped-call]
            done.stderr.strip() or f"exit status {done.returncode}"
        )


@contextlib.contextmanager
def _no_second_error() -> Iterator[None]:
    """Drop what pysam prints when it frees a file that it could not open; the error itself follows."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _no_alignments(path: Path) -> ReadsError:
    return ReadsError(
        "is not a BAM, CRAM or SAM file, or its header is damaged",
        path=path,
        remedy=f"{GIVE_ALIGNMENTS}; FASTQ files belong in fastq_1 and fastq_2",
    )


def _forbid_downloads() -> None:
    """Leave only local directories in REF_PATH, where htslib looks for a CRAM file's reference."""
    parts = os.environ.get("REF_PATH", "").replace("://", "\0").split(":")
    local = [part for part in parts if part and "\0" not in part]
    # An empty value would mean htslib's own default, which may be a server.
    os.environ["REF_PATH"] = ":".join(local) or os.devnull
