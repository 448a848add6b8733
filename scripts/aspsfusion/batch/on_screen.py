"""Says on the screen how far a batch is: a line for each sample that is through, all verdicts at the end.

What is shown is read from the files that jobs have written, so that it is the same wherever they ran. The
workflow says what it has planned (`announce`); Snakemake's logger plugin `aspsfusion` passes on what happens
to its jobs.
"""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from aspsfusion.batch.outcomes import NOTE_SUFFIX, OUTCOME_SUFFIX, RECORD_SUFFIX, beside, read_outcome
from aspsfusion.batch.samples import RESERVED_NAMES
from aspsfusion.errors import ERROR_MARK, AspsfusionError, printable

SNAKEMAKE_OPTIONS = ("--logger", "aspsfusion")
"""Options of snakemake with which it says what this module says. The workflow's profiles have them; whoever
starts snakemake with any other profile adds them."""

SNAKEMAKE_LOGS = ".snakemake/log"
"""Where Snakemake keeps all that it says, below its working directory."""

UNREADABLE = (OSError, ValueError, LookupError, TypeError)
"""What a report raises that is missing or of another version."""

FAILED = "FAILED"
ENDED_EARLY = "the run ended before every sample was through; the same command goes on from there"
ERASE_LINE = "\r\x1b[K"


@dataclass(frozen=True)
class PlannedBatch:
    """A batch that this process has planned.

    Attributes:
        panel: the panel directory, as jobs name it.
        complete: file that is written when every sample has a result.
    """

    outdir: Path
    samples: tuple[str, ...]
    panel: str
    complete: str


_planned: list[PlannedBatch] = []


def announce(batch: PlannedBatch) -> None:
    """Say that this process has planned a batch."""
    _planned.append(batch)


def planned_batches() -> Sequence[PlannedBatch]:
    """Return what this process has planned; several batches where the workflow is a module more than once."""
    return tuple(_planned)


@dataclass(frozen=True)
class Job:
    """A job of the workflow.

    Attributes:
        sample: the sample that it is for; empty for one of the batch.
    """

    rule: str
    outputs: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    sample: str = ""


class BatchScreen:
    """Says what becomes of the batches of one run of Snakemake.

    Args:
        stream: takes the lines; on a terminal, a line of progress as well that is renewed in place.
    """

    def __init__(self, batches: Sequence[PlannedBatch], stream: TextIO) -> None:
        self._batches = batches
        self._stream = stream
        self._terminal = stream.isatty()
        self._judged: dict[str, str] = {}  # what ended, and why it failed
        self._failing: set[str] = set()
        self._width = max((len(sample) for batch in batches for sample in batch.samples), default=0)
        self._begun = self._complained = False

    def say(self, text: str = "") -> None:
        """Write lines in place of that of progress."""
        for line in text.splitlines() or [""]:
            self._write(f"{printable(line)}\n")

    def begin(self) -> None:
        """Say what is run; without this there was nothing to do."""
        self._begun = True
        for batch in self._batches:
            self.say(
                f"{_count(batch.samples)}, results in {batch.outdir}; "
                f"details are in {batch.outdir / 'logs'} and {SNAKEMAKE_LOGS}"
            )

    def start(self, job: Job) -> None:
        """Say that the panel is built, which takes long with a whole genome."""
        self._failing.discard(job.sample)
        if any(batch.panel in job.outputs for batch in self._batches):
            self.say("building the panel")

    def finish(self, job: Job) -> None:
        """Say how a sample came out with its last job, and notice that a batch is complete."""
        self._judged |= dict.fromkeys(job.outputs, "")
        for output in map(Path, job.outputs):
            if output.name == f"{output.parent.name}{OUTCOME_SUFFIX}":
                self.say(outcome_line(output, self._width))

    def fail(self, job: Job) -> None:
        """Say that a job ended without a result.

        A job of a sample was killed then, and may be tried again. On a cluster it is one with the sample's
        other jobs, all of which Snakemake calls failed.
        """
        said = next(filter(None, map(last_words, job.logs)), "it left no message")
        where = f"; see {job.logs[0]}" if job.logs else ""
        if any(batch.complete in job.outputs for batch in self._batches):
            self._judged |= dict.fromkeys(job.outputs, said)  # samples have failed: the table says which
        elif not job.sample:
            self.say(f"{job.rule} failed: {said}{where}")
        elif job.sample not in self._failing:
            self._failing.add(job.sample)
            self.say(f"sample {job.sample}: a job ended without a result{where}")

    def progress(self, done: int, total: int) -> None:
        """Renew the line of progress, on a terminal."""
        if self._terminal:
            self._write(f"{done} of {total} steps")

    def complain(self, text: str) -> None:
        """Pass on what is no fault of a job, such as a directory that another run has locked."""
        self._complained = True
        self.say(text)

    def end(self) -> None:
        """Write the verdicts of all samples, or why there are none."""
        for batch in self._batches:
            table = batch.outdir / "summary.tsv"
            page = str(table.with_suffix(".html"))
            if batch.complete in self._judged and table.is_file():
                remedy = filter(None, [self._judged[batch.complete]])
                self.say("\n".join(["", *verdict_table(table), *remedy, page]))
            elif self._begun:
                self.say(f"{batch.outdir}: {ENDED_EARLY}")
            elif not self._complained:
                self.say(f"Nothing to be done; the last summary is {page}")
            if not self._complained and (left := left_behind(batch)):
                self.say(f"left as it is, but not in the sheet: {', '.join(left)}")

    def _write(self, text: str) -> None:
        self._stream.write(f"{ERASE_LINE}{text}" if self._terminal else text)
        self._stream.flush()


def outcome_line(outcome: Path, width: int) -> str:
    """Return how a sample came out, in one line with so many characters for its name.

    Why one failed is said at the end of the run.
    """
    try:
        found = read_outcome(outcome)
        call, words = FAILED, f"see {beside(outcome, found.sample_id, NOTE_SUFFIX)}"
        if not found.failed:
            record = beside(outcome, found.sample_id, RECORD_SUFFIX)
            call, words = in_words(json.loads(record.read_text(encoding="utf-8")))
    except (AspsfusionError, *UNREADABLE) as error:
        return f"{outcome}: cannot be shown ({type(error).__name__})"
    return f"{found.sample_id:{width}}  {call:13}  {words}".rstrip()


def verdict_table(summary: Path) -> list[str]:
    """Return the verdicts of `summary.tsv` as lines, with the errors of samples below them."""
    with summary.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, dialect="excel-tab"))
    width = max((len(row["sample_id"]) for row in rows), default=0)
    lines, errors = [], []
    for row in rows:
        sample, call = row["sample_id"], row["verdict"]
        if not row["report"]:
            errors.append(f"sample {sample} {call}: {row['statement']}")
        lines.append(f"{sample:{width}}  {call:13}  {_in_short(row['reason'], row['fragments'])}".rstrip())
    numbers = Counter(row["verdict"] for row in rows)
    counted = ", ".join(f"{number} {call}" for call, number in sorted(numbers.items()))
    return [*lines, f"{_count(rows)}: {counted}", *errors]


def left_behind(batch: PlannedBatch) -> list[str]:
    """Return the directories of samples that the sheet names no more, or never did."""
    known = RESERVED_NAMES.union(batch.samples)
    return [
        str(path)
        for path in sorted(batch.outdir.iterdir())
        if path.name not in known
        and path.is_dir()
        and any(file.name.startswith(f"{path.name}.") for file in path.iterdir())
    ]


def in_words(report: Mapping[str, Any]) -> tuple[str, str]:
    """Return the verdict of a report.json, and what it rests on in a few words."""
    call, _, reason = report["verdict"]["headline"].partition(": ")
    fusions = sorted(report["fusions"], key=lambda fusion: not fusion["is_target"] or fusion["reciprocal"])
    return call, _in_short(reason, str(fusions[0]["fragments"]) if fusions else "")


def _in_short(reason: str, fragments: str) -> str:
    return f"{reason}, {fragments} fragments" if fragments else reason


def last_words(log: str) -> str:
    """Return the error that a log ends with, or its last line; empty where it holds none."""
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(ERROR_MARK)]
    return next(reversed(errors or lines), "").removeprefix(ERROR_MARK)


def _count(samples: Sequence[object]) -> str:
    return f"{len(samples)} sample{'' if len(samples) == 1 else 's'}"
