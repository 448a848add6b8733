"""The sections of the study's page, from outcomes that are made up."""

from dataclasses import replace
from typing import Any

from aspsfusion.report.models import Call
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.sections import detection, factors, shares
from aspsfusion.validation.study import Study
from aspsfusion.validation.tables import cell_rows, detection_limits
from study_factory import OUTCOME, PLAIN, tiny


def outcomes(cell: str, calls: dict[Call, int], **changes: Any) -> list[Outcome]:
    """Return so many outcomes of a cell with each verdict."""
    made = [
        replace(OUTCOME, cell=cell, call=call, **changes)
        for call, number in calls.items()
        for _ in range(number)
    ]
    return [replace(outcome, index=index) for index, outcome in enumerate(made)]


def study_of(*cells: dict[str, Any]) -> Study:
    return tiny(cells=[{**PLAIN, **cell} for cell in cells])


def lines_of(section: str) -> list[str]:
    """Return the rows of the section's tables without those that divide head and body."""
    return [line for line in section.splitlines() if line.startswith("|") and "---" not in line]


def test_sensitivity_has_a_row_for_each_layout_and_its_limit() -> None:
    study = study_of({"name": "two", "fragments": 2}, {"name": "five", "level": "1x75", "fragments": 5})
    found = [*outcomes("two", {"INDETERMINATE": 4}), *outcomes("five", {"CONFIRMED": 4})]
    assert lines_of(detection(detection_limits(study, cell_rows(study, found)))) == [
        "| reads | 2 fragments | 5 fragments | limit |",
        "| 2x75 | 0.0 (0.0 to 49.0) |  | not reached |",
        "| 1x75 |  | 100.0 (51.0 to 100.0) | 5 |",
    ]
    assert detection([]) == ""


def test_verdicts_by_share_and_depth_are_shown_with_the_tumour_cells_declared_and_without() -> None:
    of_share = {"factor": "share", "fraction": 0.05, "tumour_fraction": 0.05, "level": "5%"}
    study = study_of(
        {**of_share, "name": "thin", "column": "about 20"},
        {**of_share, "name": "deep", "column": "about 80"},
        {"factor": "share", "name": "none", "level": "none", "column": "about 80", "truth": "none"},
    )
    found = [
        *outcomes("thin", {"CONFIRMED": 1, "INDETERMINATE": 3}, declared="INDETERMINATE"),
        *outcomes("deep", {"CONFIRMED": 3, "EXCLUDED": 1}, declared="CONFIRMED"),
        *outcomes("none", {"EXCLUDED": 2}, arm="negative", truth="none"),
    ]
    rows = cell_rows(study, found)
    assert lines_of(shares(study, rows)) == [
        "|  | about 20 | about 80 |",
        "| 5% | 25 / 75 / 0 | 75 / 0 / 25 |",
        "| none |  | 0 / 0 / 100 |",
        "|  | about 20 | about 80 |",
        "| 5% | 0 / 100 / 0 | 100 / 0 / 0 |",
    ]
    assert factors(study, rows) == ""


def test_a_factor_is_a_list_of_cells_or_a_table_by_its_columns() -> None:
    other = {"factor": "partner", "truth": "other", "expect": {"reason": "ONE_SIDED_BREAK"}}
    study = study_of(
        {**other, "name": "three", "level": "TFE3", "column": "3"},
        {**other, "name": "five", "level": "TFE3", "column": "5"},
        {"name": "copied", "factor": "copies", "level": "twice"},
        {"name": "noise", "factor": "false signals", "level": "chimeras", "truth": "none"},
    )
    broken = {"truth": "other", "reasons": "ONE_SIDED_BREAK", "right_type": None}
    found = [
        *outcomes("three", {"INDETERMINATE": 3, "EXCLUDED": 1}, **broken),
        *outcomes("five", {"INDETERMINATE": 4}, **broken),
        *outcomes("copied", {"CONFIRMED": 4}),
        *outcomes("copied", {"EXCLUDED": 1, "INDETERMINATE": 1}, arm="negative", truth="none", fragments=0),
        *outcomes("noise", {"CONFIRMED": 1, "EXCLUDED": 3}, arm="negative", truth="none", fragments=0),
    ]
    matrix, listed, noise = factors(study, cell_rows(study, found)).split("\n\n## ")
    # A column that says nothing is left out.
    assert lines_of(matrix) == [
        "|  | 3 | 5 | EXCLUDED | violations | exact |",
        "| TFE3 | 75.0 (30.1 to 95.4) | 100.0 (51.0 to 100.0) | 1 | 1 | 8 of 8 |",
    ]
    (line,) = lines_of(listed)[1:]
    assert line.startswith("| copied | twice | 4 | CONFIRMED | 100.0 (51.0 to 100.0) | 4 / 0 / 0 | 0 |")
    assert line.endswith("| 4 of 4 | 4 of 4 | 4 / 4 | 0 / 1 / 1 |")
    assert lines_of(noise)[1].startswith(
        "| noise | chimeras | 4 | EXCLUDED | 75.0 (30.1 to 95.4) | 1 / 0 / 3 | 1 |"
    )
