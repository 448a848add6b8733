"""The comparison of two states of the program: what counts as a difference."""

import json

from compare import differences, facts
from report_factory import confirmed_report, excluded_report


def test_only_what_differs_is_a_row() -> None:
    confirmed, excluded = (
        facts(json.loads(report.model_dump_json())) for report in (confirmed_report(), excluded_report())
    )
    assert differences("s", confirmed, confirmed) == []
    rows = differences("s", confirmed, excluded)
    assert rows[0] == "| s | verdict | CONFIRMED | EXCLUDED |"
    assert "ASPSCR1::TFE3 type 1 35 fragments (26 split, 9 spanning) | - |" in rows[2]
