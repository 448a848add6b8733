"""Why a sample has its verdict, and why a read did or did not count, in a terminal."""

from pathlib import Path

import pytest

from aspsfusion.batch.contamination import check_batch
from aspsfusion.config import BatchParameters
from aspsfusion.errors import AspsfusionError
from aspsfusion.report.explain import (
    WIDTH,
    explain_supporting_read,
    explain_verdict,
    find_read,
    other_reads_of_name,
)
from aspsfusion.report.findings import Reason
from aspsfusion.report.json_tsv import write_json
from report_factory import confirmed_report, excluded_report, make_fusion, split_read
from repository import run_command
from stages import Pair, fusion_molecule, report_pairs


def test_the_verdict_is_told_with_what_it_rests_on() -> None:
    written = explain_verdict(confirmed_report())
    assert max(len(line) for line in written.splitlines()) <= WIDTH
    text = " ".join(written.split())
    for part in (
        "type1_strong: CONFIRMED (ASPSCR1::TFE3)",
        "TARGET_FOUND: 35 unique fragments support",
        "ASPSCR1::TFE3 type 1: ASPSCR1 end of exon 7 (chr17:81996846)",
        "FEW_FRAGMENTS: 1 unique split fragment; 3 are needed",
        "TFE3 exon 6: 42 informative wild-type fragments, 59 needed",
        "warn: Median insert 164 nt, limit at least 180 nt",
    ):
        assert part in text
    assert "Fusions" not in explain_verdict(excluded_report())


def test_reasons_that_are_sentences_are_joined_without_their_stops() -> None:
    report = confirmed_report()
    reasons = [
        Reason(code="FEW_FRAGMENTS", text="One is too few."),
        Reason(code="HOMOLOGY", text="4 shared."),
    ]
    filtered = [report.filtered[0].model_copy(update={"reasons": reasons})]
    text = explain_verdict(report.model_copy(update={"filtered": filtered}))
    assert "FEW_FRAGMENTS: One is too few; HOMOLOGY: 4 shared" in " ".join(text.split())
    assert ".;" not in text


def test_a_verdict_that_the_batch_lowered_names_the_own_one() -> None:
    strong = make_fusion().model_copy(update={"fragments_with_duplicates": 10000})
    batch = [confirmed_report("weak"), confirmed_report("strong").model_copy(update={"fusions": [strong]})]
    text = explain_verdict(check_batch(batch, {}, BatchParameters())[0].report)
    assert "weak: INDETERMINATE" in text
    assert "POSSIBLE_CONTAMINATION" in text
    assert "CONFIRMED by the sample's own reads" in " ".join(text.split())


def test_a_supporting_read_is_shown_under_the_junction() -> None:
    report = confirmed_report()
    read = split_read(99, 20, 60, errors=(5,))
    fusion = make_fusion().model_copy(update={"reads": [read]})
    assert find_read(report, report.fusions[0].reads[3].name) == (
        report.fusions[0],
        report.fusions[0].reads[3],
    )
    assert find_read(report, "no such read") is None
    text = explain_supporting_read(fusion, read)
    assert "20 bases in ASPSCR1, 40 in TFE3, 1 edit" in " ".join(text.split())
    reference, bases = (line.split()[1] for line in text.splitlines()[-2:])
    assert reference.index("|") == bases.index("|") == 20
    assert [place for place, base in enumerate(bases) if base.islower()] == [5]
    assert bases.upper().replace("|", "") == read.sequence


def test_a_spanning_pair_is_told_in_words() -> None:
    report = confirmed_report()
    pair = report.fusions[0].reads[-1]
    assert pair.kind == "spanning"
    assert "neither crosses it" in explain_supporting_read(report.fusions[0], pair)


@pytest.fixture(scope="module")
def sample(demo_panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample with four reads across the junction and three that do not count."""
    directory = tmp_path_factory.mktemp("explained")
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    pairs = [Pair(f"crosses{n}", molecule[junction - 40 - n : junction + 160], 75) for n in range(4)]
    # Single reads with five bases of the 3' gene, and with eight of which one is wrong.
    pairs.append(Pair("short", molecule[junction - 70 : junction + 5], 75, single=True))
    wrong = "A" if molecule[junction + 3] != "A" else "C"
    faulty = f"{molecule[junction - 67 : junction + 3]}{wrong}{molecule[junction + 4 : junction + 8]}"
    pairs.append(Pair("faulty", faulty, 75, single=True))
    pairs.append(Pair("same", molecule[junction - 40 : junction + 160], 75))
    pairs.append(Pair("beside", molecule[junction - 400 : junction - 200], 75))
    report = report_pairs(demo_panel_directory, directory, pairs)
    write_json(report, directory / "sample.report.json")
    return directory


def explained(directory: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    run_command("explain", directory / "sample.report.json", *arguments)
    return " ".join(capsys.readouterr().out.split())


def test_reads_are_weighed_again(
    sample: Path, demo_panel_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = sample
    weigh = ["--panel", str(demo_panel_directory), "--evidence", str(directory / "evidence.json.gz")]
    bam = ["--bam", str(directory / "panel.bam")]
    assert "crosses1 counts for ASPSCR1::TFE3 type 1: 41 bases" in explained(directory, capsys, "crosses1")
    short = explained(directory, capsys, "short", *weigh, *bam)
    assert "5 in TFE3" in short
    assert "it counts only where other reads prove the junction" in short
    faulty = explained(directory, capsys, "faulty", *weigh, *bam)
    assert "8 bases in TFE3, 10 are needed" in faulty
    assert "Give --panel" in explained(directory, capsys, "faulty")
    beside = explained(directory, capsys, "beside", *weigh, *bam)
    assert "ASPSCR1|" in beside
    assert "one gene explains all its reads" in beside
    duplicate = explained(directory, capsys, "same", *weigh)
    assert "not among the open fragments" in duplicate
    assert "It is no candidate" in explained(directory, capsys, "unknown", *weigh, *bam)


def test_panel_and_evidence_go_together(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AspsfusionError, match="go together"):
        explained(sample, capsys, "x", "--panel", "p")


def test_reads_of_one_name_are_told_apart_by_their_numbers() -> None:
    report = confirmed_report()
    fusion = report.fusions[0]
    reads = [read.model_copy(update={"name": "same", "number": n}) for n, read in enumerate(fusion.reads, 1)]
    report = report.model_copy(update={"fusions": [fusion.model_copy(update={"reads": reads})]})
    assert find_read(report, "same") == (report.fusions[0], reads[0])
    assert find_read(report, "same#2") == (report.fusions[0], reads[1])
    assert find_read(report, "same#0") is None
    assert "same#1, same#2" in other_reads_of_name(report, "same")
    assert other_reads_of_name(report, "same#2") == ""
