"""Two percent of some cells of the shipped study, with its seeds: a sample of every kind that it knows."""

from pathlib import Path

from aspsfusion.validation.outcomes import as_expected, read_outcomes, violations
from aspsfusion.validation.page import Inputs, write_results
from aspsfusion.validation.run import Chain, run_cell
from aspsfusion.validation.study import load_study
from repository import ROOT

SCALE = 0.02
CELLS = (
    *("base", "share5_40", "share0_40", "prcc"),
    *("inserted15_100", "inserted30_75", "variant_snp", "variant_del3", "inside_both_10"),
    *("off_panel_tfe3_3", "off_panel_aspscr1_3", "copies_one", "copies_5", "lanes_pairs", "lanes_single"),
    *("dark_g", "dark_n", "ffpe75", "anchored_type1", "amplicon_umi", "chimeras", "poor_negative"),
)


def test_some_of_the_shipped_study_comes_out_as_it_should(chain: Chain, tmp_path: Path) -> None:
    study = load_study(ROOT / "resources" / "validation" / "study.yaml")
    tables = [tmp_path / f"{name}.tsv" for name in CELLS]
    for name, table in zip(CELLS, tables, strict=True):
        run_cell(chain, study, study.cell(name), table, SCALE)
    outcomes = list(read_outcomes(tables))
    cells = {name: study.cell(name) for name in CELLS}
    found = [(o.cell, o.arm, o.index, o.call, violations(o, cells[o.cell])) for o in outcomes]
    assert [row for row in found if row[-1]] == []
    unexpected = [o for o in outcomes if not as_expected(o, cells[o.cell])]
    assert len(unexpected) <= 0.05 * len(outcomes), [(o.cell, o.arm, o.index, o.call) for o in unexpected]
    named = [o for o in outcomes if o.named is not None]
    assert [(o.cell, o.index) for o in named if not o.named or o.right_type is False] == []

    inputs = Inputs.read(study, chain, tables, None, None)
    write_results(inputs, tmp_path / "page.tsv", tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert page.rstrip().split("## Violations")[1].lstrip().startswith("None.")
