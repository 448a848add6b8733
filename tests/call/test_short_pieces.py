"""Reads of which the aligner places no piece show the fusion, and 5'-trimmed copies count once."""

import random
from collections.abc import Sequence

import pytest

from carriers.genes import Genes
from carriers.reads import Fragment, Library, sequenced
from carriers.sample import Report, Runner
from carriers.wild_type import wild_type

LETTERS = "ACGT"
MOST_CUT = 6


def fusion(genes: Genes, inserted: str = "") -> tuple[str, int]:
    """Return ASPSCR1 to exon 7, inserted bases and TFE3 from exon 6 on, and where the 5' gene ends."""
    five, three = genes["ASPSCR1"], genes["TFE3"]
    upstream = five.bases[: five.end_of(7)]
    return upstream + inserted + three.bases[three.start_of(6) :], len(upstream)


def crossing(genes: Genes, inserted: str, anchors: Sequence[int], library: Library) -> list[Fragment]:
    """Return fragments that begin so many bases before the 5' gene ends; single reads are all of them."""
    bases, end = fusion(genes, inserted)
    rng, found = random.Random(1), []
    for number, anchor in enumerate(anchors):
        length = 230 + 9 * number if library.paired else library.read
        found.append(
            sequenced(bases[end - anchor : end - anchor + length], library, rng, f"f{number}", reverse=False)
        )
    return found


def codes(report: Report) -> list[str]:
    return [reason["code"] for reason in report["verdict"]["reasons"]]


@pytest.mark.parametrize(("read", "inserted"), [(40, 14), (50, 24), (24, 0)])
def test_pieces_that_no_aligner_places_show_the_fusion(runner: Runner, read: int, inserted: int) -> None:
    """Each read holds 11 to 13 bases of both genes; with inserted bases such carriers were EXCLUDED."""
    rng, library = random.Random(7), Library(read, errors=0)
    between = "".join(rng.choices(LETTERS, k=inserted))
    supporting = crossing(runner.genes, between, [11, 12, 13] * 2, library)
    report = runner.report([*wild_type(runner.genes, library, rng), *supporting])
    assert report["verdict"]["call"] == "CONFIRMED"
    assert report["fusions"][0]["inserted_sequence"] == between


def test_reads_too_short_for_the_aligner_inform_of_nothing(runner: Runner) -> None:
    """With 10 bases on both sides they counted, and a fusion's would not have been placed."""
    report = runner.report(wild_type(runner.genes, Library(25, errors=0), random.Random(8), 3))
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert "LOW_COVERAGE" in codes(report)


def cut_in_front(fragment: Fragment, share: float, rng: random.Random) -> Fragment:
    """Return a fragment of whose reads some lack their first bases, as a program leaves them."""
    reads = (read[rng.randint(1, MOST_CUT) if rng.random() < share else 0 :] for read in fragment.reads)
    return Fragment(fragment.name, tuple(reads))


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_copies_cut_in_front_are_one_molecule(runner: Runner, paired: bool, share: float) -> None:
    rng, library = random.Random(9), Library(100, paired, errors=0)
    bases, end = fusion(runner.genes)
    molecule = sequenced(bases[end - 50 : end + 150], library, rng, "m", reverse=False)
    copies = [cut_in_front(molecule.named(f"m{number}"), share, rng) for number in range(18)]
    report = runner.report([*wild_type(runner.genes, library, rng), *copies])
    assert report["fusions"][0]["fragments"] == 1
    assert report["verdict"]["call"] == "INDETERMINATE"


@pytest.mark.parametrize("paired", [True, False])
def test_molecules_cut_in_front_stay_distinct(runner: Runner, paired: bool) -> None:
    rng, library = random.Random(10), Library(100, paired, errors=0)
    supporting = crossing(runner.genes, "", [35, 41, 60], library)
    cut = [cut_in_front(fragment, 0.5, rng) for fragment in supporting for _ in range(3)]
    named = [fragment.named(f"c{number}") for number, fragment in enumerate(cut)]
    report = runner.report([*wild_type(runner.genes, library, rng), *named])
    assert report["fusions"][0]["fragments"] == len(supporting)
    assert report["verdict"]["call"] == "CONFIRMED"


def test_amplicons_cut_in_front_exclude_nothing(runner: Runner) -> None:
    """Their copies end at many pairs of places, which counted as molecules."""
    rng, library = random.Random(11), Library(150, errors=0)
    tfe3, aspscr1 = runner.genes["TFE3"], runner.genes["ASPSCR1"]
    starts = [(tfe3, tfe3.start_of(exon) - 75) for exon in (5, 6)] + [(aspscr1, at) for at in (100, 700)]
    fragments = [
        cut_in_front(sequenced(gene.bases[at : at + 150], library, rng, f"a{number}"), 0.3, rng)
        for number, (gene, at) in enumerate(starts * 800)
    ]
    report = runner.report(fragments)
    assert report["exclusion"]["adequate"]
    assert codes(report) == ["AMPLICON_CANNOT_SHOW"]
