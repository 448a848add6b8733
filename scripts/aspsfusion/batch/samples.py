"""The sample sheet: which reads belong to which sample, proved before anything is run.

A sheet has one row for each lane; `aspsfusion.batch.samples` reads it. Every mistake that can be seen without
opening the reads is an error here, so that a batch does not stop after hours on a typing mistake.

The sample sheet as a table: its columns, its rows as text, and the error that names one of them.

Rows are counted as a spreadsheet counts them: the header is row 1.

Reads from the sample sheet what a summary needs: which samples are controls, and of which run.

Only these columns are read: the sheet was proved before the batch was run, and its reads may be gone when a
summary is written again.
"""

import csv
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from aspsfusion.errors import SampleSheetError

COLUMNS = ("sample_id", "fastq_1", "fastq_2", "bam", "control", "tumour_fraction", "batch", "library")


@dataclass(frozen=True)
class Row:
    """A row of the sheet as text; columns that the sheet lacks are empty.

    Attributes:
        number: of the row as a spreadsheet counts, 1 for the header.
        cells: text by column.
    """

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def sheet_error(path: Path, problem: str, remedy: str, row: Row | None = None) -> SampleSheetError:
    """Return the error for a row, or for the whole sheet."""
    where = None if row is None else f"row {row.number}"
    return SampleSheetError(problem, path=path, where=where, remedy=remedy)


def read_rows(path: Path) -> list[Row]:
    """Read the table and check its header.

    Args:
        path: table with tabs between the columns of `COLUMNS`.

    Returns:
        The rows that are not blank; at least one.

    Raises:
        SampleSheetError: it is no such table, lacks or repeats a column, or holds no row.
    """
    header, *records = _table(path)
    _check_header(path, header)
    rows = [
        Row(number, dict(zip(header, record, strict=True)))
        for number, record in enumerate(records, start=2)
        if any(record)
    ]
    if not rows:
        raise sheet_error(path, "holds no samples", "add one row for each lane below the header")
    return rows


def _table(path: Path) -> list[list[str]]:
    # No quoting and no skipped lines, so that the table's index is the line in the file.
    try:
        frame = pd.read_csv(
            path,
            sep="\t",
            header=None,
            dtype=str,
            keep_default_na=False,
            quoting=csv.QUOTE_NONE,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        )
    except FileNotFoundError as error:
        raise sheet_error(path, "does not exist", "correct the configuration key samples") from error
    except pd.errors.EmptyDataError as error:
        raise sheet_error(path, "is empty", "give a table with a header and one row for each lane") from error
    except pd.errors.ParserError as error:
        found = re.search(r"line (\d+), saw (\d+)", str(error))
        row = Row(int(found[1]), {}) if found else None
        raise sheet_error(
            path, "has more columns than the header", "remove the tabs that are too many", row
        ) from error
    except UnicodeError as error:
        raise sheet_error(
            path, "is not a UTF-8 text file", "save the sheet as tab-separated text (TSV)"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sheet_error(path, f"can not be read ({reason})", "give the path of a readable file") from error
    return [[str(cell).strip() for cell in record] for record in frame.fillna("").to_numpy().tolist()]


def _check_header(path: Path, header: Sequence[str]) -> None:
    known = ", ".join(COLUMNS)
    for column in header:
        if column not in COLUMNS:
            shown = column if len(column) <= 60 else f"{column[:60]}..."
            raise sheet_error(
                path,
                f"column '{shown}' is not known",
                f"use tabs between the columns and of these names only: {known}",
            )
        if header.count(column) > 1:
            raise sheet_error(path, f"column '{column}' is given twice", "remove one of the two")
    if "sample_id" not in header:
        raise sheet_error(path, "lacks the column sample_id", "add it to the header")
    if "fastq_1" not in header and "bam" not in header:
        raise sheet_error(path, "lacks the column fastq_1", "add it to the header")


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


@dataclass(frozen=True)
class BatchSheet:
    """What the sheet declares.

    Attributes:
        controls: `positive`, `negative` or `ntc` by sample; patients are left out.
        runs: name of the sequencing run by sample; samples without one are left out.
    """

    controls: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)


def read_batch_sheet(path: Path) -> BatchSheet:
    """Read the sheet.

    Raises:
        SampleSheetError: the sheet can not be read or its control column is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, dialect="excel-tab", quoting=csv.QUOTE_NONE)
            if "sample_id" not in (reader.fieldnames or ()):
                raise SampleSheetError("lacks the column sample_id", path=path, remedy="give a sample sheet")
            rows = [
                {name: (row.get(name) or "").strip() for name in ("sample_id", "control", "batch")}
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a table"
        raise SampleSheetError(
            f"can not be read ({reason})", path=path, remedy="give a sample sheet"
        ) from error
    sheet = BatchSheet()
    for number, row in enumerate(rows, 2):
        sample_id, control, run = row["sample_id"], row["control"], row["batch"]
        if control and control not in CONTROLS:
            raise SampleSheetError(
                f"control '{control}' is not known",
                path=path,
                where=f"row {number}",
                remedy=f"use {', '.join(CONTROLS)} or leave it empty",
            )
        if control and sample_id:
            sheet.controls[sample_id] = control
        if run and sample_id:
            sheet.runs[sample_id] = run
    return sheet
