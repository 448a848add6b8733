"""Reads the sample sheet: which reads belong to which sample, checked before anything is run.

A sheet has one row for each lane. Every mistake that can be seen without opening the reads is an error here,
so that a batch does not stop after hours on a typing mistake. A summary reads the controls and runs alone:
the sheet was checked before the batch was run, and its reads may be gone when a summary is written again.
"""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aspsfusion.batch.sheet import (
    FILE_COLUMNS,
    FREE_COLUMNS,
    SAMPLE_COLUMNS,
    Row,
    check_header,
    read_table,
    sheet_error,
)
from aspsfusion.config import PLATFORMS, path_problem
from aspsfusion.errors import reason_of

CONTROLS = ("positive", "negative", "ntc")
LIBRARIES = ("polyA", "total", "capture", "amplicon", "anchored")
PRIMED_LIBRARIES = ("amplicon", "anchored")
"""Those that gene-specific primers make."""
PRINTED_COLUMNS = (*FREE_COLUMNS, "batch", "control", "library", "tumour_fraction")
"""Those that the report prints as given; it says by itself which primers and UMIs there are."""
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
PLAIN_NAME = "use letters, digits, '_', '.' and '-', a letter or digit first"
RESERVED_NAMES = frozenset(
    {"panel", "reference", "logs", "benchmarks", "samples.tsv", "config.yaml"}
    | {"summary.tsv", "summary.html", "aspsfusion_mqc.tsv", "manifest.sha256"}
)
"""All names that the output directory uses, or will, beside the samples' directories."""


@dataclass(frozen=True)
class Sample:
    """A sample with all its lanes and what the sheet says about it.

    Attributes:
        reads: files of reads: FASTQ lane by lane in the order of the sheet, first mates first, or the BAM.
        paired: whether the FASTQ files hold read pairs.
        bam: aligned or unaligned BAM or CRAM, instead of FASTQ.
        tumour_fraction: share of tumour cells by the pathologist's count, 0 to 1.
        umi: structure of each read in fgbio's notation; none where the reads hold the molecule alone.
        platform: what the reads were sequenced on; None where their lengths tell.
        as_given: what the sheet says of the sample and its report prints, by column: words that decide
            something, and text of the laboratory's own.
    """

    sample_id: str
    reads: tuple[str, ...]
    paired: bool = False
    bam: str | None = None
    tumour_fraction: float | None = None
    library: str | None = None
    umi: tuple[str, ...] = ()
    primers: str | None = None
    platform: str | None = None
    as_given: Mapping[str, str] = field(default_factory=dict)

    @property
    def primer_files(self) -> tuple[str, ...]:
        """Files of primers: one or none."""
        return (self.primers,) if self.primers else ()

    @property
    def declared(self) -> str:
        """What the sheet declares that can change a verdict, as options of `aspsfusion analyse` for a shell.

        >>> Sample("S", ("a.bam",), library="capture", tumour_fraction=0.3).declared
        '--library capture --tumour-fraction 0.3'
        >>> Sample("S", ("a.fq", "b.fq"), True, umi=("8M13S+T", "+T")).declared
        '--umi 8M13S+T +T'
        >>> Sample("S", ("a.bam",), library="anchored", primers="my primers.fa").declared
        "--library anchored --primers 'my primers.fa'"
        """
        options = {
            "--library": self.library,
            "--tumour-fraction": self.tumour_fraction,
            "--primers": self.primers,
            "--platform": self.platform,
        }
        words = [word for name, value in options.items() if value is not None for word in (name, str(value))]
        return shlex.join([*words, *(["--umi", *self.umi] if self.umi else [])])

    @property
    def printed(self) -> str:
        """What the report prints of the sheet, as options of `aspsfusion report` for a shell.

        >>> Sample("S", ("a.bam",), as_given={"specimen": "B24/17 block 2", "library": "total"}).printed
        "--sheet 'specimen=B24/17 block 2' --sheet library=total"
        """
        return shlex.join(
            word for column, text in self.as_given.items() for word in ("--sheet", f"{column}={text}")
        )


@dataclass(frozen=True)
class BatchSheet:
    """What the sheet declares for a summary.

    Attributes:
        controls: `positive`, `negative` or `ntc` by sample; patients are left out.
        runs: name of the sequencing run by sample; samples without one are left out.
        samples: names of the samples in the order of the sheet.
    """

    controls: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    samples: tuple[str, ...] = ()


def read_samples(path: str | Path, *, files: bool = True) -> tuple[Sample, ...]:
    """Read and check a sample sheet; the order of the samples stays.

    Several rows with one sample_id are the lanes of one sample. Relative file names start at the working
    directory, and `~` is the home directory. A job does not look at the `files`, since its workflow did when
    it was planned: the jobs of a large batch would ask a shared file system for all of them again and again.

    Raises:
        SampleSheetError: the sheet is wrong; names the row and the remedy.
    """
    path = Path(path)
    header, rows = read_table(path)
    check_header(path, header)
    if not rows:
        raise sheet_error(path, "holds no samples", "add one row for each lane below the header")
    rows = [_from_home(row) for row in rows]
    for row in rows:
        _check_name(row)
        _check_words(row)
        _check_input(row)
        if files:
            for column in FILE_COLUMNS:
                _check_file(row, column)
        _check_structures(row)
        _check_primers(row, files=files)
    _check_repeats(rows, files=files)
    samples: dict[str, list[Row]] = {}
    for row in rows:
        samples.setdefault(row["sample_id"], []).append(row)
    return tuple(_sample(sample_id, group) for sample_id, group in samples.items())


def read_batch_sheet(path: Path) -> BatchSheet:
    """Read what a summary needs of a sheet; other columns are not looked at.

    Raises:
        SampleSheetError: the sheet cannot be read or its control column is wrong.
    """
    header, rows = read_table(path)
    if "sample_id" not in header:
        raise sheet_error(path, "lacks the column sample_id", "give a sample sheet")
    for row in rows:
        _check_word(row, "control", CONTROLS)
    named = [row for row in rows if row["sample_id"]]
    return BatchSheet(
        controls={row["sample_id"]: row["control"] for row in named if row["control"]},
        runs={row["sample_id"]: row["batch"] for row in named if row["batch"]},
        samples=tuple(dict.fromkeys(row["sample_id"] for row in named)),
    )


def _check_name(row: Row) -> None:
    """A name must be a plain file name and none that the output directory uses."""
    name = row["sample_id"]
    if not name:
        raise row.error("has no sample_id", "give the sample a name")
    if not re.fullmatch(NAME_PATTERN, name):
        raise row.error(f"sample_id '{name}' is not a plain name", PLAIN_NAME)
    if name in RESERVED_NAMES:
        raise row.error(f"sample_id '{name}' is used by the output directory", "choose another")


def _check_words(row: Row) -> None:
    """The optional columns hold what they are defined to hold."""
    _check_word(row, "control", CONTROLS)
    _check_word(row, "library", LIBRARIES)
    _check_word(row, "platform", PLATFORMS)
    if row["batch"] and not re.fullmatch(NAME_PATTERN, row["batch"]):
        raise row.error(f"batch '{row['batch']}' is not a plain name", PLAIN_NAME)
    if row["tumour_fraction"] and _fraction(row["tumour_fraction"]) is None:
        raise row.error(
            f"tumour_fraction '{row['tumour_fraction']}' is not a number above 0 and up to 1",
            "write 0.3 for 30 percent",
        )


def _check_word(row: Row, column: str, allowed: Sequence[str]) -> None:
    if row[column] and row[column] not in allowed:
        raise row.error(
            f"{column} '{row[column]}' is not known", f"use {', '.join(allowed)} or leave it empty"
        )


def _check_input(row: Row) -> None:
    """A row names FASTQ or BAM, not both and not neither, in words that Snakemake leaves as they are."""
    if row["bam"] and (row["fastq_1"] or row["fastq_2"]):
        raise row.error("names both FASTQ and BAM", "leave one of them empty")
    if row["fastq_2"] and not row["fastq_1"]:
        raise row.error("names fastq_2 without fastq_1", "put single reads in fastq_1")
    if not row["bam"] and not row["fastq_1"]:
        raise row.error("names no reads", "give a file in fastq_1 or in bam")
    for column in FILE_COLUMNS:
        _check_path(row, column)


def _from_home(row: Row) -> Row:
    """Return a row with the home directory in place of `~` in names of files."""
    files = {column: os.path.expanduser(row[column]) for column in (*FILE_COLUMNS, "primers")}  # noqa: PTH111
    return replace(row, cells=row.cells | {column: file for column, file in files.items() if file})


def _check_path(row: Row, column: str) -> None:
    if row[column] and (problem := path_problem(row[column])):
        raise row.error(f"{column} {row[column]!r} {problem}", "write the name out, or rename the file")


def _check_file(row: Row, column: str) -> None:
    """A file that a row names is there and can be read."""
    file = row[column]
    if not file:
        return
    try:
        there = "\0" not in file and Path(file).exists()
    except OSError as error:  # such as a directory that may not be entered
        problem = f"{column} {file!r} cannot be found ({reason_of(error)})"
        raise row.error(problem, "correct the path") from None
    if not there:
        start = "" if Path(file).is_absolute() else f" (relative paths start at {Path.cwd()})"
        raise row.error(f"{column} {file!r} does not exist", f"correct the path{start} or remove the row")
    if Path(file).is_dir():
        raise row.error(f"{column} {file!r} is a directory", "give the path of a file")
    if not os.access(file, os.R_OK):
        raise row.error(f"{column} {file!r} cannot be read", "ask its owner for permission")


def _check_primers(row: Row, *, files: bool) -> None:
    """Primers go with a library that is made by them; their file is there and holds primers."""
    if row["primers"] and row["library"] not in PRIMED_LIBRARIES:
        raise row.error(
            f"primers are given, and library is {row['library'] or 'empty'}",
            f"write {' or '.join(PRIMED_LIBRARIES)}, or leave primers empty",
        )
    _check_path(row, "primers")
    if row["primers"] and files:
        from aspsfusion.evidence.primers import read_primers

        _check_file(row, "primers")
        read_primers(Path(row["primers"]))


def _check_structures(row: Row) -> None:
    """The read structures can be used, one for each read; whether one file holds pairs is not known here."""
    if not row["umi"]:
        return
    from aspsfusion.align.structures import FORMS, MOST_READS, StructureError, read_structures

    texts = row["umi"].split()
    try:
        read_structures(texts)
    except StructureError as error:
        raise row.error(f"umi: {error}", FORMS) from error
    if row["fastq_2"] and len(texts) != MOST_READS:
        raise row.error(f"umi {row['umi']!r} is one read structure, and the reads are pairs", FORMS)


def _check_repeats(rows: Sequence[Row], *, files: bool) -> None:
    """No row and no file is given twice: the same reads must not count twice."""
    seen: dict[tuple[tuple[str, str], ...], Row] = {}
    for row in rows:
        earlier = seen.setdefault(tuple(sorted(row.cells.items())), row)
        if earlier is not row:
            raise row.error(f"repeats row {earlier.number}", "remove one of the two")
    given: dict[str, tuple[Row, str]] = {}
    for row in rows if files else ():
        for column in filter(row.__getitem__, FILE_COLUMNS):
            real = os.path.realpath(row[column])
            if real in given:
                earlier, earlier_column = given[real]
                raise row.error(
                    f"{column} {row[column]!r} is the file of {earlier_column} in row {earlier.number}",
                    "give each file once",
                )
            given[real] = (row, column)


def _sample(sample_id: str, rows: Sequence[Row]) -> Sample:
    """Join the lanes of one sample, which must agree with each other."""
    first = rows[0]
    for row in rows[1:]:
        for column in SAMPLE_COLUMNS:
            if row[column] != first[column]:
                raise row.error(
                    f"{column} of sample {sample_id} differs from row {first.number}",
                    "write the same in every row of the sample",
                )
        if bool(row["bam"]) != bool(first["bam"]):
            raise row.error(
                f"sample {sample_id} is FASTQ and BAM (see row {first.number})", "give one of them"
            )
        if row["bam"]:
            raise row.error(
                f"sample {sample_id} has a BAM file in row {first.number} already",
                "merge the files or name two samples",
            )
        if bool(row["fastq_2"]) != bool(first["fastq_2"]):
            raise row.error(
                f"sample {sample_id} mixes paired and single reads (see row {first.number})",
                "give all its lanes as pairs or all as single reads, or name two samples",
            )
    files = (row[column] for row in rows for column in FILE_COLUMNS)
    return Sample(
        sample_id=sample_id,
        reads=tuple(_no_option(file) for file in files if file),
        paired=bool(first["fastq_2"]),
        bam=_no_option(first["bam"]) or None,
        tumour_fraction=_fraction(first["tumour_fraction"]),
        library=first["library"] or None,
        umi=tuple(first["umi"].split()),
        primers=_no_option(first["primers"]) or None,
        platform=first["platform"] or None,
        as_given={column: text for column in PRINTED_COLUMNS if (text := _joined(rows, column))},
    )


def _joined(rows: Sequence[Row], column: str) -> str:
    """Return what the rows of a sample say in a column; lanes may have remarks of their own."""
    return "; ".join(dict.fromkeys(filter(None, (row[column] for row in rows))))


def _no_option(file: str) -> str:
    """Return a relative path that no command takes for an option.

    >>> _no_option("-reads.fq"), _no_option("reads.fq")
    ('./-reads.fq', 'reads.fq')
    """
    return f"./{file}" if file.startswith("-") else file


def _fraction(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 < value <= 1.0 else None
