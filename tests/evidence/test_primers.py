"""Primers: read from FASTA, placed by their 3' ends, and no end that distinguishes molecules."""

import random
from pathlib import Path

import pytest

from aspsfusion.errors import ParameterError
from aspsfusion.evidence.primers import FEWEST_BASES, load_primers, place, read_primers
from aspsfusion.panel.panel import Panel
from carriers.genes import opposite
from carriers.sample import Runner
from primed_reads import antisense, codes, report_of, upstream_of, write_primers
from stages import fusion_molecule

TAIL = "ACACTGACGACATGGTACTA"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not a FASTA file"),
        ("ACGT\n>P\nACGTACGTACGTACGTAC\n", "it does not begin with '>'"),
        (">\nACGTACGTACGTACGTAC\n", "record 1: has no name"),
        (
            ">P\nACGTACGTACGTACGTAC\n>P\nTTTTACGTACGTACGTAC\n",
            "record 2 (P): has the name of an earlier record",
        ),
        (">P\n>Q\nACGTACGTACGTACGTAC\n", "record 1 (P): has 0 bases"),
        (">P\nACGTACG\n", "record 1 (P): has 7 bases"),
        (">P\nACGTACGTRCGTACGTAC\n", "record 1 (P): holds 'R', which is no base"),
        (f">P\n{'ACGT' * 60}\n", "record 1 (P): has 240 bases and is no primer"),
        (">P\nÄCGT\n", "is not a FASTA file"),
    ],
)
def test_a_file_that_holds_no_primers_is_one_sentence(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "primers.fa"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        read_primers(path)
    sentence = caught.value.sentence()
    assert problem in sentence
    assert sentence.startswith(str(path))
    assert "; " in sentence  # the remedy


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.fa: cannot be read \(no such file"):
        read_primers(tmp_path / "none.fa")


def test_primers_are_read_whatever_their_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "primers.fa"
    path.write_bytes(b">P1 exon 6\r\nacgtacgtac\r\nGTACGTAC\r\n\r\n>P2\nTTTTTTTTTTTTTTTTGG")
    assert read_primers(path) == {"P1": "ACGTACGTACGTACGTAC", "P2": "TTTTTTTTTTTTTTTTGG"}


@pytest.fixture(scope="module")
def text() -> str:
    """Return a sequence of 2,000 nt."""
    return "".join(random.Random(1).choices("ACGT", k=2000))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("tail", ["", TAIL])
def test_a_primer_is_found_on_both_strands_without_its_tail(text: str, *, reverse: bool, tail: str) -> None:
    for start in range(0, 1900, 37):
        bases = text[start : start + 24]
        primer = tail + (opposite(bases) if reverse else bases)
        (found,) = place(primer, {"G|T": text})
        assert found.reverse == reverse
        # A tail can go on like the gene for some bases by chance.
        inner = found.end if reverse else found.start
        assert abs(inner - (start + 24 if reverse else start)) <= (4 if tail else 0)
        assert (found.start if reverse else found.end) == (start if reverse else start + 24)


def test_the_three_prime_end_has_to_match_and_the_rest_nearly(text: str) -> None:
    def changed(at: int) -> str:
        other = "C" if text[500 + at] == "A" else "A"
        return text[500 : 500 + at] + other + text[500 + at + 1 : 524]

    assert place(changed(23), {"G|T": text}) == ()
    assert place(changed(13), {"G|T": text}) == ()
    (found,) = place(changed(5), {"G|T": text})
    assert (found.start, found.end, found.mismatches) == (500, 524, 1)


def test_a_primer_that_fits_two_genes_has_two_places_and_the_better_one_wins(text: str) -> None:
    copy = text[500:524]
    other = f"{text[1000:1100]}{copy}{text[1100:1200]}"
    assert [found.gene for found in place(copy, {"G|T": text, "H|T": other})] == ["G", "H"]
    shorter = f"{text[1000:1100]}{copy[-FEWEST_BASES:]}{text[1100:1200]}"
    assert [found.gene for found in place(copy, {"G|T": text, "H|T": shorter})] == ["G"]


def test_random_primers_fit_nowhere(demo_panel: Panel, tmp_path: Path) -> None:
    rng = random.Random(3)
    primers = {f"P{number}": "".join(rng.choices("ACGT", k=24)) for number in range(50)}
    placed = load_primers(write_primers(tmp_path / "p.fa", primers), demo_panel)
    assert sum(bool(primer.places) for primer in placed) <= 1


def test_one_molecule_from_several_primers_is_one(runner: Runner, tmp_path: Path) -> None:
    """Nested primers make several products of one ligated molecule: they share UMI and random end."""
    rng = random.Random(4)
    transcript, junction = fusion_molecule(runner.panel, ("ASPSCR1", 7), ("TFE3", 6))
    tfe3 = runner.genes["TFE3"]
    ends = (45, 70, 95)
    primers = {f"P{end}": antisense(tfe3, tfe3.start_of(6) + end) for end in ends}
    start = junction - 80
    fragments = []
    for end in ends:
        molecule = transcript[start : junction + end]
        fragments += upstream_of(molecule, len(molecule), 4, rng, f"f{end}.", shortest=len(molecule))
    fragments = [each.named(f"{each.name.split('_')[0]}_ACGTTGCAACGT") for each in fragments]
    others = upstream_of(tfe3.bases, tfe3.start_of(6) + 45, 10, rng, "w")
    report = report_of(runner.panel, tmp_path, fragments + others, "anchored", primers)
    (fusion,) = report.fusions
    assert (fusion.fragments, fusion.fragments_with_duplicates) == (1, 12)
    assert codes(report)[0] == "WEAK_EVIDENCE"
    # Without the primers each product counts.
    assert report_of(runner.panel, tmp_path, fragments + others, "anchored").fusions[0].fragments == len(ends)
