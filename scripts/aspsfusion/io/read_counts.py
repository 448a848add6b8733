"""Compares the reads of a FASTQ file with what the program that wrote or read it has counted.

A file whose records were cut off between two of them, or that was joined to itself, reads like a whole one.
The reports of fastp, BCL Convert and bcl2fastq beside a file state how many reads it has.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aspsfusion.errors import ReadsError

LARGEST_REPORT = 1 << 26
"""Bytes of a report that is read: many times those of a run of a thousand samples."""

_FASTP_LETTERS = {"i": "in1", "I": "in2", "o": "out1", "O": "out2", "m": "merge"}

_ILLUMINA = re.compile(r"(?P<sample>.+)_S\d+(?:_L(?P<lane>\d{3}))?_R\d_001\.(?:fastq|fq)(?:\.\w+)?")
"""How BCL Convert and bcl2fastq name files; without a lane where lanes are not split."""


class StatedReads(NamedTuple):
    """The reads that a report states of a file; two numbers where it names two files alike."""

    counts: frozenset[int]
    source: Path


class _Row(NamedTuple):
    """Clusters of a sample on a lane: the records of each of its FASTQ files there."""

    lane: int
    names: frozenset[str]
    directories: frozenset[str]
    reads: int


def require_stated_reads(path: Path, reads: int) -> None:
    """Refuse a FASTQ file that has other reads than a report beside it says.

    Raises:
        ReadsError: the numbers differ.
    """
    for stated in (*_of_fastp(path), *_of_demultiplexer(path)):
        if reads not in stated.counts:
            numbers = " or ".join(f"{count:,}" for count in sorted(stated.counts))
            raise ReadsError(
                f"has {reads:,} reads, and {stated.source} says {numbers}",
                path=path,
                remedy="copy the file again, or remove a report that is of another file",
            )


def _of_fastp(path: Path) -> Iterator[StatedReads]:
    """Yield what fastp's JSON reports in the directory of a file say of it.

    fastp states the reads before and after filtering, of both mates together; its command line names the
    files of both. A file is known by its name alone, since the command ran elsewhere. Reports of merged
    mates, whose reads are in several files, say nothing; with `--reads_to_process` those before filtering
    are not all.
    """
    for source in sorted(path.parent.glob("*.json")):
        # A directory may hold the reports of a whole run, each of some hundred kilobytes.
        data = _bytes_of(source)
        if path.name.encode("utf-8", "surrogateescape") not in data or b'"command"' not in data:
            continue
        match _json(data):
            case {
                "summary": {"before_filtering": dict(before), "after_filtering": dict(after)},
                "command": str(line),
            }:
                counts = frozenset(_fastp_counts(path.name, line, before, after))
                if counts:
                    yield StatedReads(counts, source)


def _fastp_counts(
    name: str, line: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[int]:
    options = _options(line.split())
    if "merge" in options:
        return
    for section, keys in ((before, ("in1", "in2")), (after, ("out1", "out2"))):
        files = [Path(options[key]).name for key in keys if key in options]
        total = section.get("total_reads")
        partial = section is before and "reads_to_process" in options
        if name in files and not partial and isinstance(total, int) and not total % len(files):
            yield total // len(files)


def _options(words: list[str]) -> dict[str, str]:
    """Return the long options of a command of fastp, and what follows each."""
    found = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--"):
            key, equals, value = word[2:].partition("=")
            found[key] = value if equals else following
        elif word.startswith("-"):
            found[_FASTP_LETTERS.get(word[-1], word[-1])] = following
    return found


def _of_demultiplexer(path: Path) -> Iterator[StatedReads]:
    """Yield what the demultiplexer's reports say of a file that has its name from there.

    They are looked for beside the file, and above its directories as far as these are named by the sample or
    its project: files that were trimmed later are in a directory of another name, and have other reads.
    """
    named = _ILLUMINA.fullmatch(path.name)
    if named is None:
        return
    between: list[str] = []
    for directory in list(path.absolute().parents)[:3]:
        for source, rows in _demultiplexed(directory):
            mine = [
                row
                for row in rows
                if named["sample"] in row.names
                and row.directories.issuperset(between)
                and (named["lane"] is None or row.lane == int(named["lane"]))
            ]
            # Two of one lane are samples of two projects, or indexes of one sample.
            if mine and len({row.lane for row in mine}) == len(mine):
                yield StatedReads(frozenset([sum(row.reads for row in mine)]), source)
        between.append(directory.name)


def _demultiplexed(directory: Path) -> Iterator[tuple[Path, list[_Row]]]:
    """Yield the reports of BCL Convert and bcl2fastq in their output directory, with the rows of each."""
    for place in (directory, directory / "Reports"):
        source = place / "Demultiplex_Stats.csv"
        if rows := list(_bcl_convert_rows(_bytes_of(source))):
            yield source, rows
    for place in (directory, directory / "Stats"):
        source = place / "Stats.json"
        if rows := list(_bcl2fastq_rows(_json(_bytes_of(source)))):
            yield source, rows


def _bcl_convert_rows(data: bytes) -> Iterator[_Row]:
    """Yield the rows of `Demultiplex_Stats.csv`; `# Reads` counts clusters."""
    for row in csv.DictReader(data.decode("utf-8", "replace").splitlines()):
        lane, sample, reads = (row.get(key) or "" for key in ("Lane", "SampleID", "# Reads"))
        if sample and lane.isdecimal() and reads.isdecimal():
            project = row.get("Sample_Project") or ""
            yield _Row(int(lane), frozenset([sample]), frozenset([sample, project]), int(reads))


def _bcl2fastq_rows(data: object) -> Iterator[_Row]:
    """Yield the rows of `Stats.json`; `NumberReads` counts clusters."""
    match data:
        case {"ConversionResults": list(lanes)}:
            for lane in lanes:
                match lane:
                    case {"LaneNumber": int(number), "DemuxResults": list(samples)}:
                        yield from _bcl2fastq_samples(number, samples)


def _bcl2fastq_samples(lane: int, samples: list[object]) -> Iterator[_Row]:
    for sample in samples:
        match sample:
            case {"SampleId": str(key), "SampleName": str(name), "NumberReads": int(reads)}:
                yield _Row(lane, frozenset([key, name]), frozenset([key]), reads)


def _bytes_of(path: Path) -> bytes:
    """Return what a report holds; nothing of a file that is none."""
    try:
        if path.is_file() and path.stat().st_size <= LARGEST_REPORT:
            return path.read_bytes()
    except OSError:
        pass
    return b""


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
