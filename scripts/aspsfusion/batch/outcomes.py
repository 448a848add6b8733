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
from aspsfusion.io.checksums import content_of
from aspsfusion.io.files import stamp_of, write_text

UNKNOWN = ""

OUTCOME_SUFFIX = ".outcome.json"
RECORD_SUFFIX = ".record.json"
FINDINGS_SUFFIX = ".batch.json"
NOTE_SUFFIX = ".failed.txt"
ATTEMPT_SUFFIX = ".attempt.txt"
"""Names the job that runs, where others may follow it; what a killed one leaves."""

CANDIDATES_SUFFIX = ".candidates.fastq.gz"
"""Reads between the jobs of a sample, no result."""

SCREENED_SUFFIX = ".screen.outcome.json"
"""How the first of these jobs came out."""

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
        "igv.xml",
        "record.json",
    ),
}
"""What each job leaves in a sample's directory, in the order of the data, without temporary files. The job
`extract` leaves what `screen` leaves."""

REPORT_FILES = ("report.json", "report.html", "fusions.tsv", "fusions.vcf.gz", "fusions.vcf.gz.tbi")
"""What is written from the record once the batch has been compared."""

FURTHER_FILES = ("arriba.tsv", "star-fusion.tsv", "fhir.json", "vicc.json", "report.pdf")
"""What can be beside them where it was asked for."""


class OutcomeError(AspsfusionError):
    """An outcome is missing, damaged or of another program."""


@dataclass(frozen=True)
class FileIdentity:
    """An input file as it was when it was read.

    Attributes:
        bytes: its size; -1 where there was none.
        modified: time of its last change in nanoseconds since 1970.
        inode: number of the file after the name.
        sha256: its checksum; empty where it is not known.
    """

    path: str
    bytes: int
    modified: int
    inode: int = 0
    sha256: str = UNKNOWN

    def untouched(self, other: "FileIdentity") -> bool:
        """Whether size, time and inode are those of another one: then nobody has written to it."""
        return replace(self, sha256=other.sha256) == other

    def same(self, now: "FileIdentity") -> bool:
        """Whether the present file holds what this one held; its checksum is taken where the rest differs.

        Raises:
            OSError: the present file cannot be read.
        """
        if self.untouched(now):
            return True
        if (self.path, self.bytes) != (now.path, now.bytes) or not self.sha256:
            return False
        return self.sha256 == (now.sha256 or content_of(Path(now.path)).sha256)


@dataclass(frozen=True)
class Inputs:
    """What an outcome is of.

    Attributes:
        reads: the sample's files, lane by lane.
        panel: SHA-256 of the panel's `panel.json`.
        declared: what the sheet declares of the sample, as options; empty where it declares nothing.
        settings: thresholds and whatever else the samples of a batch have in common, as options.
        primers: the file of the library's primers; none where there is no such file.
    """

    reads: tuple[FileIdentity, ...] = ()
    panel: str = UNKNOWN
    declared: str = UNKNOWN
    settings: str = UNKNOWN
    version: str = __version__
    primers: tuple[FileIdentity, ...] = ()

    @property
    def words(self) -> str:
        """What decides about a sample besides files, one thing a line."""
        return "\n".join((self.version, self.settings, self.declared))


@dataclass(frozen=True)
class Outcome:
    """How a sample came out.

    Attributes:
        stage: the job that ended last.
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


def file_identities(paths: Iterable[str]) -> tuple[FileIdentity, ...]:
    """Return files of reads as they are now; one that is not there has the size -1."""
    found = []
    for path in paths:
        stamp = stamp_of(Path(path))
        found.append(FileIdentity(path, *stamp[1:]) if stamp else FileIdentity(path, -1, 0))
    return tuple(found)


def read_through(paths: Iterable[str]) -> tuple[FileIdentity, ...]:
    """Return files as they are now with their checksums; one that is not there has the size -1.

    Raises:
        OSError: a file cannot be read.
    """
    return tuple(
        file if file.bytes < 0 else replace(file, sha256=content_of(Path(file.path)).sha256)
        for file in file_identities(paths)
    )


def checked_inputs(inputs: Inputs, metrics: Path) -> Inputs:
    """Return inputs with the checksums of the reads that the screen has taken and written to its metrics.

    Raises:
        OSError, ValueError, LookupError: metrics are not there or of other files.
    """
    found = json.loads(metrics.read_text(encoding="utf-8"))["inputs"]
    reads = zip(inputs.reads, found, strict=True)
    return replace(inputs, reads=tuple(replace(file, sha256=read["sha256"]) for file, read in reads))


def panel_identity(directory: Path) -> str:
    """Return what distinguishes a panel directory from any other one; empty where there is none."""
    try:
        return hashlib.sha256((directory / "panel.json").read_bytes()).hexdigest()
    except OSError:
        return UNKNOWN


def write_outcome(outcome: Outcome, path: Path) -> None:
    """Write an outcome; an existing file is replaced in one step."""
    write_text(path, json.dumps(asdict(outcome), indent=1) + "\n")


def read_outcome(path: Path) -> Outcome:
    """Read an outcome back.

    Raises:
        OutcomeError: the file cannot be read or is no outcome.
    """
    from pydantic import TypeAdapter

    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        inputs = data.pop("inputs")
        reads, primers = (
            tuple(FileIdentity(**file) for file in inputs.pop(name)) for name in ("reads", "primers")
        )
        outcome = Outcome(**data, inputs=Inputs(reads=reads, primers=primers, **inputs))
        TypeAdapter(Outcome).validate_python(asdict(outcome))
        if Path(outcome.sample_id).name != outcome.sample_id:
            raise ValueError("no name of a sample")  # other files are known by it
        return outcome
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

    What is not known of the present ones is empty and is not compared.
    """
    if now.reads:
        before = {file.path: file for file in of.reads}
        for file in now.reads:
            if file.bytes < 0:
                return f"{file.path} is not there any more"
            if file.path not in before or not before[file.path].same(file):
                return f"{file.path} is not the file that was read"
        if len(now.reads) != len(of.reads):
            return "it was made of more files than the sheet names now"
    others = {
        "panel": "the panel is another one",
        "settings": "the thresholds are others",
        "version": f"it was made by version {of.version}",
    }
    for name, words in others.items():
        if getattr(now, name) not in (UNKNOWN, getattr(of, name)):
            return words
    if now.reads and of.declared != now.declared:
        return f"the sheet declares '{now.declared}' now"
    primers = {file.path: file for file in of.primers}
    for file in now.primers:
        if file.path not in primers or not primers[file.path].same(file):
            return f"{file.path} is not the file that was read"
    return ""


def present_inputs(
    samples: Mapping[str, tuple[tuple[str, ...], str, tuple[str, ...]]],
    panel: Path | None,
    settings: str,
    planned: Path | None = None,
) -> dict[str, Inputs]:
    """Return the present inputs of each sample.

    Args:
        samples: files of reads, what the sheet declares, and files of primers, by sample.
        panel: panel directory; None where it is not known.
        settings: as `Inputs` has them.
        planned: directory with what is known of the files since the workflow was planned.
    """
    identity = panel_identity(panel) if panel else UNKNOWN
    present = {}
    for sample_id, (reads, declared, primers) in samples.items():
        files = file_identities(reads)
        if planned:
            files = with_checksums(files, read_identities(planned / f"{sample_id}.json"))
        present[sample_id] = Inputs(files, identity, declared, settings, primers=file_identities(primers))
    return present


def with_checksums(files: Iterable[FileIdentity], known: Iterable[FileIdentity]) -> tuple[FileIdentity, ...]:
    """Return files with the checksums of those that are known and were not touched since."""
    by_path = {file.path: file for file in known}
    return tuple(
        by_path[file.path] if file.path in by_path and by_path[file.path].untouched(file) else file
        for file in files
    )


def read_identities(path: Path) -> tuple[FileIdentity, ...]:
    """Read what `planning.keep_identities` wrote; nothing where it cannot be read: all is new then."""
    try:
        return tuple(FileIdentity(**file) for file in json.loads(path.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, TypeError, LookupError):
        return ()


def forget(directory: Path, sample_id: str, since: str = "screen") -> None:
    """Remove the files of a sample that a job and those after it write, so that no former result stays.

    With `extract`, which stands for `screen`, all go.
    """
    jobs = list(STAGE_FILES)
    first = jobs.index(since) if since in jobs else 0
    names = [name for job in jobs[first:] for name in STAGE_FILES[job]]
    names += [*REPORT_FILES, *FURTHER_FILES]
    suffixes = [*(f".{name}" for name in names), OUTCOME_SUFFIX, FINDINGS_SUFFIX, NOTE_SUFFIX, ATTEMPT_SUFFIX]
    for suffix in suffixes:
        (directory / f"{sample_id}{suffix}").unlink(missing_ok=True)


def remove_candidates(outcomes: Iterable[Path]) -> None:
    """Remove what lies between the jobs of samples that have come out: nothing reads it any more.

    Snakemake removes temporary files when all its checkpoints are through, and forgets those of a run that
    was interrupted before.
    """
    for path in outcomes:
        if path.is_file():
            sample_id = path.name.removesuffix(OUTCOME_SUFFIX)
            for suffix in (CANDIDATES_SUFFIX, SCREENED_SUFFIX):
                beside(path, sample_id, suffix).unlink(missing_ok=True)
