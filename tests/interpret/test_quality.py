"""Quality values beside their limits, and the flags of those beyond them."""

import pytest

from aspsfusion.call.calls_file import Calls, CallsFile
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.interpret.quality import quality_control
from aspsfusion.panel.panel import Panel
from aspsfusion.report.models import QualityControl

SCREEN = {
    "total_reads": 1000,
    "read_length": 75,
    "mean_read_length": 75.0,
    "gc_fraction": 0.5,
    "n_fraction": 0.0,
    "q30_fraction": 0.9,
}
ALIGN = {"adapter_fraction": 0.1, "overlap_fraction": None}


def judged(
    panel: Panel,
    *,
    candidates: int = 100,
    duplicates: int = 0,
    insert: int | None = 160,
    five_prime: int = 10,
) -> QualityControl:
    controls = dict.fromkeys(panel.spec.genes_with_role("control"), 5)
    coverage = Coverage(10)
    coverage.genes.update({**controls, panel.spec.target.five_prime: five_prime})
    record = CallsFile(Calls((), (), coverage), candidates, duplicates, insert, CallParameters())
    return quality_control(panel, SCREEN, ALIGN, record, ClassifyParameters())


def test_a_good_sample_has_no_flag(demo_panel: Panel) -> None:
    qc = judged(demo_panel)
    assert qc.flags == []
    assert {check.status for check in qc.checks} == {"pass", "not determined"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"candidates": 0}, "NO_CANDIDATES"),
        ({"five_prime": 9}, "FIVE_PRIME_GENE_NOT_SEEN"),
        ({"insert": 99}, "SHORT_INSERTS"),
        ({"duplicates": 81}, "HIGH_DUPLICATION"),
    ],
)
def test_each_limit_raises_its_flag(demo_panel: Panel, values: dict[str, int], code: str) -> None:
    qc = judged(demo_panel, **values)
    assert [flag.code for flag in qc.flags] == [code]
    assert [check.code for check in qc.checks if check.status == "warn"] == [code]


def test_the_limit_itself_is_kept(demo_panel: Panel) -> None:
    assert judged(demo_panel, insert=100, duplicates=80).flags == []


def test_what_was_not_measured_is_not_judged(demo_panel: Panel) -> None:
    status = {check.code: check.status for check in judged(demo_panel, insert=None).checks}
    assert status["SHORT_INSERTS"] == "not determined"
