"""Which molecules inform, by the primers of the library; and fragments whose molecules cannot be counted."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from aspsfusion.report.html import render_html
from carriers.genes import Genes
from carriers.reads import Fragment, Library, sequenced
from carriers.sample import Runner
from carriers.wild_type import wild_type
from primed_reads import antisense, between, codes, report_of, sense, upstream_of
from stages import fusion_molecule

MOLECULES = 60
INTO = (45, 75)
"""Bases of an exon that molecules from the two primers in it end with."""


def primers_in(genes: Genes, exon: int) -> dict[str, str]:
    """Return two antisense primers in an exon of TFE3."""
    gene = genes["TFE3"]
    return {f"e{exon}_{into}": antisense(gene, gene.start_of(exon) + into) for into in INTO}


def wild(genes: Genes, exon: int, rng: random.Random, count: int = MOLECULES) -> list[Fragment]:
    """Return molecules of TFE3 that these two began."""
    gene = genes["TFE3"]
    return [
        fragment
        for into in INTO
        for fragment in upstream_of(gene.bases, gene.start_of(exon) + into, count, rng, f"w{exon}.{into}.")
    ]


def fused(runner: Runner, exon: int, rng: random.Random, count: int) -> list[Fragment]:
    """Return molecules of type 1 (exon 6) that the two in exon 6 began."""
    transcript, junction = fusion_molecule(runner.panel, ("ASPSCR1", 7), ("TFE3", exon))
    return [
        fragment
        for into in INTO
        for fragment in upstream_of(transcript, junction + into, count, rng, f"f{into}.")
    ]


def test_an_anchored_negative_is_excluded_by_the_molecules_of_its_primers(
    runner: Runner, tmp_path: Path
) -> None:
    rng, genes = random.Random(1), runner.genes
    report = report_of(runner.panel, tmp_path, wild(genes, 6, rng), "anchored", primers_in(genes, 6))
    assert (report.verdict.call, codes(report)) == ("EXCLUDED", ["WOULD_HAVE_BEEN_SEEN"])
    assert report.exclusion.informative_fragments["TFE3 exon 6"] == 2 * MOLECULES
    assert report.assay.library == "anchored"
    assert report.assay.seen == "anchored PCR"
    assert report.assay.umi.source == "read names"
    assert [primer.could_show for primer in report.assay.primers] == [["TFE3 exon 5", "TFE3 exon 6"]] * 2
    assert [primer.molecules["TFE3 exon 6"] for primer in report.assay.primers] == [MOLECULES] * 2
    assert "FIVE_PRIME_GENE_NOT_SEEN" not in {flag.code for flag in report.qc.flags}
    page = render_html(report)
    assert "<h2>Assay</h2>" in page
    assert "TFE3 exon 6 antisense" in page


def test_an_anchored_carrier_is_confirmed(runner: Runner, tmp_path: Path) -> None:
    rng, genes = random.Random(2), runner.genes
    fragments = wild(genes, 6, rng) + fused(runner, 6, rng, 4)
    report = report_of(runner.panel, tmp_path, fragments, "anchored", primers_in(genes, 6))
    assert report.verdict.call == "CONFIRMED"
    assert not report.one_sided


@pytest.mark.parametrize("tail", ["", "ACACTGACGACATGGTACTA"])
def test_primers_upstream_of_an_acceptor_could_not_show_it(runner: Runner, tmp_path: Path, tail: str) -> None:
    """Type 1 lacks exon 5: primers in it give hundreds of molecules beside exon 6, and none of a carrier."""
    rng, gene = random.Random(3), runner.genes["TFE3"]
    primers = {name: tail + bases for name, bases in primers_in(runner.genes, 5).items()}
    # Sense primers in exon 4 cross both acceptors, with an end anywhere.
    start = gene.start_of(5) - 60
    primers["e4"] = tail + sense(gene, start)
    fragments = wild(runner.genes, 5, rng)
    for number in range(MOLECULES):
        end = start + rng.randint(220, 320)
        fragments += between(gene.bases, start, end, 1, rng, f"s{number}.")
    report = report_of(runner.panel, tmp_path, fragments, "anchored", primers)
    assert report.verdict.call == "INDETERMINATE"
    assert codes(report) == ["PRIMERS_CANNOT_SHOW"]
    assert "TFE3 exon 6" in report.verdict.reasons[0].text
    assert report.exclusion.informative_fragments["TFE3 exon 6"] == 0
    assert report.exclusion.informative_fragments["TFE3 exon 5"] > MOLECULES
    assert any("TFE3 exon 6" in note and "e4" in note for note in report.assay.notes)


def test_molecules_of_other_primers_do_not_inform(runner: Runner, tmp_path: Path) -> None:
    """The wrong file: its primers are suitable, and the molecules are not of them."""
    rng, genes = random.Random(4), runner.genes
    gene = genes["TFE3"]
    primers = {"other": antisense(gene, gene.start_of(6) + 110)}
    report = report_of(runner.panel, tmp_path, wild(genes, 6, rng), "anchored", primers)
    assert codes(report) == ["LOW_COVERAGE"]
    assert f"TFE3 exon 6: {2 * MOLECULES}" in report.verdict.reasons[0].text


@pytest.mark.parametrize("declare_both", [True, False])
def test_amplicons_declared_as_anchored_are_never_excluded(
    runner: Runner, tmp_path: Path, *, declare_both: bool
) -> None:
    rng, gene = random.Random(5), runner.genes["TFE3"]
    start, end = gene.start_of(5) - 60, gene.start_of(6) + 60
    fragments = between(gene.bases, start, end, 2 * MOLECULES, rng, "a")
    primers = {"R": antisense(gene, end)} | ({"F": sense(gene, start)} if declare_both else {})
    report = report_of(runner.panel, tmp_path, fragments, "anchored", primers)
    assert report.verdict.call == "INDETERMINATE"
    assert codes(report) == ["LOW_COVERAGE" if declare_both else "AMPLICON_CANNOT_SHOW"]


def test_a_single_end_alone_does_not_inform(runner: Runner, tmp_path: Path) -> None:
    """A single read from the primer may be of an amplicon: where its molecule ends is not known."""
    rng, genes = random.Random(6), runner.genes
    singles = [Fragment(each.name, each.reads[1:]) for each in wild(genes, 6, rng)]
    report = report_of(runner.panel, tmp_path, singles, "anchored", primers_in(genes, 6))
    assert report.verdict.call == "INDETERMINATE"
    assert any("one end alone" in note for note in report.assay.notes)


def pair(genes: Genes) -> dict[str, str]:
    """Return a primer in ASPSCR1 exon 7 and one in TFE3 exon 6 that the fusion has between them."""
    five, three = genes["ASPSCR1"], genes["TFE3"]
    return {"F": sense(five, five.end_of(7) - 90), "R": antisense(three, three.start_of(6) + 60)}


@pytest.mark.parametrize(
    ("names", "case"),
    [
        ((), "primers are not declared"),
        (("F",), "no pair of the 1 declared primer"),
        (("F", "R"), "F with R"),
    ],
)
def test_amplicons_say_what_their_primers_could_show(
    runner: Runner, tmp_path: Path, names: Sequence[str], case: str
) -> None:
    rng, gene = random.Random(7), runner.genes["TFE3"]
    fragments = between(gene.bases, gene.start_of(5) - 60, gene.start_of(6) + 60, MOLECULES, rng, "a")
    primers = {name: pair(runner.genes)[name] for name in names}
    report = report_of(runner.panel, tmp_path, fragments, "amplicon", primers)
    assert codes(report) == ["AMPLICON_CANNOT_SHOW"]
    assert case in report.verdict.reasons[0].text


def amplified(runner: Runner, count: int, rng: random.Random, *, umis: bool) -> list[Fragment]:
    """Return amplicons of type 1 between that pair."""
    transcript, junction = fusion_molecule(runner.panel, ("ASPSCR1", 7), ("TFE3", 6))
    return between(transcript, junction - 90, junction + 60, count, rng, "f", umis=umis)


@pytest.mark.parametrize("library", ["amplicon", "anchored", None])
def test_amplicons_of_the_fusion_without_umis_cannot_be_counted(
    runner: Runner, tmp_path: Path, library: str | None
) -> None:
    report = report_of(runner.panel, tmp_path, amplified(runner, 300, random.Random(8), umis=False), library)
    assert (report.verdict.call, codes(report)) == ("INDETERMINATE", ["FIXED_ENDS"])
    assert "300 fragments" in report.verdict.reasons[0].text
    assert "hopping" not in report.verdict.statement
    assert report.verdict.headline == "INDETERMINATE: molecules cannot be counted"
    (junction,) = report.assay.fixed_ends.junctions
    assert (junction.reads, junction.shared) == (300, [300])


@pytest.mark.parametrize("library", ["capture", None])
def test_errors_do_not_make_molecules_of_one_amplicon(
    runner: Runner, tmp_path: Path, library: str | None
) -> None:
    """Copies with many errors count as one molecule, whether or not the library may have fixed ends."""
    rng, noisy = random.Random(0), Library(100, adapters=True, errors=0.03)
    transcript, junction = fusion_molecule(runner.panel, ("ASPSCR1", 7), ("TFE3", 5))
    molecule = transcript[junction - 60 : junction + 165]
    fragments = [sequenced(molecule, noisy, rng, f"f{number}", reverse=False) for number in range(400)]
    report = report_of(runner.panel, tmp_path, fragments, library)
    assert report.fusions[0].fragments == 1
    assert report.verdict.call == "INDETERMINATE"
    assert ("FIXED_ENDS" in codes(report)) == (library is None)


def test_umis_count_the_molecules_of_amplicons(runner: Runner, tmp_path: Path) -> None:
    report = report_of(runner.panel, tmp_path, amplified(runner, 30, random.Random(9), umis=True), "amplicon")
    assert report.verdict.call == "CONFIRMED"
    assert report.fusions[0].fragments == 30


@pytest.mark.parametrize(("number", "call"), [(3, "CONFIRMED"), (2, "INDETERMINATE")])
def test_a_few_molecules_with_many_copies_are_counted(
    runner: Runner, tmp_path: Path, number: int, call: str
) -> None:
    """They have few pairs of ends, too, of which each has a part in the fragments, though a small one."""
    transcript, junction = fusion_molecule(runner.panel, ("ASPSCR1", 7), ("TFE3", 6))
    rng = random.Random(10)
    fragments = []
    for each, (before, after, copies) in enumerate(((70, 80, 40), (90, 55, 2), (40, 100, 1))[:number]):
        start, end = junction - before, junction + after
        fragments += between(transcript, start, end, copies, rng, f"f{each}.", umis=False)
    report = report_of(runner.panel, tmp_path, fragments, "capture")
    assert report.verdict.call == call
    assert report.fusions[0].fragments == number
    assert "FIXED_ENDS" not in codes(report)


def test_copies_of_one_chimera_among_wild_type_are_one_molecule(runner: Runner, tmp_path: Path) -> None:
    """The fragments of the wild type end anywhere, so that those of one pair of ends are copies."""
    rng, five, three = random.Random(11), runner.genes["ASPSCR1"].bases, runner.genes["TFE3"].bases
    chimera = five[400:529] + three[1107:1200]
    copies = between(chimera, 40, 180, 30, rng, "c", umis=False)
    wild = wild_type(runner.genes, Library(100), rng)
    report = report_of(runner.panel, tmp_path, [*copies, *wild], None)
    assert report.verdict.call == "EXCLUDED"
