"""What is made of a sample's report: the outcome, violations, and the counts of many samples."""

from dataclasses import replace
from pathlib import Path

import pytest

from aspsfusion.errors import ReadsError
from aspsfusion.panel.panel import Transcript
from aspsfusion.report.models import Call
from aspsfusion.validation.outcomes import Outcome, as_expected, read_outcomes, violations
from aspsfusion.validation.run import Chain, run_sample
from aspsfusion.validation.study import Arm, Truth
from aspsfusion.validation.tables import Share, calibration, cell_rows, detection_limits
from study_factory import OUTCOME, PLAIN, tiny


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    outcomes = [OUTCOME, replace(OUTCOME, index=1, declared="EXCLUDED", exact=None, detectable=None)]
    path = tmp_path / "cell.tsv"
    path.write_text("\n".join([Outcome.header(), *(o.row() for o in outcomes)]) + "\n", encoding="ascii")
    assert list(read_outcomes([path])) == outcomes
    path.write_text(f"{Outcome.header()}\nplain\tpositive\n", encoding="ascii")
    with pytest.raises(ReadsError, match="line 2"):
        list(read_outcomes([path]))


@pytest.mark.parametrize(
    ("truth", "call", "wrong"),
    [
        ("target", "CONFIRMED", ""),
        ("target", "INDETERMINATE", ""),
        ("target", "EXCLUDED", "missed: the fusion was excluded"),
        ("other", "CONFIRMED", "false: a fusion that is not there was confirmed"),
        ("other", "INDETERMINATE", ""),
        ("other", "EXCLUDED", "another rearrangement of the gene was passed over"),
        ("none", "CONFIRMED", "false: a fusion that is not there was confirmed"),
        ("none", "INDETERMINATE", ""),
        ("none", "EXCLUDED", ""),
    ],
)
def test_which_verdicts_must_not_come_out(truth: Truth, call: Call, wrong: str) -> None:
    cell = tiny(cells=[{**PLAIN, "truth": truth}]).cell("plain")
    arm: Arm = "negative" if truth == "none" else "positive"
    outcome = replace(OUTCOME, truth=truth, arm=arm, call=call)
    assert violations(outcome, cell) == ([wrong] if wrong else [])
    # The verdict with the tumour cells declared is held to the same.
    outcome = replace(OUTCOME, truth=truth, arm=arm, call="INDETERMINATE", declared=call)
    assert violations(outcome, cell) == ([wrong] if wrong else [])


@pytest.mark.parametrize(("at_exon_ends", "least"), [(True, 1), (False, 2)])
def test_a_fusion_that_no_read_shows_may_be_excluded(at_exon_ends: bool, least: int) -> None:
    cell = tiny(cells=[{**PLAIN, "at_exon_ends": at_exon_ends}]).cell("plain")
    for crossing in range(4):
        outcome = replace(OUTCOME, call="EXCLUDED", crossing=crossing)
        assert bool(violations(outcome, cell)) == (crossing >= least)


def test_a_cell_says_what_must_come_out() -> None:
    expect = {"verdict": "INDETERMINATE", "allowed": ["INDETERMINATE"], "reason": "WEAK_EVIDENCE"}
    cell = tiny(cells=[{**PLAIN, "expect": expect, "expect_negative": {"verdict": "INDETERMINATE"}}]).cell(
        "plain"
    )
    assert violations(OUTCOME, cell) == ["confirmed on too little evidence"]
    assert not as_expected(OUTCOME, cell)
    assert not as_expected(replace(OUTCOME, call="INDETERMINATE", reasons="LOW_COVERAGE"), cell)
    assert as_expected(replace(OUTCOME, call="INDETERMINATE", reasons="LOW_COVERAGE,WEAK_EVIDENCE"), cell)
    negative = replace(OUTCOME, truth="none", arm="negative", call="EXCLUDED")
    assert not violations(negative, cell)
    assert not as_expected(negative, cell)


def test_more_fragments_than_molecules_are_a_violation() -> None:
    cell = tiny().cell("plain")
    assert not violations(replace(OUTCOME, fragments=4, molecules=4), cell)
    assert violations(replace(OUTCOME, fragments=5, molecules=4), cell) == [
        "5 fragments are counted of 4 molecules"
    ]


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
    study = tiny(cells=[{**PLAIN, "name": f"n{n}", "column": f"{n}", "fragments": n} for n in shares])
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
    assert (limit.layout, limit.limit) == ("2x75", 5)
    assert list(limit.tried) == [1, 2, 3, 5, 10]


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


def test_a_count_of_a_cell_says_what_was_expected_and_what_was_declared() -> None:
    study = tiny(cells=[{**PLAIN, "column": "4"}])
    outcomes = [
        OUTCOME,
        replace(OUTCOME, index=1, call="INDETERMINATE"),
        replace(OUTCOME, index=2, call="EXCLUDED"),
    ]
    (row,) = cell_rows(study, outcomes)
    assert (row.column, row.samples, row.expected, row.as_expected, row.violations) == (
        "4",
        3,
        "CONFIRMED",
        1,
        1,
    )
    assert row.declared_excluded is None
    (row,) = cell_rows(study, [replace(outcome, declared="INDETERMINATE") for outcome in outcomes])
    assert (row.declared_confirmed, row.declared_indeterminate, row.declared_excluded) == (0, 3, 0)


def outcome_of(chain: Chain, **cell: object) -> Outcome:
    """Return the outcome of a sample of a cell."""
    study = tiny(cells=[{**PLAIN, **cell}])
    return run_sample(chain, study.sample("plain", "positive", 0))[0]


def test_inserted_bases_must_be_found_to_the_base(chain: Chain) -> None:
    found = outcome_of(chain, fusion="ASPSCR1:7::{8 nt}::TFE3:6", type="type 1", fragments=6)
    assert (found.call, found.right_type, found.exact) == ("CONFIRMED", True, True)
    assert found.crossing == found.molecules == found.fragments == 6


def test_shared_bases_are_counted_to_either_gene_where_no_exon_ends(chain: Chain) -> None:
    five, three = chain.panel.primary["ASPSCR1"], chain.panel.primary["TFE3"]

    def base(transcript: Transcript, coding: int) -> str:
        return transcript.sequence[transcript.coding_to_tx(coding)]

    # The 5' gene goes on as the 3' gene begins, so that the same transcript is reported one base further on.
    cut, onwards = next(
        (cut, onwards)
        for cut in range(500, 700)
        for onwards in (800, 801, 802)
        if base(five, cut + 1) == base(three, onwards) and base(five, cut + 2) != base(three, onwards + 1)
    )
    fusion = f"ASPSCR1:c.{cut}::TFE3:c.{onwards}"
    found = outcome_of(chain, fusion=fusion, fragments=8, at_exon_ends=False)
    assert (found.call, found.exact) == ("CONFIRMED", True)
    assert outcome_of(chain, fusion=fusion, fragments=8).exact is False


@pytest.mark.parametrize(("fusion", "anchors"), [("?:300::TFE3:6", (15, 25)), ("ASPSCR1:7::?:300", (25, 15))])
def test_a_break_with_a_partner_off_the_panel_is_found_at_its_place(
    chain: Chain, fusion: str, anchors: tuple[int, int]
) -> None:
    options = dict(zip(("anchor_five_prime", "anchor_three_prime"), anchors, strict=True))
    found = outcome_of(chain, truth="other", fusion=fusion, fragments=5, simulate=options)
    assert (found.call, found.named, found.exact) == ("INDETERMINATE", True, True)
    assert "ONE_SIDED_BREAK" in found.reasons.split(",")
    assert found.fragments == found.molecules == 5


def test_copies_are_one_molecule(chain: Chain) -> None:
    options = {"pcr_copies": 6, "trim_rate": 0.5, "single_end": True, "near": {"TFE3:6": 20}}
    found = outcome_of(chain, fragments=2, simulate=options)
    assert found.molecules == found.fragments == 2
    assert found.call == "INDETERMINATE"


def test_declared_tumour_cells_give_a_second_verdict(chain: Chain) -> None:
    # 1 of 300 fragments: none of them, in this sample, is of the fusion.
    options = {"near": {"TFE3:6": 300, "ASPSCR1:8": 25}}
    found = outcome_of(chain, fraction=0.0001, tumour_fraction=0.05, simulate=options)
    assert found.crossing == found.fragments == 0
    assert (found.call, found.declared) == ("EXCLUDED", "INDETERMINATE")
