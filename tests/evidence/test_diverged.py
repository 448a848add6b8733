"""Reads of another species or of a diverged copy inform nothing, and the report says so."""

import random
from pathlib import Path

import pytest

from aspsfusion.evidence.diverged import differences_of
from aspsfusion.evidence.fragments import Placement
from carriers.foreign_kinds import DIVERGENCE, differing
from carriers.junctions import LIBRARIES
from carriers.reads import write
from carriers.sample import Runner, analysed
from carriers.wild_type import wild_type


def test_another_species_excludes_nothing_and_is_said(runner: Runner, tmp_path: Path) -> None:
    rng, library = random.Random(1), LIBRARIES["2x100"]
    fragments = wild_type(differing(runner.genes, DIVERGENCE, rng), library, rng)
    report = analysed(runner.panel, tmp_path, [write(fragments, tmp_path / "reads")])
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert "DIVERGED_READS" in [reason["code"] for reason in report["verdict"]["reasons"]]
    assert max(report["exclusion"]["informative_fragments"].values()) <= 1
    (flag,) = [flag for flag in report["qc"]["flags"] if flag["code"] == "DIVERGED_READS"]
    number = report["qc"]["diverged_fragments"]["TFE3"]
    assert f"{number} of {number} unique fragments of TFE3" in flag["text"]
    assert flag["text"] in (tmp_path / "s.report.html").read_text(encoding="utf-8").replace("&#39;", "'")


@pytest.mark.parametrize(
    ("read", "end", "places"),
    [
        (b"ACGTACGTTGCA", 22, []),
        (b"ACCTACGTTGCA", 22, [(12, "C")]),
        (b"ACNTACGTTGCA", 22, []),
        # Two bases of the contig lost after ACGT, then one substituted.
        (b"ACGTGTTGCATT", 24, [(22, "T")]),
        # CC inserted in its place.
        (b"ACGTCCACGTTG", 20, []),
    ],
)
def test_differences_are_found_around_a_gap(read: bytes, end: int, places: list[tuple[int, str]]) -> None:
    contig = b"G" * 10 + b"ACGTACGTTGCA" + b"CT" + b"G" * 10
    placement = Placement("G|T", False, 10, end, 0, len(read), 0)
    assert differences_of(read, contig, placement) == [("G|T", at, ord(base)) for at, base in places]
