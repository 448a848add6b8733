"""What the jobs of a batch used of what they asked for, from the benchmark files that Snakemake writes.

A cluster's accounting knows the same, where there is one. The benchmarks are there on every cluster and on
one machine, and with `benchmark-extended` in the profile they hold what each job asked for as well.
"""

import ast
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from aspsfusion.batch.failures import JOB_FILES, benchmark_file

COLUMNS = (
    "sample",
    "job",
    "seconds",
    "seconds_asked",
    "seconds_share",
    "processor_seconds",
    "threads_asked",
    "processor_share",
    "memory_mb",
    "memory_mb_asked",
    "memory_share",
)
UNKNOWN = "NA"
"""As Snakemake writes it: a job may be over before it was looked at, and plain benchmarks hold less."""

SECONDS_PER_MINUTE = 60
SHARE_DECIMALS = 3
DECIMALS = 1


def write_efficiency(outdir: str, sample_ids: Iterable[str]) -> Path:
    """Write `logs/efficiency.tsv`: a line for each job of the batch that has ended well.

    Args:
        outdir: the workflow's output directory.
        sample_ids: every sample of the sheet.

    Returns:
        The file. Shares are what was used divided by what was asked for, NA where either is not known.
    """
    path = Path(outdir) / "logs" / "efficiency.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, delimiter="\t", lineterminator="\n")
        rows.writerow(COLUMNS)
        for sample_id in sample_ids:
            for job in JOB_FILES:
                for used in _runs(Path(benchmark_file(outdir, sample_id, job))):
                    rows.writerow([sample_id, job, *_row(used)])
    return path


def _runs(path: Path) -> Iterator[dict[str, str]]:
    """Yield the lines of a benchmark file; none where the job has not ended."""
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)


def _row(used: dict[str, str]) -> list[str]:
    asked = _asked(used.get("resources") or "")
    seconds, processor, memory = (_number(used.get(name)) for name in ("s", "cpu_time", "max_rss"))
    threads, memory_asked = _number(used.get("threads")), _number(asked.get("mem_mb"))
    minutes = _number(asked.get("runtime"))
    seconds_asked = None if minutes is None else minutes * SECONDS_PER_MINUTE
    offered = None if seconds is None or threads is None else seconds * threads
    return [
        _text(seconds),
        _text(seconds_asked),
        _share(seconds, seconds_asked),
        _text(processor),
        _text(threads, 0),
        _share(processor, offered),
        _text(memory),
        _text(memory_asked, 0),
        _share(memory, memory_asked),
    ]


def _asked(resources: str) -> dict[str, object]:
    """Return what a benchmark file says of the job's resources, which Snakemake writes as Python would."""
    try:
        found = ast.literal_eval(resources)
    except (ValueError, SyntaxError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _text(value: float | None, decimals: int = DECIMALS) -> str:
    return UNKNOWN if value is None else f"{value:.{decimals}f}"


def _share(used: float | None, asked: float | None) -> str:
    return _text(used / asked, SHARE_DECIMALS) if used is not None and asked else UNKNOWN
