"""What names may hold never steers a terminal, nor runs in a spreadsheet."""

import csv
import io
from pathlib import Path

import pytest

from aspsfusion.batch.multiqc import write_multiqc
from aspsfusion.batch.summary import SummaryRow, write_summary_tsv
from aspsfusion.cli import main
from aspsfusion.cli.options import ProgressLine
from aspsfusion.io.plain_text import PlainText
from aspsfusion.report.compatible import write_arriba, write_star_fusion
from aspsfusion.report.json_tsv import write_fusions_tsv, write_json
from aspsfusion.report.models import Report
from report_factory import confirmed_report, judged

EVIL = "=cmd|' /C calc'!A0\x1b]0;owned\x07\u202e"


def evil_report() -> Report:
    """A report in which names hold a formula and what steers a terminal."""
    report = confirmed_report()
    fusion = report.fusions[0]
    reads = [read.model_copy(update={"name": EVIL}) for read in fusion.reads]
    changed = fusion.model_copy(update={"type": EVIL, "hgvs": "\t-2+3", "reads": reads})
    return report.model_copy(update={"fusions": [changed], "notices": [EVIL]})


def cells(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [cell for row in csv.reader(stream, delimiter="\t") for cell in row]


def test_tables_hold_no_formula_and_no_control_character(tmp_path: Path) -> None:
    row = SummaryRow("-s1", "FAILED", EVIL, EVIL, total_reads=-3, fraction_three_prime=-0.5)
    write_summary_tsv([row], tmp_path / "summary.tsv")
    write_fusions_tsv(evil_report(), tmp_path / "fusions.tsv")
    write_arriba(evil_report(), tmp_path / "arriba.tsv")
    write_star_fusion(evil_report(), tmp_path / "star-fusion.tsv")
    write_multiqc([row], tmp_path / "aspsfusion_mqc.tsv")
    for path in tmp_path.iterdir():
        found = cells(path)
        assert any(cell.startswith("'=cmd") for cell in found), path
        assert all(cell.isprintable() for cell in found)
        starts = {cell for cell in found if cell.startswith(("=", "+", "-", "@"))}
        assert starts <= {"-3", "-0.5", "-", "+", "+/+", "-/-"}, path
    assert "'-s1" in cells(tmp_path / "summary.tsv")
    assert "'-2+3" in cells(tmp_path / "fusions.tsv")


@pytest.mark.parametrize("words", [[], [EVIL], ["no\x1b[2Jread"]], ids=["verdict", "read", "other"])
def test_explain_steers_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    write_json(judged(evil_report()), tmp_path / "r.json")
    assert main(["explain", str(tmp_path / "r.json"), *words]) == 0
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.split("\n"))
    assert "\\x1b" in said


def test_an_error_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a\x1b[2J\x9b.json", "b\udcff.json"):
        assert main(["explain", str(tmp_path / name)]) == 1
        error = capsys.readouterr().err
        assert error.rstrip("\n").isprintable()
        assert "\\x" in error or "\\udcff" in error


def test_a_wrong_argument_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["explain", "r.json", "--\x1b[2J"])
    assert "\x1b" not in capsys.readouterr().err


def test_the_progress_line_steers_with_its_own_characters_alone() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with ProgressLine("reads", stream) as line:
        line._last = -1e9
        line.update(5, " \x1b]0;owned\x07")
    assert "\x1b[K5 reads" in stream.getvalue()
    assert "\x1b]" not in stream.getvalue()


def test_what_a_stream_cannot_encode_is_an_escape() -> None:
    raw = io.BytesIO()
    stream = PlainText(io.TextIOWrapper(raw, encoding="ascii"))
    stream.write("Größe\t\x00\n")
    stream.flush()
    assert raw.getvalue() == b"Gr\\xf6\\xdfe\t\\x00\n"
