"""The validation study: its definition, its judgement, its counts, and a tiny run of it."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from aspsfusion.cli import main
from aspsfusion.errors import ParameterError, ReadsError
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.validation.outcomes import Outcome, read_outcomes
from aspsfusion.validation.run import Chain, equivalent, run_cell
from aspsfusion.validation.study import Study, load_study
from aspsfusion.validation.tables import Share, calibration, cell_rows, detection_limits
from repository import BCR_ABL1_PANEL, ROOT

SHIPPED = ROOT / "resources" / "validation" / "study.yaml"

PLAIN = {"name": "plain", "factor": "detection 2x75", "level": "base"}
TINY = {
    "schema_version": 1,
    "title": "tiny",
    "seed": 5,
    "fusion": "ASPSCR1:7::TFE3:6",
    "type": "type 1",
    "fragments": 4,
    "positives": 2,
    "negatives": 1,
    "simulate": {"near": {"TFE3:6": 60, "ASPSCR1:8": 15}, "window": 300},
    "cells": [
        PLAIN,
        {
            "name": "other",
            "factor": "other rearrangement",
            "level": "PRCC",
            "truth": "other",
            "fusion": "PRCC:1::TFE3:4",
            "negatives": 0,
            "positives": 1,
        },
    ],
}

OUTCOME = Outcome(
    cell="plain",
    arm="positive",
    index=0,
    truth="target",
    call="CONFIRMED",
    reasons="TARGET_FUSION",
    crossing=4,
    fragments=4,
    named=True,
    right_type=True,
    exact=True,
    seen=True,
    informative=60,
    detectable=0.048,
)


def tiny(**changes: object) -> Study:
    return Study.model_validate({**TINY, **changes})


@pytest.fixture
def chain(demo_panel_directory: Path, tmp_path: Path) -> Chain:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Chain(demo_panel_directory, scratch)


# --- Definition -------------------------------------------------------------------------------------


def test_the_shipped_study_is_as_large_as_its_targets_ask() -> None:
    study = load_study(SHIPPED)
    positives = [cell for cell in study.cells if study.samples(cell, "positive", 1.0)]
    assert len(positives) >= 48
    assert min(study.samples(cell, "positive", 1.0) for cell in positives) >= 200
    without = sum(study.samples(cell, "negative", 1.0) for cell in study.cells)
    assert without >= 2000
    for layout in ("1x50", "1x75", "2x50", "2x75", "2x100", "2x150"):
        assert any(cell.factor == f"detection {layout}" for cell in study.cells)
    assert {cell.truth for cell in study.cells} == {"target", "other", "none"}


def test_every_sample_has_a_seed_of_its_own_that_nothing_else_changes() -> None:
    study = load_study(SHIPPED)
    seeds = [
        study.sample(cell.name, arm, index).seed
        for cell in study.cells
        for arm in ("positive", "negative")
        for index in range(50)
    ]
    assert len(set(seeds)) == len(seeds)
    alone = study.model_copy(update={"cells": study.cells[3:4]})
    name = alone.cells[0].name
    assert alone.sample(name, "positive", 7).seed == study.sample(name, "positive", 7).seed


def test_options_of_a_cell_replace_those_of_the_study() -> None:
    study = tiny(
        cells=[
            {"name": "long", "factor": "a", "level": "b", "simulate": {"read_length": 150}, "fragments": 7}
        ]
    )
    positive = study.sample("long", "positive", 0).parameters()
    assert positive.read_length == 150
    assert positive.window == 300
    assert positive.fusions == ("ASPSCR1:7::TFE3:6=x7",)
    assert study.sample("long", "negative", 0).parameters().fusions == ()


def test_a_share_of_fusion_transcripts_takes_the_place_of_wild_type() -> None:
    study = tiny(cells=[{"name": "share", "factor": "a", "level": "b", "fraction": 0.2}])
    numbers = []
    for index in range(200):
        parameters = study.sample("share", "positive", index).parameters()
        number = int(parameters.fusions[0].rpartition("=n")[2])
        assert parameters.near["TFE3:6"] + number == 60
        numbers.append(number)
    assert len(set(numbers)) > 5
    assert abs(sum(numbers) / 200 - 12) < 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seed": -1}, "key seed"),
        ({"cells": []}, "key cells"),
        ({"cells": [{"name": "a/b", "factor": "f", "level": "l"}]}, "key cells.0.name"),
        ({"cells": [{"name": "a", "factor": "f", "level": "l", "sample": 3}]}, "key cells.0.sample"),
        ({"cells": [PLAIN, PLAIN]}, "cell plain occurs twice"),
        ({"simulate": {"reads": 3}}, "cell plain: simulate has no option reads; options are anchor_five"),
        ({"simulate": {"error_rate": 3}}, "--error-rate 3 is no rate"),
        (
            {
                "cells": [
                    {"name": "a", "factor": "f", "level": "l", "fraction": 0.1, "fusion": "PRCC:1::TFE3:4"}
                ]
            },
            'a fraction needs fragments near TFE3:4; give near: {"TFE3:4": N}',
        ),
    ],
)
def test_a_study_that_is_wrong_is_refused(changes: dict[str, object], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({**TINY, **changes}), encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        load_study(path)
    assert problem in caught.value.sentence()


def test_a_study_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none.yaml: cannot be read"):
        load_study(tmp_path / "none.yaml")


# --- Judgement and counts ---------------------------------------------------------------------------


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    outcomes = [OUTCOME, replace(OUTCOME, index=1, named=False, right_type=None, exact=None, detectable=None)]
    path = tmp_path / "cell.tsv"
    path.write_text("\n".join([Outcome.header(), *(o.row() for o in outcomes)]) + "\n", encoding="ascii")
    assert list(read_outcomes([path])) == outcomes
    path.write_text(f"{Outcome.header()}\nplain\tpositive\n", encoding="ascii")
    with pytest.raises(ReadsError, match="line 2"):
        list(read_outcomes([path]))


@pytest.mark.parametrize(
    ("truth", "call", "wrong"),
    [
        ("target", "CONFIRMED", False),
        ("target", "INDETERMINATE", False),
        ("target", "EXCLUDED", True),
        ("other", "CONFIRMED", True),
        ("other", "INDETERMINATE", False),
        ("other", "EXCLUDED", True),
        ("none", "CONFIRMED", True),
        ("none", "INDETERMINATE", False),
        ("none", "EXCLUDED", False),
    ],
)
def test_which_verdicts_are_wrong(truth: str, call: str, wrong: bool) -> None:
    assert bool(replace(OUTCOME, truth=truth, call=call).wrong) == wrong  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_score_intervals_are_those_published(part: int, whole: int, low: float, high: float) -> None:
    interval = Share(part, whole).interval
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=5e-5)
    mirrored = Share(whole - part, whole).interval
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_the_limit_of_detection_needs_every_larger_number_too() -> None:
    shares = {1: 0.2, 2: 0.97, 3: 0.9, 5: 0.96, 10: 1.0}
    study = tiny(
        cells=[{"name": f"n{n}", "factor": "detection 2x75", "level": f"{n}", "fragments": n} for n in shares]
    )
    outcomes = [
        replace(
            OUTCOME,
            cell=f"n{n}",
            index=i,
            call="CONFIRMED" if i < round(100 * part) else "INDETERMINATE",
        )
        for n, part in shares.items()
        for i in range(100)
    ]
    (limit,) = detection_limits(study, cell_rows(study, outcomes))
    assert (limit.group, limit.limit) == ("2x75", 5)
    assert [number for number, _ in limit.tried] == [1, 2, 3, 5, 10]


def test_calibration_counts_only_samples_of_which_the_statement_speaks() -> None:
    study = tiny(cells=[{"name": "share", "factor": "a", "level": "b", "fraction": 0.05}])
    outcomes = [
        # 59 fragments state 4.95% with 95% and 7.5% with 99%; 95 fragments state 4.7% with 99%.
        replace(OUTCOME, cell="share", index=0, detectable=1 - 0.05 ** (1 / 59), seen=False),
        replace(OUTCOME, cell="share", index=1, detectable=1 - 0.05 ** (1 / 95), seen=True),
        replace(OUTCOME, cell="share", index=2, detectable=1 - 0.05 ** (1 / 40), seen=False),
        replace(OUTCOME, cell="share", index=3, detectable=None, seen=False),
    ]
    found = {row.level: row.missed for row in calibration(study, outcomes)}
    assert found == {0.95: Share(1, 2), 0.99: Share(0, 1)}


def test_junctions_are_equivalent_where_both_genes_share_the_bases_between(demo_panel: Panel) -> None:
    five, three = demo_panel.unspliced["ASPSCR1"], demo_panel.unspliced["TFE3"]

    def junction(before: int, after: int) -> Junction:
        return Junction("ASPSCR1", five.to_genome(before), "TFE3", three.to_genome(after))

    # The first place where base `at` of the 5' gene's continuation is the 3' gene's first base, and the
    # next one is not.
    at = next(
        i
        for i in range(2000, 3000)
        if five.sequence[i + 1] == three.sequence[i] and five.sequence[i + 2] != three.sequence[i + 1]
    )
    assert equivalent(demo_panel, junction(at, at), junction(at + 1, at + 1))
    assert equivalent(demo_panel, junction(at + 1, at + 1), junction(at, at))
    assert not equivalent(demo_panel, junction(at, at), junction(at + 2, at + 2))
    assert not equivalent(demo_panel, junction(at, at), junction(at + 1, at))


# --- A tiny run -------------------------------------------------------------------------------------


def test_a_cell_that_was_stopped_goes_on_and_ends_with_the_same_bytes(chain: Chain, tmp_path: Path) -> None:
    study = tiny()
    cell = study.cell("plain")
    made: list[int] = []
    whole, stopped = tmp_path / "whole.tsv", tmp_path / "stopped.tsv"
    run_cell(chain, study, cell, whole, progress=lambda done, total: made.append(total))
    assert made == [3, 3, 3]

    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
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
    assert "3 samples, 1 wrong verdicts" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    seed = load_study(study).sample("plain", "positive", 1).seed
    assert f"| plain | positive | 1 | {seed} | missed: the fusion was excluded |" in text
    assert "| 3 or more fragments across the junction: EXCLUDED (missed) | 1 of 2 |" in text
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    assert [row[0] for row in rows] == ["cell", "plain", "other"]

    # Any sample can be made again with its reads, and gets the verdict it had.
    command = ["sample", "--cell", "plain", "--index", "0", "--study", study, "--panel", panel]
    assert main(["validate", *map(str, command), "--output", str(tmp_path / "again")]) == 0
    assert "CONFIRMED: " in capsys.readouterr().out
    names = sorted(path.name for path in tmp_path.glob("again*"))
    assert names == ["again.report.json", "again.truth.tsv", "again_R1.fastq.gz", "again_R2.fastq.gz"]


def test_the_page_shows_what_else_was_studied(demo_panel_directory: Path, tmp_path: Path) -> None:
    from aspsfusion.validation.page import table
    from aspsfusion.validation.reads import Dilution, JunctionReads
    from aspsfusion.validation.study import read_rows, write_rows

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
    demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from aspsfusion.validation.reads import JunctionReads
    from aspsfusion.validation.study import read_rows

    path = tmp_path / "reads.tsv"
    command = ["junction-reads", "--number", 20, "--panel", demo_panel_directory, "--output", path]
    assert main(["validate", *map(str, command)]) == 0
    rows = read_rows(JunctionReads, path)
    assert len(rows) == 8
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


def test_real_reads_diluted(real_data: Path, tmp_path: Path, chain: Chain) -> None:
    from aspsfusion.panel.build import build_panel
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.validation.reads import dilute

    panel = tmp_path / "panel"
    build_panel(
        BCR_ABL1_PANEL,
        real_data / "genome.fa.gz",
        real_data / "genes.gtf",
        panel,
    )
    lane = Lane(real_data / "K562f_1.fq.gz", real_data / "K562f_2.fq.gz")
    rows = dilute(Chain(panel, tmp_path / "scratch"), lane, [0, 1, 10, 1000], draws=3, seed=1)
    assert [(row.fragments, row.draws) for row in rows] == [(0, 3), (1, 3), (10, 3)]
    assert rows[0].named == rows[0].confirmed == 0
    assert rows[1].confirmed == 0
    assert (rows[2].confirmed, rows[2].exact) == (3, 3)
