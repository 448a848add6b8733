"""Tiny runs of the validation study, by its functions and by its commands."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from aspsfusion.cli import main
from aspsfusion.panel.panel import Panel
from aspsfusion.validation.outcomes import Outcome, read_outcomes
from aspsfusion.validation.run import Chain, run_cell
from aspsfusion.validation.study import load_study
from study_factory import OUTCOME, TINY, tiny


def test_a_cell_that_was_stopped_goes_on_and_ends_with_the_same_bytes(chain: Chain, tmp_path: Path) -> None:
    study = tiny()
    cell = study.cell("plain")
    made: list[str] = []
    whole, stopped = tmp_path / "whole.tsv", tmp_path / "stopped.tsv"
    run_cell(chain, study, cell, whole, progress=lambda done, note="", **_: made.append(note))
    assert made == [" of 3"] * 3

    class StoppedError(Exception):
        pass

    def stop(done: int, note: str = "", **_: object) -> None:
        if done == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        run_cell(chain, study, cell, stopped, progress=stop)
    assert not stopped.exists()
    part = tmp_path / "stopped.tsv.part"
    # The line that the kill cut in two is not believed.
    part.write_text(part.read_text(encoding="ascii") + "plain\tnegative\t0\tno", encoding="ascii")
    run_cell(chain, study, cell, stopped)
    assert stopped.read_bytes() == whole.read_bytes()
    assert not part.exists()
    outcomes = list(read_outcomes([whole]))
    assert [(o.arm, o.index) for o in outcomes] == [("positive", 0), ("positive", 1), ("negative", 0)]
    assert [o.call for o in outcomes[:2]] == ["CONFIRMED", "CONFIRMED"]
    assert all(o.named and o.right_type and o.exact and o.crossing == 4 for o in outcomes[:2])
    assert outcomes[2].call == "INDETERMINATE"
    assert not outcomes[2].seen


def test_what_was_done_of_another_study_is_not_used(chain: Chain, tmp_path: Path) -> None:
    study = tiny(positives=1, negatives=0)
    output = tmp_path / "cell.tsv"
    (tmp_path / "cell.tsv.part").write_text(f"# other\n{OUTCOME.row()}\n", encoding="ascii")
    run_cell(chain, study, study.cell("plain"), output)
    (outcome,) = read_outcomes([output])
    assert outcome != OUTCOME


def test_the_commands_give_a_page_that_names_each_wrong_verdict(
    demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, panel = tmp_path / "study.yaml", demo_panel_directory
    study.write_text(yaml.safe_dump({**TINY, "positives": 1, "negatives": 0}), encoding="utf-8")
    tables = []
    for cell in ("plain", "other"):
        tables.append(tmp_path / f"{cell}.tsv")
        command = ["cell", "--cell", cell, "--output", tables[-1], "--study", study, "--panel", panel]
        assert main(["validate", *map(str, command)]) == 0
    lines = tables[0].read_text(encoding="ascii").splitlines()
    wrong = replace(Outcome.parse(lines[1]), index=1, call="EXCLUDED")
    tables[0].write_text("\n".join([*lines, wrong.row()]) + "\n", encoding="ascii")
    page, table = tmp_path / "page.md", tmp_path / "page.tsv"
    command = ["page", *tables, "--study", study, "--panel", panel, "--tsv", table, "--markdown", page]
    assert main(["validate", *map(str, command)]) == 0
    assert "3 samples, 1 with violations" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    seed = load_study(study).sample("plain", "positive", 1).seed
    assert f"| plain | positive | 1 | {seed} | missed: the fusion was excluded |" in text
    # What is asked first comes first.
    first = [line for line in text.splitlines() if line.startswith("|")][2:4]
    assert first[0].startswith("| False CONFIRMED: samples without the target fusion | 0 of 1 |")
    assert first[1].startswith("| False EXCLUDED: samples whose reads show the target fusion | 1 of 2 |")
    assert text.index("## What is asked first") < text.index("## Sensitivity by fragments")
    assert "* reference: demonstration, with the real bases of exons of 22 genes" in text
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    assert [row[0] for row in rows] == ["cell", "plain", "other"]

    # Any sample can be made again with its reads, and gets the verdict it had.
    command = ["sample", "--cell", "plain", "--index", "0", "--study", study, "--panel", panel]
    assert main(["validate", *map(str, command), "--output", str(tmp_path / "again")]) == 0
    assert "CONFIRMED: " in capsys.readouterr().out
    names = sorted(path.name for path in tmp_path.glob("again*"))
    assert names == ["again.report.json", "again.truth.tsv", "again_R1.fastq.gz", "again_R2.fastq.gz"]


def test_the_page_shows_what_else_was_studied(demo_panel_directory: Path, tmp_path: Path) -> None:
    from aspsfusion.io.tables import write_rows
    from aspsfusion.validation.reads import Dilution, JunctionReads
    from aspsfusion.validation.sections import table
    from aspsfusion.validation.study import read_rows

    reads = [JunctionReads("crosses", "A-B", "A-B", 1000, 950, 30, 5, 4, 11)]
    dilutions = [Dilution(3, 200, 190, 9, 1, 198, 197)]
    write_rows(JunctionReads, reads, tmp_path / "reads.tsv")
    write_rows(Dilution, dilutions, tmp_path / "dilution.tsv")
    assert read_rows(JunctionReads, tmp_path / "reads.tsv") == reads
    assert read_rows(Dilution, tmp_path / "dilution.tsv") == dilutions
    study, panel = tmp_path / "study.yaml", demo_panel_directory
    study.write_text(yaml.safe_dump({**TINY, "positives": 1, "negatives": 0}), encoding="utf-8")
    cell, page = tmp_path / "plain.tsv", tmp_path / "page.md"
    cell.write_text(f"{Outcome.header()}\n", encoding="ascii")
    command = ["page", cell, "--study", study, "--panel", panel, "--tsv", tmp_path / "page.tsv"]
    command += ["--markdown", page, "--junction-reads", tmp_path / "reads.tsv"]
    assert main(["validate", *map(str, [*command, "--dilution", tmp_path / "dilution.tsv"])]) == 0
    lines = page.read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if line.startswith("| crosses |"))
    header = lines[lines.index(row) - 2]
    assert header.count("|") == row.count("|") == 10
    assert "| 3 | 200 | 95.0 (91.0 to 97.3) | 9 | 1 | 197 of 198 |" in lines
    with pytest.raises(ValueError, match="2 cells of its header"):
        table(("one", "two"), [("1",)])


def test_fragments_at_the_junctions(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from aspsfusion.validation.reads import JunctionReads
    from aspsfusion.validation.study import read_rows

    path = tmp_path / "reads.tsv"
    command = ["junction-reads", "--number", 20, "--panel", demo_panel_directory, "--output", path]
    assert main(["validate", *map(str, command)]) == 0
    rows = read_rows(JunctionReads, path)
    # Each listed junction alone and among the others, for two questions.
    listed = [spec for spec in demo_panel.spec.junctions if spec.fusion == demo_panel.spec.target.fusion]
    assert len(rows) == 4 * len(listed)
    for row in rows:
        assert (
            row.fragments
            == 20
            == (row.right + row.not_typable + row.other_type + row.elsewhere + row.not_counted)
        )
        assert row.elsewhere == 0
        if row.question == "short 5' anchor":
            assert row.right + row.not_typable >= 19
        elif "+" not in row.sample:
            assert row.right + row.not_typable >= 16


def test_real_reads_diluted(
    real_data: Path, real_panel_directory: Path, tmp_path: Path, chain: Chain
) -> None:
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.validation.reads import dilute

    lane = Lane(real_data / "K562f_1.fq.gz", real_data / "K562f_2.fq.gz")
    rows = dilute(Chain(real_panel_directory, tmp_path / "scratch"), lane, [0, 1, 10, 1000], draws=3, seed=1)
    assert [(row.fragments, row.draws) for row in rows] == [(0, 3), (1, 3), (10, 3)]
    assert rows[0].named == rows[0].confirmed == 0
    assert rows[1].confirmed == 0
    assert (rows[2].confirmed, rows[2].exact) == (3, 3)
