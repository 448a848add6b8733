"""What a run of the workflow shows: one line a sample, and every verdict and error at the end."""

import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from aspsfusion.batch import on_screen
from aspsfusion.batch.on_screen import SNAKEMAKE_OPTIONS, BatchScreen, Job, PlannedBatch
from aspsfusion.batch.outcomes import Outcome, write_outcome
from snakemake_logger_plugin_aspsfusion import LogHandler, LogHandlerSettings

FUSION = {"name": "A::B", "type": "type 1", "is_target": True, "reciprocal": False, "fragments": 12}
OTHER = {"name": "C::B", "type": "", "is_target": False, "reciprocal": False, "fragments": 40}
SENTENCE = "reads.fastq.gz: is a truncated gzip file; copy it again"
RECORDS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "carrier": ("CONFIRMED: A::B type 1", [OTHER, FUSION]),
    "normal": ("EXCLUDED: no A::B down to 1.8%", []),
    "poor.1": ("INDETERMINATE: A not seen", []),
}
QUIETLY = ("dryrun", "verbose", "printshellcmds", "debug_dag", "quiet")


@pytest.fixture
def batch(tmp_path: Path) -> PlannedBatch:
    """A batch of four samples, one of them failed, with its summary."""
    rows = ["sample_id\tverdict\treason\tfragments\tstatement\treport"]
    for sample, (headline, fusions) in RECORDS.items():
        directory = tmp_path / sample
        directory.mkdir()
        record = {"verdict": {"headline": headline}, "fusions": fusions}
        (directory / f"{sample}.record.json").write_text(json.dumps(record))
        write_outcome(Outcome(sample, "analyse"), outcome_of(tmp_path, sample))
        said = "\t".join(headline.split(": "))
        fragments = "12" if fusions else ""
        rows.append(f"{sample}\t{said}\t{fragments}\tA long statement.\t{sample}/{sample}.report.html")
    (tmp_path / "damaged").mkdir()
    write_outcome(Outcome("damaged", "screen").failure("screen", SENTENCE), outcome_of(tmp_path, "damaged"))
    rows.append(f"damaged\tFAILED\t\t\t{SENTENCE}\t")
    (tmp_path / "summary.tsv").write_text("\n".join(rows) + "\n")
    samples = (*RECORDS, "damaged")
    return PlannedBatch(tmp_path, samples, str(tmp_path / "panel"), str(tmp_path / "logs" / "complete"))


def outcome_of(outdir: Path, sample: str) -> Path:
    """Return where a sample's outcome is."""
    return outdir / sample / f"{sample}.outcome.json"


def last_job(batch: PlannedBatch, sample: str) -> Job:
    """Return the job that writes a sample's outcome."""
    return Job("analyse", (str(outcome_of(batch.outdir, sample)),), sample=sample)


def test_a_sample_that_is_through_is_a_line_and_the_end_has_all(batch: PlannedBatch) -> None:
    stream = io.StringIO()
    screen = BatchScreen([batch], stream)
    screen.begin()
    screen.start(Job("build_panel", (batch.panel,)))
    first = batch.outdir / "carrier" / "carrier.screen.outcome.json"
    screen.finish(Job("screen", (str(first),), sample="carrier"))
    for sample in batch.samples:
        screen.finish(last_job(batch, sample))
    screen.progress(3, 9)
    log = batch.outdir / "check.log"
    log.write_text("aspsfusion: error: 1 of 4 samples FAILED; run the workflow again\n")
    screen.fail(Job("check", (batch.complete,), (str(log),)))
    screen.end()
    verdicts = [
        "carrier  CONFIRMED      A::B type 1, 12 fragments",
        "normal   EXCLUDED       no A::B down to 1.8%",
        "poor.1   INDETERMINATE  A not seen",
    ]
    assert stream.getvalue().splitlines() == [
        f"4 samples, results in {batch.outdir}; details are in {batch.outdir}/logs and .snakemake/log",
        "building the panel",
        *verdicts,
        f"damaged  FAILED         see {batch.outdir}/damaged/damaged.failed.txt",
        "",
        *verdicts,
        "damaged  FAILED",
        "4 samples: 1 CONFIRMED, 1 EXCLUDED, 1 FAILED, 1 INDETERMINATE",
        f"sample damaged FAILED: {SENTENCE}",
        "1 of 4 samples FAILED; run the workflow again",
        str(batch.outdir / "summary.html"),
    ]


def test_samples_that_left_the_sheet_are_named(batch: PlannedBatch) -> None:
    stream = io.StringIO()
    for name in ("logs/logs.x", "notes/text", "old/old.report.json", "older/older.failed.txt"):
        path = batch.outdir / name
        path.parent.mkdir()
        path.touch()
    BatchScreen([batch], stream).end()
    assert stream.getvalue().splitlines() == [
        f"Nothing to be done; the last summary is {batch.outdir}/summary.html",
        f"left as it is, but not in the sheet: {batch.outdir}/old, {batch.outdir}/older",
    ]


def test_a_run_that_ended_early_shows_no_verdicts_of_before(batch: PlannedBatch, tmp_path: Path) -> None:
    stream, log = io.StringIO(), tmp_path / "panel.log"
    log.write_text("reading\naspsfusion: error: genome.fa: is no FASTA; give one\nbye\n")
    screen = BatchScreen([batch], stream)
    screen.begin()
    screen.fail(Job("build_panel", (batch.panel,), (str(log),)))
    job = Job("analyse", ("x",), ("no.log",), "normal")
    for _ in range(2):  # tried again
        screen.start(job)
        screen.fail(job)
        screen.fail(Job("screen", ("y",), ("other.log",), "normal"))
    screen.end()
    lines = stream.getvalue().splitlines()[1:]
    assert lines[0] == f"build_panel failed: genome.fa: is no FASTA; give one; see {log}"
    assert lines[1:3] == ["sample normal: a job ended without a result; see no.log"] * 2
    assert "ended before every sample was through" in lines[3]
    assert len(lines) == 4


def test_progress_is_for_terminals(batch: PlannedBatch) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    screen = BatchScreen([batch], stream)
    screen.progress(3, 9)
    screen.say("a line\nand\x07 another")
    assert stream.getvalue() == "\r\x1b[K3 of 9 steps\r\x1b[Ka line\n\r\x1b[Kand\\x07 another\n"


def test_what_cannot_be_read_stops_nothing(batch: PlannedBatch) -> None:
    stream = io.StringIO()
    (batch.outdir / "carrier" / "carrier.record.json").write_text("[]")
    outcome_of(batch.outdir, "normal").unlink()
    screen = BatchScreen([batch], stream)
    for sample in ("carrier", "normal"):
        screen.finish(last_job(batch, sample))
    assert stream.getvalue().count("cannot be shown") == 2
    screen.finish(Job("check", (batch.complete,)))
    screen.end()
    assert "\ncarrier  CONFIRMED      A::B type 1, 12 fragments\n" in stream.getvalue()


@pytest.fixture
def announced(batch: PlannedBatch, monkeypatch: pytest.MonkeyPatch) -> PlannedBatch:
    """The batch as one that this process has planned."""
    monkeypatch.setattr(on_screen, "_planned", [])
    on_screen.announce(batch)
    return batch


def handler(**asked: object) -> LogHandler:
    """Return the plugin as Snakemake sets it up."""
    assert LogHandler.__module__ == f"snakemake_logger_plugin_{SNAKEMAKE_OPTIONS[1]}"
    settings: Any = SimpleNamespace(**(dict.fromkeys(QUIETLY) | asked))
    found = LogHandler(settings, LogHandlerSettings())
    found.setFormatter(logging.Formatter())
    return found


def record(text: str, event: LogEvent | None = None, level: int = logging.INFO, **fields: Any) -> Any:
    """Return a record as Snakemake writes it."""
    return logging.makeLogRecord({"msg": text, "levelno": level, "event": event, **fields})


def test_plugin_passes_on_what_counts(announced: PlannedBatch, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = handler()
    assert plugin.writes_to_stream
    output = [str(outcome_of(announced.outdir, "carrier"))]
    job: dict[str, Any] = {"jobid": 4, "rule_name": "analyse", "output": output, "log": ["a.log"]}
    job["wildcards"] = {"sample": "carrier"}
    for each in (
        record("Assuming unrestricted shared filesystem usage."),
        record("Workflow has started!", LogEvent.WORKFLOW_STARTED),
        record("Job stats", LogEvent.RUN_INFO),
        record("rule", LogEvent.JOB_INFO, **job),
        record("done", LogEvent.JOB_FINISHED, job_id=4),
        record("", LogEvent.PROGRESS, done=1, total=2),
        record("rule", LogEvent.JOB_INFO, **job),
        record("Error in rule", LogEvent.JOB_ERROR, logging.ERROR, jobid=4),
        record("Exiting because a job execution failed. Look above", level=logging.ERROR),
        record("Command 'x' returned non-zero exit status 1.", LogEvent.ERROR, logging.ERROR),
        record("Disk is full", level=logging.ERROR),
    ):
        plugin.emit(each)
    for _ in range(2):  # by Snakemake, and by Python when it ends
        plugin.close()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == [
        "4 samples",
        "carrier  CONFIRMED      A::B type 1",
    ]
    assert lines[2] == "sample carrier: a job ended without a result; see a.log"
    assert lines[3] == "Disk is full"
    assert "ended before" in lines[4]
    assert len(lines) == 5


def test_plugin_leaves_other_work_of_snakemake_as_it_is(
    announced: PlannedBatch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [record("Building DAG of jobs..."), record("Report created.")]
    plugin = handler()
    for each in said:  # no run begins
        plugin.emit(each)
    assert capsys.readouterr().err == ""
    plugin.close()
    assert capsys.readouterr().err == "Building DAG of jobs...\nReport created.\n"
    monkeypatch.setattr(on_screen, "_planned", [])  # another workflow
    other = handler()
    for each in (said[0], record("Started", LogEvent.WORKFLOW_STARTED), record("rule", LogEvent.JOB_INFO)):
        other.emit(each)
    other.close()
    assert capsys.readouterr().err == "Building DAG of jobs...\nStarted\nrule\n"


@pytest.mark.parametrize("asked", QUIETLY)
def test_who_asks_snakemake_for_more_or_less_gets_it(asked: str, announced: PlannedBatch) -> None:
    assert not handler(**{asked: True}).writes_to_stream


def test_nothing_to_be_done_is_said_and_a_stopped_run_says_why_alone(
    announced: PlannedBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, level in (("Nothing to be done", logging.INFO), ("LockException:\nlocked", logging.ERROR)):
        plugin = handler()
        plugin.emit(record("", LogEvent.WORKFLOW_STARTED))
        plugin.emit(record(text, level=level))
        plugin.close()
    assert capsys.readouterr().err.splitlines() == [
        f"Nothing to be done; the last summary is {announced.outdir / 'summary.html'}",
        "LockException:",
        "locked",
    ]
