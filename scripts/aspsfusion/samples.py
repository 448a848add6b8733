"""The sample sheet: which reads belong to which sample, proved before anything is run.

A sheet has one row for each lane; `aspsfusion.sample_table` reads it. Every mistake that can be seen without
opening the reads is an error here, so that a batch does not stop after hours on a typing mistake.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.sample_table import Row, SampleSheetError, read_rows, sheet_error

CONTROLS = ("positive", "negative", "ntc")
LIBRARIES = ("polyA", "total", "capture", "amplicon")
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
RESERVED_NAMES = frozenset({"panel", "logs", "benchmarks", "summary.tsv", "summary.html"})
"""Names that the output directory uses beside the samples' directories."""


@dataclass(frozen=True)
class Lane:
    """One pair of FASTQ files, or one file of single reads.

    Attributes:
        fastq_1: reads, or first mates.
        fastq_2: second mates, None for single reads.
    """

    fastq_1: str
    fastq_2: str | None

    @property
    def files(self) -> tuple[str, ...]:
        """The lane's files, first mates first."""
        return (self.fastq_1,) if self.fastq_2 is None else (self.fastq_1, self.fastq_2)


@dataclass(frozen=True)
class Sample:
    """A sample with all its lanes and what the sheet says about it.

    Attributes:
        sample_id: name, also of the sample's directory and files.
        lanes: FASTQ files in the order of the sheet; empty when the sample comes as BAM.
        bam: aligned or unaligned BAM or CRAM, instead of FASTQ.
        control: `positive`, `negative`, `ntc` (no-template control) or None for a patient's sample.
        tumour_fraction: share of tumour cells by the pathologist's count, 0 to 1.
        batch: name of the sequencing run.
        library: `polyA`, `total`, `capture` or `amplicon`.
    """

    sample_id: str
    lanes: tuple[Lane, ...]
    bam: str | None = None
    control: str | None = None
    tumour_fraction: float | None = None
    batch: str | None = None
    library: str | None = None

    @property
    def paired(self) -> bool:
        """Whether the sample's FASTQ files hold read pairs."""
        return any(lane.fastq_2 is not None for lane in self.lanes)

    @property
    def reads(self) -> tuple[str, ...]:
        """Every file of reads: FASTQ lane by lane, first mates first, or the BAM file."""
        return (self.bam,) if self.bam else tuple(file for lane in self.lanes for file in lane.files)


class _Sheet:
    """The rules of the sheet; each method is one of them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def error(self, problem: str, remedy: str, row: Row) -> SampleSheetError:
        """Return the error for a row."""
        return sheet_error(self.path, problem, remedy, row)

    def check_name(self, row: Row) -> None:
        """A name must be a plain file name and none that the output directory uses."""
        name = row["sample_id"]
        if not name:
            raise self.error("has no sample_id", "give the sample a name", row)
        if not re.fullmatch(NAME_PATTERN, name):
            raise self.error(
                f"sample_id '{name}' is not a plain name",
                "use letters, digits, '_', '.' and '-', a letter or digit first",
                row,
            )
        if name in RESERVED_NAMES:
            raise self.error(f"sample_id '{name}' is used by the output directory", "choose another", row)

    def check_input(self, row: Row) -> None:
        """A row names FASTQ or BAM, not both and not neither, and the files are there."""
        if row["bam"] and (row["fastq_1"] or row["fastq_2"]):
            raise self.error("names both FASTQ and BAM", "leave one of them empty", row)
        if row["fastq_2"] and not row["fastq_1"]:
            raise self.error("names fastq_2 without fastq_1", "put single reads in fastq_1", row)
        if not row["bam"] and not row["fastq_1"]:
            raise self.error("names no reads", "give a file in fastq_1 or in bam", row)
        for column in ("fastq_1", "fastq_2", "bam"):
            if row[column]:
                self._check_file(row, column)

    def _check_file(self, row: Row, column: str) -> None:
        file = row[column]
        if "\0" in file or not Path(file).exists():
            start = "" if Path(file).is_absolute() else f" (relative paths start at {Path.cwd()})"
            raise self.error(f"{column} {file!r} does not exist", f"correct the path{start}", row)
        if Path(file).is_dir():
            raise self.error(f"{column} {file!r} is a directory", "give the path of a file", row)
        if not os.access(file, os.R_OK):
            raise self.error(f"{column} {file!r} can not be read", "ask its owner for permission", row)

    def check_words(self, row: Row) -> None:
        """The optional columns hold what they are defined to hold."""
        for column, allowed in (("control", CONTROLS), ("library", LIBRARIES)):
            if row[column] and row[column] not in allowed:
                raise self.error(
                    f"{column} '{row[column]}' is not known",
                    f"use {', '.join(allowed)} or leave it empty",
                    row,
                )
        if row["batch"] and not re.fullmatch(NAME_PATTERN, row["batch"]):
            raise self.error(
                f"batch '{row['batch']}' is not a plain name",
                "use letters, digits, '_', '.' and '-', a letter or digit first",
                row,
            )
        if row["tumour_fraction"] and _fraction(row["tumour_fraction"]) is None:
            raise self.error(
                f"tumour_fraction '{row['tumour_fraction']}' is not a number above 0 and up to 1",
                "write 0.3 for 30 percent",
                row,
            )

    def check_repeats(self, rows: Sequence[Row]) -> None:
        """No row and no file is given twice: the same reads must not count twice."""
        seen: dict[tuple[tuple[str, str], ...], Row] = {}
        for row in rows:
            key = tuple(sorted(row.cells.items()))
            if key in seen:
                raise self.error(f"repeats row {seen[key].number}", "remove one of the two", row)
            seen[key] = row
        files: dict[str, tuple[Row, str]] = {}
        for row in rows:
            for column in ("fastq_1", "fastq_2", "bam"):
                if not row[column]:
                    continue
                real = os.path.realpath(row[column])
                if real in files:
                    earlier, earlier_column = files[real]
                    raise self.error(
                        f"{column} {row[column]!r} is the file of {earlier_column} in row {earlier.number}",
                        "give each file once",
                        row,
                    )
                files[real] = (row, column)

    def sample(self, sample_id: str, rows: Sequence[Row]) -> Sample:
        """Join the lanes of one sample, which must agree with each other."""
        first = rows[0]
        for row in rows[1:]:
            for column in ("control", "tumour_fraction", "batch", "library"):
                if row[column] != first[column]:
                    raise self.error(
                        f"{column} of sample {sample_id} differs from row {first.number}",
                        "write the same in every row of the sample",
                        row,
                    )
            if bool(row["bam"]) != bool(first["bam"]):
                raise self.error(
                    f"sample {sample_id} is FASTQ and BAM (see row {first.number})", "give one of them", row
                )
            if row["bam"]:
                raise self.error(
                    f"sample {sample_id} has a BAM file in row {first.number} already",
                    "merge the files or name two samples",
                    row,
                )
            if bool(row["fastq_2"]) != bool(first["fastq_2"]):
                raise self.error(
                    f"sample {sample_id} mixes paired and single reads (see row {first.number})",
                    "give all its lanes as pairs or all as single reads, or name two samples",
                    row,
                )
        return Sample(
            sample_id=sample_id,
            lanes=tuple(
                Lane(_no_option(row["fastq_1"]), _no_option(row["fastq_2"]) or None)
                for row in rows
                if row["fastq_1"]
            ),
            bam=_no_option(first["bam"]) or None,
            control=first["control"] or None,
            tumour_fraction=_fraction(first["tumour_fraction"]),
            batch=first["batch"] or None,
            library=first["library"] or None,
        )


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


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["sample_id"], []).append(row)
    return groups


def read_samples(path: str | Path) -> tuple[Sample, ...]:
    """Read and prove a sample sheet.

    Args:
        path: table with tabs between the columns of `COLUMNS`; several rows with one sample_id are the
            lanes of one sample. Relative file names in it start at the working directory.

    Returns:
        The samples in the order of the sheet.

    Raises:
        SampleSheetError: the sheet is wrong; names the row and the remedy.
    """
    sheet = _Sheet(Path(path))
    rows = read_rows(sheet.path)
    for row in rows:
        sheet.check_name(row)
        sheet.check_words(row)
        sheet.check_input(row)
    sheet.check_repeats(rows)
    return tuple(sheet.sample(sample_id, group) for sample_id, group in _grouped(rows).items())
