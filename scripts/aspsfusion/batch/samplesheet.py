"""Writes a sample sheet from the names of the files in a directory.

It knows the names that sequencers and archives give: `S_S1_L001_R1_001.fastq.gz` (bcl2fastq and BCL
Convert), `S_R1.fastq.gz`, `S_1.fastq.gz`, `S.R1.fq.gz`, a lane before the mate number, and one BAM or CRAM
file for each sample. A name that leaves a doubt is an error: a guess might analyse half a sample as a whole.

A sheet that is there already can be added to: its rows stay as they were entered, and samples that it lacks
come after them.
"""

import fnmatch
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.batch.samples import NAME_PATTERN, RESERVED_NAMES
from aspsfusion.batch.sheet import COLUMNS, FILE_COLUMNS, Row, check_header, read_table
from aspsfusion.errors import ParameterError, ReadsError
from aspsfusion.io.files import write_text

FASTQ_SUFFIX = r"\.(?:fastq|fq)(?:\.(?:gz|bgz|bz2|xz|zst))?"
_FASTQ = re.compile(rf"(?P<stem>.+?){FASTQ_SUFFIX}", re.IGNORECASE)
_ALIGNMENTS = re.compile(r"(?P<stem>.+?)\.(?:bam|cram)", re.IGNORECASE)
_ILLUMINA = re.compile(r"(?P<name>.+)_S\d+(?:_L(?P<lane>\d{3}))?_(?P<read>[RI][12])_\d{3}")
_BCL_CONVERT_BY_NAME = re.compile(r"(?P<name>.+)_L(?P<lane>\d{3})_(?P<read>[RI][12])(?:_\d{3})?")
_PLAIN = re.compile(r"(?P<name>.+?)(?:[._-]L(?P<lane>\d{1,3}))?[._](?P<read>[RI]?[12])(?:_001)?")
_UNASSIGNED = re.compile(r"undetermined(?:[._-]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class ReadFile:
    """A file of reads, as its name says.

    Attributes:
        lane: what distinguishes the sample's lanes, empty if the name has none.
        read: `1` or `2` for mates, `I` for an index, empty without mate number, `bam`: BAM, CRAM.
    """

    path: Path
    sample: str
    lane: str
    read: str


@dataclass(frozen=True)
class SheetRow:
    """A row of the sheet."""

    sample_id: str
    fastq_1: str = ""
    fastq_2: str = ""
    bam: str = ""


@dataclass(frozen=True)
class Sheet:
    """A sample sheet, and the files of reads that are not in it, with the reason."""

    rows: list[SheetRow]
    skipped: list[tuple[Path, str]]


def parse_name(path: Path) -> ReadFile | None:
    """Return what a file's name says, None for a file that holds no reads.

    >>> parse_name(Path("P17_S3_L001_R1_001.fastq.gz"))
    ReadFile(path=PosixPath('P17_S3_L001_R1_001.fastq.gz'), sample='P17', lane='001', read='1')
    >>> parse_name(Path("SRR1_2.fq.gz")).read, parse_name(Path("a.bam")).read, parse_name(Path("a.txt"))
    ('2', 'bam', None)
    """
    alignments = _ALIGNMENTS.fullmatch(path.name)
    if alignments:
        return ReadFile(path, alignments["stem"], "", "bam")
    fastq = _FASTQ.fullmatch(path.name)
    if not fastq:
        return None
    stem = fastq["stem"]
    for pattern in (_ILLUMINA, _BCL_CONVERT_BY_NAME, _PLAIN):
        match = pattern.fullmatch(stem)
        if match:
            read = "I" if match["read"].startswith("I") else match["read"][-1]
            return ReadFile(path, match["name"], match["lane"] or "", read)
    return ReadFile(path, stem, "", "")


def sheet_of(files: Iterable[Path]) -> Sheet:
    """Return the sample sheet of some files; those that hold no reads are ignored.

    Raises:
        ReadsError: a name is no plain sample name, a mate is missing, or a sample is there twice.
    """
    skipped: list[tuple[Path, str]] = []
    samples: dict[str, list[ReadFile]] = {}
    for path in sorted(files):
        file = parse_name(path)
        if file is None:
            continue
        if file.read == "I":
            skipped.append((path, "index reads"))
        elif _UNASSIGNED.match(path.name):
            skipped.append((path, "reads that belong to no sample"))
        elif path.stat().st_size == 0:
            raise ReadsError("is empty (0 bytes)", path=path, remedy="copy the file again, or take it away")
        else:
            _require_plain(file)
            samples.setdefault(file.sample, []).append(file)
    rows = [row for sample, members in sorted(samples.items()) for row in _rows(sample, members)]
    return Sheet(rows, skipped)


def _require_plain(file: ReadFile) -> None:
    """Refuse a name that cannot be the name of a sample."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", file.sample).lstrip("_.-") or "sample"
    if not re.fullmatch(NAME_PATTERN, file.sample):
        raise ReadsError(
            f"gives the sample name '{file.sample}', which is not a plain name",
            path=file.path,
            remedy=f"rename the file so that its sample is '{plain}', or write the sheet by hand",
        )
    if file.sample in RESERVED_NAMES:
        raise ReadsError(
            f"gives the sample name '{file.sample}', which the output directory uses itself",
            path=file.path,
            remedy="rename the file, or write the sheet by hand",
        )


def _rows(sample: str, files: Sequence[ReadFile]) -> list[SheetRow]:
    alignments = [file for file in files if file.read == "bam"]
    reads = [file for file in files if file.read != "bam"]
    if alignments and (reads or len(alignments) > 1):
        other = (reads or alignments[1:])[0]
        raise ReadsError(
            f"belongs to sample {sample}, which {alignments[0].path} holds already",
            path=other.path,
            remedy="leave one of the two in the directory, or write the sheet by hand",
        )
    if alignments:
        return [SheetRow(sample, bam=str(alignments[0].path))]
    lanes: dict[tuple[Path, str], dict[str, ReadFile]] = {}
    for file in reads:
        mates = lanes.setdefault((file.path.parent, file.lane), {})
        if file.read in mates:
            raise ReadsError(
                f"cannot be distinguished from {mates[file.read].path}: same sample, lane and mate",
                path=file.path,
                remedy="leave one of the two in the directory, or write the sheet by hand",
            )
        mates[file.read] = file
    rows = [_row(sample, mates) for _, mates in sorted(lanes.items())]
    if len({bool(row.fastq_2) for row in rows}) > 1:
        single = next(row for row in rows if not row.fastq_2)
        raise ReadsError(
            f"has no second mates, unlike other lanes of sample {sample}",
            path=single.fastq_1,
            remedy="add the missing file, or write the sheet by hand",
        )
    return rows


def _row(sample: str, mates: dict[str, ReadFile]) -> SheetRow:
    if "2" in mates and "1" not in mates:
        raise ReadsError(
            f"holds second mates, and the first mates of sample {sample} are not there",
            path=mates["2"].path,
            remedy="add the file of the first mates",
        )
    if "" in mates and len(mates) > 1:
        raise ReadsError(
            f"has no mate number, unlike {next(mates[r].path for r in mates if r)} of the same sample",
            path=mates[""].path,
            remedy="rename or take away one of them",
        )
    first = mates.get("1") or mates[""]
    second = mates.get("2")
    return SheetRow(sample, str(first.path), "" if second is None else str(second.path))


def without_known(sheet: Sheet, known: Sequence[Row]) -> Sheet:
    """Return what a sheet adds to rows that are there already.

    A file that they name is theirs, whatever the sample is called there. Another file of a sample that they
    have is left out and named: it may be a lane that somebody took out on purpose.
    """
    files = {os.path.realpath(row[column]) for row in known for column in FILE_COLUMNS if row[column]}
    samples = {row["sample_id"] for row in known}
    rows, skipped = [], list(sheet.skipped)
    for row in sheet.rows:
        named = [file for file in (row.fastq_1, row.fastq_2, row.bam) if file]
        new = [file for file in named if os.path.realpath(file) not in files]
        if new == named and row.sample_id not in samples:
            rows.append(row)
        else:
            skipped += [
                (
                    Path(file),
                    f"the sheet has its sample, {row.sample_id}, without it; for a lane of it add a row",
                )
                for file in new
            ]
    return Sheet(rows, skipped)


def controls_of(sheet: Sheet, declared: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the kind of control of each sample that is one; `*` is any part of the name of a declared one.

    Raises:
        ParameterError: a name is that of no sample, or a sample is two kinds of control.
    """
    names = dict.fromkeys(row.sample_id for row in sheet.rows)
    kinds: dict[str, str] = {}
    for pattern, kind in declared:
        found = fnmatch.filter(names, pattern)
        if not found:
            raise ParameterError(
                f"--control {pattern}={kind}: no sample that is added has this name",
                remedy=f"name one of {', '.join(names)}" if names else "change its row in the sheet",
            )
        for name in found:
            if kinds.setdefault(name, kind) != kind:
                raise ParameterError(
                    f"--control: sample {name} is declared {kinds[name]} and {kind}",
                    remedy="give one of them",
                )
    return kinds


def run_samplesheet(
    directory: Path,
    output: Path,
    *,
    recursive: bool = False,
    append: bool = False,
    force: bool = False,
    filled: Mapping[str, str] | None = None,
    controls: Sequence[tuple[str, str]] = (),
) -> Sheet:
    """Write the sample sheet of a directory, with absolute paths of the reads and columns to fill in.

    With `append` a sheet that is there keeps its rows and gets those of new samples; the text of columns that
    are `filled` is that of all rows that are written.

    Returns:
        What was added.

    Raises:
        AspsfusionError: the directory is not there or holds no reads, its files contradict each other, or
            the sheet that is there cannot be read.
    """
    if not directory.is_dir():
        raise ReadsError("is no directory", path=directory, remedy="give the directory that holds the reads")
    # Absolute, and links left as they are: the sheet must hold wherever the workflow is run.
    root = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow links
    files = root.rglob("*") if recursive else root.glob("*")
    sheet = sheet_of(path for path in files if path.is_file() and not path.name.startswith("."))
    if not sheet.rows:
        raise ReadsError(
            "holds no FASTQ, BAM or CRAM file of a sample",
            path=directory,
            remedy="give the directory that holds the reads, or --recursive",
        )
    header: list[str] = []
    known: list[Row] = []
    if append and output.exists():
        header, known = read_table(output)
        check_header(output, header)
        sheet = without_known(sheet, known)
    kinds = controls_of(sheet, controls)
    table = [row.cells for row in known]
    for row in sheet.rows:
        table.append({**(filled or {}), **vars(row), "control": kinds.get(row.sample_id, "")})
    if sheet.rows:
        _write(
            table, [*header, *(column for column in COLUMNS if column not in header)], output, force or append
        )
    return sheet


def _write(table: Sequence[Mapping[str, str]], header: Sequence[str], output: Path, force: bool) -> None:
    rows = [[row.get(column, "") for column in header] for row in table]
    for cell in (cell for row in rows for cell in row):
        if "\t" in cell or "\n" in cell:
            raise ReadsError("a tab or a line end is in the name", path=repr(cell), remedy="rename the file")
    write_text(output, "".join("\t".join(row) + "\n" for row in [header, *rows]), force=force)
