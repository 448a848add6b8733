"""Keeps how each sample of a batch came out: `<sample>.outcome.json`, which its last job writes in any case.

A sample that failed has an outcome too, so that the batch goes on without it. An outcome also says of which
reads, panel and thresholds it is: what is not of the present ones is outdated.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from aspsfusion import __version__
from aspsfusion.errors import AspsfusionError
from aspsfusion.io.files import replacing, stamps_of

OUTCOME_SUFFIX = ".outcome.json"
RECORD_SUFFIX = ".record.json"
FINDINGS_SUFFIX = ".batch.json"
NOTE_SUFFIX = ".failed.txt"
ATTEMPT_SUFFIX = ".attempt.txt"
"""Names the job that runs; what a killed one leaves."""

STAGE_FILES: dict[str, tuple[str, ...]] = {
    "screen": ("screen.json",),
    "analyse": (
        "align.json",
        "evidence.json.gz",
        "calls.json",
        "panel.bam",
        "panel.bam.bai",
        "junctions.fa",
        "junctions.fa.fai",
        "record.json",
    ),
}
"""What each job leaves in a sample's directory, in the order of the data, without temporary files. The job
`extract` leaves what `screen` leaves."""

REPORT_FILES = ("report.json", "report.html", "fusions.tsv", "fusions.vcf.gz", "fusions.vcf.gz.tbi")
"""What is written from the record once the batch has been compared."""

FURTHER_FILES = ("arriba.tsv", "star-fusion.tsv", "report.pdf")
"""What can be beside them where it was asked for."""

UNKNOWN = ""


class OutcomeError(AspsfusionError):
    """An outcome is missing, damaged or of another program."""


@dataclass(frozen=True)
class ReadsFile:
    """A file of reads as it was when it was read: modified in nanoseconds since 1970."""

    path: str
    bytes: int
    modified: int


@dataclass(frozen=True)
class Inputs:
    """What an outcome is of.

    Attributes:
        reads: the sample's files, lane by lane.
        panel: SHA-256 of the panel's `panel.json`.
        declared: what the sheet declares of the sample, as options; empty where it declares nothing.
        settings: thresholds and whatever else the samples of a batch have in common, as options.
        version: that of this program.
        primers: the file of the library's primers; none where there is no such file.
    """

    reads: tuple[ReadsFile, ...] = ()
    panel: str = UNKNOWN
    declared: str = UNKNOWN
    settings: str = UNKNOWN
    version: str = __version__
    primers: tuple[ReadsFile, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a sample came out.

    Attributes:
        sample_id: the sample.
        stage: the job that ended last.
        status: whether there is a record.
        sentence: why there is none.
        inputs: what the outcome is of.
    """

    sample_id: str
    stage: str
    status: Literal["ok", "failed"] = "ok"
    sentence: str = ""
    inputs: Inputs = field(default_factory=Inputs)

    @property
    def failed(self) -> bool:
        """Whether the sample has no result."""
        return self.status == "failed"

    def failure(self, stage: str, sentence: str) -> "Outcome":
        """Return the same as a failure."""
        return replace(self, stage=stage, status="failed", sentence=sentence)


def reads_files(paths: Iterable[str]) -> tuple[ReadsFile, ...]:
    """Return files of reads as they are now; one that is not there has the size -1."""
    found = []
    for path in paths:
        stamps = stamps_of([Path(path)])
        found += [ReadsFile(path, stamp.size, stamp.modified) for stamp in stamps] or [ReadsFile(path, -1, 0)]
    return tuple(found)


def panel_identity(directory: Path) -> str:
    """Return what distinguishes a panel directory from any other one; empty where there is none."""
    try:
        return hashlib.sha256((directory / "panel.json").read_bytes()).hexdigest()
    except OSError:
        return UNKNOWN


def write_outcome(outcome: Outcome, path: Path) -> None:
    """Write an outcome; an existing file is replaced in one step."""
    with replacing(path, force=True) as draft:
        draft.write_text(json.dumps(asdict(outcome), indent=1) + "\n", encoding="utf-8")


def read_outcome(path: Path) -> Outcome:
    """Read an outcome back.

    Raises:
        OutcomeError: the file cannot be read or is no outcome.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        inputs = data.pop("inputs")
        reads, primers = (
            tuple(ReadsFile(**file) for file in inputs.pop(name)) for name in ("reads", "primers")
        )
        return Outcome(**data, inputs=Inputs(reads=reads, primers=primers, **inputs))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or "not an outcome of a sample"
        raise OutcomeError(
            f"cannot be read ({reason})", path=path, remedy="remove it and run the workflow again"
        ) from error


def read_outcomes(paths: Iterable[Path]) -> dict[Path, Outcome]:
    """Read the outcomes of a batch; the order stays.

    Raises:
        OutcomeError: one cannot be read, or a sample has two.
    """
    outcomes = {path: read_outcome(path) for path in paths}
    seen: set[str] = set()
    for path, outcome in outcomes.items():
        if outcome.sample_id in seen:
            raise OutcomeError(
                f"sample {outcome.sample_id} has two outcomes", path=path, remedy="give one for each sample"
            )
        seen.add(outcome.sample_id)
    return outcomes


def beside(path: Path, sample_id: str, suffix: str) -> Path:
    """Return another file of the same sample.

    >>> beside(Path("s1/s1.outcome.json"), "s1", ".record.json").as_posix()
    's1/s1.record.json'
    """
    return path.with_name(f"{sample_id}{suffix}")


def outdated(of: Inputs, now: Inputs) -> str:
    """Return in what an outcome's inputs differ from the present ones, in words; empty where in nothing.

    Args:
        of: what the outcome is of.
        now: the present ones; what is not known of them is empty and is not compared.
    """
    if now.reads:
        before = {file.path: file for file in of.reads}
        for file in now.reads:
            if file.bytes < 0:
                return f"{file.path} is not there any more"
            if before.get(file.path) != file:
                return f"{file.path} is not the file that was read"
        if len(now.reads) != len(of.reads):
            return "it was made of more files than the sheet names now"
    for name in ("panel", "settings", "version"):
        if getattr(now, name) and getattr(of, name) != getattr(now, name):
            return {
                "panel": "the panel is another one",
                "settings": "the thresholds are others",
                "version": f"it was made by version {of.version}",
            }[name]
    if now.reads and of.declared != now.declared:
        return f"the sheet declares '{now.declared}' now"
    for file in now.primers:
        if file not in of.primers:
            return f"{file.path} is not the file that was read"
    return ""


def present_inputs(
    samples: Mapping[str, tuple[tuple[str, ...], str, tuple[str, ...]]], panel: Path | None, settings: str
) -> dict[str, Inputs]:
    """Return the present inputs of each sample.

    Args:
        samples: files of reads, what the sheet declares, and files of primers, by sample.
        panel: panel directory; None where it is not known.
        settings: as `Inputs` has them.
    """
    identity = panel_identity(panel) if panel else UNKNOWN
    return {
        sample_id: Inputs(reads_files(reads), identity, declared, settings, primers=reads_files(primers))
        for sample_id, (reads, declared, primers) in samples.items()
    }


def forget(directory: Path, sample_id: str, since: str = "screen") -> None:
    """Remove the files of a sample that a job and those after it write, so that no former result stays.

    Args:
        directory: the sample's directory.
        sample_id: the sample.
        since: the first job whose files go; with `extract`, which stands for `screen`, all go.
    """
    jobs = list(STAGE_FILES)
    first = jobs.index(since) if since in jobs else 0
    names = [name for job in jobs[first:] for name in STAGE_FILES[job]]
    names += [*REPORT_FILES, *FURTHER_FILES]
    suffixes = [*(f".{name}" for name in names), OUTCOME_SUFFIX, FINDINGS_SUFFIX, NOTE_SUFFIX, ATTEMPT_SUFFIX]
    for suffix in suffixes:
        (directory / f"{sample_id}{suffix}").unlink(missing_ok=True)


def sample_files(outdir: str, sample_id: str) -> list[str]:
    """Return every file that a sample with a report has, without those that were asked for besides."""
    names = [*(name for files in STAGE_FILES.values() for name in files), *REPORT_FILES]
    return [f"{outdir}/{sample_id}/{sample_id}.{name}" for name in names]
