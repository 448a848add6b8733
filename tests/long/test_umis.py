"""UMIs of long reads, whose errors are indels as well."""

import random

import pytest

pytest.importorskip("edlib")

from aspsfusion.long.umis import MOST_COMPARED, one_of_each
from long_reads import with_errors


@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_copies_of_a_umi_are_one_and_others_stay(rate: float) -> None:
    source = random.Random(2)
    umis = ["".join(source.choices("ACGT", k=12)) for _ in range(30)]
    read = [with_errors(umi, rate, source) for umi in umis for _ in range(20)]
    assert 28 <= len(set(one_of_each(read, rate).values())) <= 45
    assert len(set(one_of_each(umis, rate).values())) >= 29


def test_an_unknown_umi_is_of_the_most_frequent_molecule() -> None:
    assert one_of_each(["", "ACGTACGTAC", "ACGTACGTAC", "TTGCATTGCA"], 0.01) == {
        "ACGTACGTAC": "ACGTACGTAC",
        "TTGCATTGCA": "TTGCATTGCA",
        "": "ACGTACGTAC",
    }
    assert one_of_each([""], 0.1) == {"": ""}
    assert one_of_each([], 0.1) == {}


def test_very_many_are_compared_by_one_mismatch() -> None:
    source = random.Random(3)
    umis = ["".join(source.choices("ACGT", k=20)) for _ in range(MOST_COMPARED)]
    near = umis[0][:-1] + ("A" if umis[0][-1] != "A" else "C")
    found = one_of_each([*umis, umis[0], near], 0.0)
    assert found[near] == umis[0]
    assert len(set(found.values())) == MOST_COMPARED
