"""The verdict of a record follows from the record's own evidence, or the record is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.batch.contamination import check_batch
from aspsfusion.batch.outcomes import Outcome, write_outcome
from aspsfusion.cli import main
from aspsfusion.config import BatchParameters
from aspsfusion.interpret.agreement import disagreement
from aspsfusion.report.findings import ListedEndFragments
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Report
from report_factory import confirmed_report, excluded_report, indeterminate_report, judged, make_fusion


def parted(sample_id: str, fragments: int) -> Report:
    """A confirmed sample with so many fragments of the junction, duplicates counted."""
    fusion = make_fusion().model_copy(update={"fragments_with_duplicates": fragments})
    return judged(confirmed_report(sample_id).model_copy(update={"fusions": [fusion]}))


def lowered() -> Report:
    """A confirmed sample whose junction another sample of the batch has far more often."""
    batch = [parted("weak", 36), parted("strong", 9000)]
    return check_batch(batch, {}, BatchParameters())[0].report


def at_listed_ends() -> Report:
    """A negative of which three fragments show listed ends of the fusion with other sequence beyond."""
    ends = ListedEndFragments(leaving=2, joining=1)
    return judged(excluded_report().model_copy(update={"listed_ends": ends}))


REPORTS: dict[str, Callable[[], Report]] = {
    "at listed ends": at_listed_ends,
    "confirmed": lambda: judged(confirmed_report()),
    "excluded": lambda: judged(excluded_report()),
    "indeterminate": lambda: judged(indeterminate_report()),
    "of a batch": lowered,
}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_agrees_with_its_evidence(kind: str) -> None:
    report = REPORTS[kind]()
    assert disagreement(report) == ""
    assert disagreement(Report.model_validate_json(report.model_dump_json())) == ""


def put(*way: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    """Put a value into JSON data at a place."""

    def change(data: Any) -> None:
        for key in way[:-1]:
            data = data[key]
        data[way[-1]] = value

    return change


def drop(name: str) -> Callable[[dict[str, Any]], None]:
    """Empty a list of findings."""
    return put(name, value=[])


PARTS = "its headline, evidence or limit is not what its evidence gives"
VERDICT = r"its verdict is \w+ \(.*\), and its evidence gives \w+ \(.*\)"
BATCH = "its verdict is not what the check of the batch gives"

EDITS: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "a carrier as a negative": ("confirmed", put("verdict", "call", value="EXCLUDED"), VERDICT),
    "a negative as a carrier": ("excluded", put("verdict", "call", value="CONFIRMED"), VERDICT),
    "unclear as a negative": ("indeterminate", put("verdict", "call", value="EXCLUDED"), VERDICT),
    "another target": (
        "excluded",
        put("verdict", "target", value="PRCC::TFE3"),
        "what it says of WOULD_HAVE_BEEN_SEEN",
    ),
    "no target": ("excluded", put("verdict", "target", value="x"), VERDICT),
    "no reasons": ("confirmed", put("verdict", "reasons", value=[]), VERDICT),
    "another reason": ("excluded", put("verdict", "reasons", 0, "code", value="LOW_COVERAGE"), VERDICT),
    "other words": (
        "excluded",
        put("verdict", "reasons", 0, "text", value="Not there."),
        "what it says of WOULD_HAVE_BEEN_SEEN is not what its evidence gives",
    ),
    "no fusion": ("confirmed", drop("fusions"), VERDICT),
    "few fragments": ("confirmed", put("fusions", 0, "fragments", value=2), VERDICT),
    "no product": ("confirmed", put("fusions", 0, "no_product", value="it ends"), VERDICT),
    "another fusion removed": ("indeterminate", drop("fusions"), VERDICT),
    "a break removed": ("indeterminate", drop("one_sided"), VERDICT),
    "gene not seen": ("excluded", put("expression", 0, "fragments", value=0), VERDICT),
    "reads lost": (
        "excluded",
        put("qc", "flags", value=[{"code": "INPUT_INCOMPLETE", "text": "Reads were lost."}]),
        VERDICT,
    ),
    "declared as amplicons": ("excluded", put("assay", "library", value="amplicon"), VERDICT),
    "ends at few places": (
        "excluded",
        put("assay", "fixed_ends", "one_end", value={"TFE3 exon 5": 200}),
        VERDICT,
    ),
    "ends of no acceptor": (
        "excluded",
        put("assay", "fixed_ends", "one_end", value={"X": 200}),
        "nothing follows from its evidence",
    ),
    "other thresholds": ("confirmed", put("parameters", "classify", "min_fragments", value=50), VERDICT),
    "no thresholds": ("confirmed", put("parameters", value={}), "its thresholds are none"),
    "no confidence": (
        "excluded",
        put("parameters", "classify", "confidence", value=2),
        "its thresholds are none",
    ),
    "another limit": ("excluded", put("exclusion", "threshold", value=0.9), "the limit of its exclusion"),
    "no tumour cells": (
        "excluded",
        put("exclusion", "tumour_fraction", value=0),
        "0.0 is no share of tumour",
    ),
    "more is detectable": (
        "excluded",
        put("exclusion", "detectable_fraction", value=0.0001),
        "its exclusion is not that of its informative fragments",
    ),
    "fewer informative": (
        "excluded",
        put("exclusion", "informative_fragments", "TFE3 exon 5", value=1),
        "its exclusion is not that of its informative fragments",
    ),
    "listed ends removed": ("at listed ends", put("listed_ends", value={}), VERDICT),
    "another headline": ("confirmed", put("verdict", "headline", value="EXCLUDED: no fusion"), PARTS),
    "other evidence": ("indeterminate", put("verdict", "evidence", value="Nothing was seen."), PARTS),
    "no limit": ("excluded", put("verdict", "limit", value=""), PARTS),
    "another statement": (
        "confirmed",
        put("verdict", "statement", value="Not found."),
        "its statement is not made of its parts",
    ),
    "raised again": ("of a batch", put("verdict", "call", value="CONFIRMED"), BATCH),
    "own verdict edited": (
        "of a batch",
        put("verdict", "before_batch_check", "call", value="EXCLUDED"),
        VERDICT,
    ),
    "own verdict removed": ("of a batch", put("verdict", "before_batch_check", value=None), VERDICT),
    "source removed": ("of a batch", put("fusions", 0, "contamination", value=None), BATCH),
    "source added": (
        "confirmed",
        put("fusions", 0, "contamination", value={"fragments_with_duplicates": 9000, "share": 0.01}),
        BATCH,
    ),
}


def test_another_version_may_have_said_it_in_other_words() -> None:
    data = REPORTS["excluded"]().model_dump(mode="json")
    data["software"]["aspsfusion"] = "0.0.1"
    data["verdict"]["reasons"][0]["text"] = "Not there."
    data["verdict"]["headline"] = "EXCLUDED: not there"
    assert disagreement(Report.model_validate(data)) == ""
    data["verdict"]["call"] = "CONFIRMED"
    assert re.match(VERDICT, disagreement(Report.model_validate(data)))


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_report_disagrees(edit: str) -> None:
    kind, change, words = EDITS[edit]
    data = REPORTS[kind]().model_dump(mode="json")
    change(data)
    assert re.match(words, disagreement(Report.model_validate(data)))


def test_what_the_sheet_says_is_printed_as_given(tmp_path: Path) -> None:
    record, page, after = (tmp_path / name for name in ("s.record.json", "s.html", "s.report.json"))
    write_json(judged(confirmed_report("s")), record)
    words = ["--sheet", "specimen=B24/17 <2>", "--sheet", "tumour_fraction=0.3"]
    assert main(["report", "--from", str(record), "--json", str(after), "--html", str(page), *words]) == 0
    sheet = {"specimen": "B24/17 <2>", "tumour_fraction": "0.3"}
    assert json.loads(after.read_text())["sheet"] == sheet
    head = page.read_text().partition("</header>")[0]
    assert "B24/17 &lt;2&gt;" in head
    assert "<dt>Tumour fraction</dt>" in head


COMMANDS = {
    "report": ("report", "--from", "{d}/s.report.json", "--html", "{d}/s.report.html"),
    "explain": ("explain", "{d}/s.report.json"),
    "summary": ("summary", "{d}/s.report.json", "--output-tsv", "{d}/s.tsv", "--output-html", "{d}/s.html"),
    "compare": ("workflow", "compare", "{d}/s.outcome.json", "--output", "{d}/compared.tsv"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_an_edited_verdict(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = judged(confirmed_report("s"))
    edited = report.model_copy(update={"verdict": report.verdict.model_copy(update={"call": "EXCLUDED"})})
    for name in ("report", "record"):
        write_json(edited, tmp_path / f"s.{name}.json")
    write_outcome(Outcome("s", "analyse"), tmp_path / "s.outcome.json")
    before = set(tmp_path.iterdir())
    assert main([word.format(d=tmp_path) for word in COMMANDS[command]]) == 1
    captured = capsys.readouterr()
    name = "record" if command == "compare" else "report"
    assert captured.err == (
        f"aspsfusion: error: {tmp_path}/s.{name}.json: contradicts itself: its verdict is EXCLUDED "
        "(TARGET_FUSION), and its evidence gives CONFIRMED (TARGET_FUSION); restore the file, or analyse the "
        "sample again\n"
    )
    assert captured.out == ""
    assert set(tmp_path.iterdir()) == before
    assert json.loads((tmp_path / f"s.{name}.json").read_text())["verdict"]["call"] == "EXCLUDED"
