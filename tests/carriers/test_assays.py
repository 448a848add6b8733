"""What primers make of transcripts, and a few samples of the kinds that rest on them."""

import random

import pytest

from carriers.assay_kinds import ASSAY_KINDS, INTO_EXON, expression_primers
from carriers.assays import (
    IN_NAMES,
    INLINE,
    LINKER,
    amplified,
    antisense_primer,
    copied,
    extended,
    sense_primer,
)
from carriers.genes import opposite
from carriers.junctions import listed
from carriers.kind import Kind
from carriers.reads import ADAPTERS, Library
from carriers.sample import Runner
from carriers.table import violations

EXACT = Library(read=60, errors=0.0, adapters=True)

SLICES = {
    "expression_amplicons": (0,),
    "anchored_positive": (9,),
    "anchored_negative": (0,),
    "fusion_amplicons": (1, 5, 7),
}
"""Samples of each kind that the suite judges."""


@pytest.mark.parametrize("kind", ASSAY_KINDS, ids=lambda kind: str(kind.name))
def test_promises_are_kept(runner: Runner, kind: Kind) -> None:
    outcomes = [kind.outcome(runner, number) for number in SLICES[kind.name]]
    assert violations([kind], outcomes) == [], [outcome for outcome in outcomes if outcome.failed]


def test_a_molecule_ends_at_its_primer_and_begins_anywhere(runner: Runner) -> None:
    gene = runner.genes["TFE3"]
    end = gene.start_of(6) + 45
    primer = antisense_primer(gene, end)
    molecule = extended(gene.bases, primer, 200)
    assert molecule == gene.bases[end - 200 : end]
    assert opposite(molecule).startswith(primer)
    assert extended(runner.genes["ASPSCR1"].bases, primer, 200) == ""


@pytest.mark.parametrize("kind", ["type 1", "type 2"])
def test_primers_of_the_third_gene_extend_into_the_fifth(runner: Runner, kind: str) -> None:
    """Anchored PCR needs no primer in the partner."""
    gene, joined = runner.genes["TFE3"], listed(runner.genes, kind).joined
    for into in INTO_EXON:
        molecule = extended(joined.bases, antisense_primer(gene, gene.start_of(6) + into), 260)
        assert joined.bases[joined.left - 20 : joined.right + 20] in molecule


def test_no_pair_of_primers_of_one_gene_amplifies_across_a_join(runner: Runner) -> None:
    for kind in ("type 1", "type 2"):
        joined = listed(runner.genes, kind).joined
        across = joined.bases[joined.left - 1 : joined.right + 20]
        made = [amplified(joined.bases, *pair) for pair in expression_primers(runner.genes)]
        assert any(made)
        assert not any(across in molecule for molecule in made)


def test_a_pair_of_primers_of_two_genes_amplifies_the_fusion_alone(runner: Runner) -> None:
    five, three = runner.genes["ASPSCR1"], runner.genes["TFE3"]
    pair = sense_primer(five, five.end_of(7) - 60), antisense_primer(three, three.start_of(6) + 60)
    assert [amplified(gene.bases, *pair) for gene in (five, three)] == ["", ""]
    fusions = [listed(runner.genes, kind).joined.bases for kind in ("type 1", "type 2")]
    # Exon 5 has 105 nt.
    assert [len(amplified(fusion, *pair)) for fusion in fusions] == [120, 225]


def test_each_molecule_has_its_copies_and_one_umi() -> None:
    rng = random.Random(1)
    molecules = ["".join(rng.choices("ACGT", k=200)) for _ in range(200)]
    found = copied(molecules, EXACT, rng, "m", IN_NAMES)
    by_molecule: dict[str, set[tuple[str, ...]]] = {}
    for fragment in found:
        name, umi = fragment.name.split("_")
        by_molecule.setdefault(name.split(".")[0], set()).add((umi, *fragment.reads))
    assert len(by_molecule) == 200
    assert all(len(same) == 1 for same in by_molecule.values())
    assert {len(umi) for same in by_molecule.values() for umi, *_ in same} == {8}
    assert len({fragment.name for fragment in found}) == len(found)
    assert 2.5 < len(found) / 200 < 3.5


def test_an_inline_umi_is_in_front_of_read_1_and_after_a_short_molecule_in_read_2() -> None:
    molecule = "GATTACA" * 4
    (fragment,) = copied([molecule], EXACT, random.Random(1), "m", INLINE, (1, 1))
    first, second = fragment.reads
    umi = first[:8]
    assert first == (umi + LINKER + molecule + ADAPTERS[0])[:60]
    assert second == (opposite(molecule) + opposite(LINKER) + opposite(umi) + ADAPTERS[1])[:60]
    assert INLINE.structures == ("8M13S+T", "+T")
