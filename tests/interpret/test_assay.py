"""What amplicons say of the fusion: two primers of one gene show nothing of another gene in its place."""

import random
from collections.abc import Sequence

import pytest

from carriers.genes import Genes
from carriers.reads import Fragment, Library, sequenced
from carriers.sample import Report, Runner
from carriers.wild_type import wild_type

CODE = "AMPLICON_CANNOT_SHOW"
MOLECULES = 400
BESIDE = 60
"""Bases between the places that an amplicon crosses and its primers."""


def amplicons(genes: Genes, library: Library, rng: random.Random) -> list[Fragment]:
    """Amplicons with UMIs of single genes: TFE3 exons 4 to 5 and 5 to 6, two of ASPSCR1, four of others."""
    tfe3, aspscr1 = genes["TFE3"], genes["ASPSCR1"]
    places = [(tfe3, tfe3.start_of(5)), (tfe3, tfe3.start_of(6))]
    places += [(aspscr1, aspscr1.start_of(exon)) for exon in (5, 8)]
    others = [gene for name, gene in sorted(genes.items()) if name not in ("TFE3", "ASPSCR1")]
    places += [(gene, len(gene.bases) // 2) for gene in others[:4]]
    return [
        sequenced(gene.bases[at - BESIDE : at + BESIDE], library, rng, f"a{number}_{umi(rng)}")
        for number, (gene, at) in enumerate(places * MOLECULES)
    ]


def umi(rng: random.Random) -> str:
    return "".join(rng.choices("ACGT", k=12))


def codes(report: Report) -> Sequence[str]:
    return [reason["code"] for reason in report["verdict"]["reasons"]]


@pytest.mark.parametrize("library", ["amplicon", "polyA", None])
def test_expression_amplicons_are_never_excluded(runner: Runner, library: str | None) -> None:
    report = runner.report(amplicons(runner.genes, Library(100, insert=120), random.Random(1)), library)
    assert report["exclusion"]["adequate"]  # 400 molecules at each acceptor
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert CODE in codes(report)


def test_single_reads_of_amplicons_are_noticed_by_where_they_begin(runner: Runner) -> None:
    library = Library(100, paired=False, trimmed=True)
    report = runner.report(amplicons(runner.genes, library, random.Random(2)))
    assert codes(report) == [CODE]


@pytest.mark.parametrize(
    "library", [Library(), Library(36), Library(36, paired=False), Library(50, paired=False, insert=90)]
)
def test_fragments_that_begin_anywhere_are_no_amplicons(runner: Runner, library: Library) -> None:
    fragments = wild_type(runner.genes, library, random.Random(3), 2)
    assert CODE not in codes(runner.report(fragments))


def test_a_declared_amplicon_library_is_not_excluded(runner: Runner) -> None:
    fragments = wild_type(runner.genes, Library(), random.Random(4))
    assert codes(runner.report(fragments, "capture")) == ["WOULD_HAVE_BEEN_SEEN"]
    assert codes(runner.report(fragments, "amplicon")) == [CODE]


def test_an_anchored_library_is_not_excluded_without_its_primers(runner: Runner) -> None:
    fragments = wild_type(runner.genes, Library(), random.Random(4))
    assert codes(runner.report(fragments, "anchored")) == ["PRIMERS_NOT_KNOWN"]


@pytest.mark.parametrize("library", ["capture", None])
@pytest.mark.parametrize("sense", [True, False])
def test_molecules_from_one_primer_exclude_nothing(runner: Runner, library: str | None, sense: bool) -> None:
    """One end is at a primer 60 nt from a boundary, the other anywhere: anchored PCR, not declared."""
    rng, tfe3, aspscr1 = random.Random(5), runner.genes["TFE3"], runner.genes["ASPSCR1"]
    places = [(tfe3, tfe3.start_of(5)), (tfe3, tfe3.start_of(6)), (aspscr1, aspscr1.start_of(5))]
    fragments = []
    for number, (gene, at) in enumerate(places * 200):
        length = rng.randint(120, 240)
        start = at - BESIDE if sense else at + BESIDE - length
        molecule = gene.bases[start : start + length]
        fragments.append(sequenced(molecule, Library(100), rng, f"m{number}_{umi(rng)}"))
    report = runner.report(fragments, library)
    assert report["exclusion"]["adequate"]
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert "PRIMERS_NOT_KNOWN" in codes(report)
