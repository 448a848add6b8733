"""The proofs of a reference, one by one, on sequences that can be read."""

from dataclasses import replace

import pytest

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.checks import (
    Check,
    check_introns,
    check_junction,
    check_known_bases,
    check_reading_frame,
)
from aspsfusion.panel.genome import GenomePieces, Region
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.spec import BreakpointSpec, JunctionSpec
from small_panel import made_transcript

EXON = "CCCC"


def introns(*ends: tuple[str, str], strand: str = "+", essential: bool = True, case: str = "upper") -> Check:
    """Check a gene of exons of 4 nt and introns of 10 nt with these first and last bases."""
    sense = EXON + "".join(f"{first}TTTTTT{last}{EXON}" for first, last in ends)
    exons = [(start, start + 4) for start in range(0, len(sense), 14)]
    if strand == "-":
        exons = [(len(sense) - end, len(sense) - start) for start, end in exons]
    plus = sense if strand == "+" else reverse_complement(sense)
    genome = GenomePieces({Region("chr1", 0, len(plus)): getattr(plus, case)()}, (), True, False)
    return check_introns(made_transcript(exons, strand), genome, essential=essential)


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("ends", [("GT", "AG"), ("GC", "AG"), ("AT", "AC")])
@pytest.mark.parametrize("case", ["upper", "lower"])
def test_introns_as_they_occur(ends: tuple[str, str], strand: str, case: str) -> None:
    check = introns(ends, ends, strand=strand, case=case)
    assert check.passed
    assert check.text == "GENE|NM_1.1: 2 of 2 introns run from GT or GC to AG"
    assert (check.name, check.essential) == ("intron_ends", True)


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    "ends", [("GA", "AG"), ("GT", "AC"), ("AT", "AG"), ("CT", "AC"), ("NN", "NN"), ("GG", "TA")]
)
def test_one_wrong_intron_disproves_a_target(ends: tuple[str, str], strand: str) -> None:
    check = introns(("GT", "AG"), ends, strand=strand)
    assert not check.passed
    assert check.essential
    assert check.text.endswith(f"1 of 2 introns run from GT or GC to AG (intron 2 {ends[0]}..{ends[1]})")


@pytest.mark.parametrize(
    ("unusual", "total", "passed", "essential"),
    [
        (1, 10, True, False),
        (2, 10, False, False),
        (1, 9, False, False),
        (5, 10, False, False),
        (6, 10, False, True),
        (1, 1, False, False),
        (2, 2, False, False),
        (2, 3, False, True),
    ],
)
def test_other_genes_may_have_single_exceptions_but_not_a_shift(
    unusual: int, total: int, passed: bool, essential: bool
) -> None:
    ends = [("GA", "AG")] * unusual + [("GT", "AG")] * (total - unusual)
    check = introns(*ends, essential=False)
    assert (check.passed, check.essential) == (passed, essential)
    assert f"{total - unusual} of {total} introns" in check.text


def test_no_more_than_three_introns_are_listed() -> None:
    assert introns(*[("AA", "AA")] * 3).text.endswith("intron 3 AA..AA)")
    check = introns(*[("AA", "AA")] * 4)
    assert check.text.endswith("(intron 1 AA..AA, intron 2 AA..AA, intron 3 AA..AA ...)")


def frame(sequence: str, cds: tuple[int, int]) -> Check:
    base = made_transcript([(0, len(sequence))], cds=cds)
    transcript = Transcript(base.gene, base.name, base.chrom, "+", base.exons, cds, True, sequence)
    return check_reading_frame(transcript, essential=True)


@pytest.mark.parametrize("stop", ["TAA", "TAG", "TGA"])
def test_open_reading_frame(stop: str) -> None:
    # The stop codons out of frame and behind the frame do not count.
    check = frame(f"TAAATGCTGAAA{stop}TGA", (3, 15))
    assert check.passed
    assert check.text == "GENE|NM_1.1: open reading frame of 12 nt"


@pytest.mark.parametrize(
    ("coding", "problem"),
    [
        ("CTGAAATAA", "begins with CTG, not ATG"),
        ("ATGAAAAAA", "has no stop codon"),
        ("ATGTAACCCTAA", "stops at codon 2 of 4"),
        ("ATGNNNCCC", "has no stop codon"),
        ("TAA", "begins with TAA, not ATG"),
    ],
)
def test_reading_frame_that_is_none(coding: str, problem: str) -> None:
    check = frame(f"CC{coding}GG", (2, 2 + len(coding)))
    assert not check.passed
    assert (check.name, check.essential) == ("reading_frame", True)
    assert check.text == f"GENE|NM_1.1: reading frame {problem}"


FIVE = "ACGATCGATTGCACCTGATCGAAGTC"
THREE = "GGTACCATTGACAGTCCATGAACTTG"


def junction(sequence: str, five: str = FIVE, three: str = THREE) -> Check:
    spec = JunctionSpec(
        id="main",
        five_prime=BreakpointSpec(gene="FIVE", exon=1),
        three_prime=BreakpointSpec(gene="THREE", exon=1),
        direction="diagnostic",
        evidence="published_sequence",
        sequence=sequence,
        source="made for the test",
    )
    return check_junction(spec, five, three, essential=True)


def changed(sequence: str, *places: int) -> str:
    return "".join("ACGT"["CGTA".index(b)] if i in places else b for i, b in enumerate(sequence))


@pytest.mark.parametrize(("left", "right"), [(26, 26), (10, 15), (1, 1)])
def test_published_sequence_in_place(left: int, right: int) -> None:
    check = junction(f"{FIVE[-left:]}|{THREE[:right]}")
    assert check.passed
    assert check.text == f"main: published sequence of {left} + {right} nt found in place"


@pytest.mark.parametrize("place", range(12))
def test_bases_next_to_the_junction_must_be_identical(place: int) -> None:
    five = junction(f"{changed(FIVE, len(FIVE) - 1 - place)}|{THREE}")
    assert not five.passed
    assert five.text.endswith("not found at the stated exon ends (1 of 26 bases differ on the 5' side)")
    three = junction(f"{FIVE}|{changed(THREE, place)}")
    assert not three.passed
    assert three.text.endswith("(1 of 26 bases differ on the 3' side)")


def test_one_variant_on_each_side_is_tolerated_away_from_the_junction() -> None:
    assert junction(f"{changed(FIVE, 13)}|{changed(THREE, 12)}").passed
    assert junction(f"{changed(FIVE, 0)}|{changed(THREE, 25)}").passed


def test_two_variants_on_one_side_are_not() -> None:
    check = junction(f"{changed(FIVE, 0, 5)}|{THREE}")
    assert not check.passed
    assert "2 of 26 bases differ on the 5' side" in check.text


def test_both_sides_are_named() -> None:
    text = junction(f"{changed(FIVE, 25)}|{changed(THREE, 0, 1)}").text
    assert text.endswith("(1 of 26 bases differ on the 5' side; 2 of 26 bases differ on the 3' side)")


def test_deletion_is_no_substitution() -> None:
    assert not junction(f"{FIVE}|{THREE[:14]}{THREE[15:]}").passed


def test_sequence_longer_than_the_transcript() -> None:
    assert junction(f"T{FIVE}|{THREE}").passed  # as good as one substitution, far from the junction
    check = junction(f"TT{FIVE}|{THREE}")
    assert not check.passed
    assert "2 of 28 bases differ on the 5' side" in check.text
    assert "1 of 2 bases differ" in junction(f"{FIVE}|GG", three="G").text


@pytest.mark.parametrize("shift", [-1, 1])
def test_shift_by_one_base(shift: int) -> None:
    whole = FIVE + THREE
    cut = len(FIVE) + shift
    assert not junction(f"{FIVE}|{THREE}", five=whole[:cut], three=whole[cut:]).passed


# ---- real bases


def of_tfe3(panel: Panel, changes: dict[int, str]) -> Check:
    """Check TFE3 with other bases at some c. positions."""
    transcript = panel.primary["TFE3"]
    bases = list(transcript.sequence)
    for coding_position, base in changes.items():
        bases[transcript.coding_to_tx(coding_position)] = base
    check = check_known_bases(replace(transcript, sequence="".join(bases)), "GRCh38", essential=True)
    assert check
    assert check.essential
    return check


@pytest.mark.parametrize(
    "changes",
    [{}, {1323: "A"}, {1323: "G"}, {10: "A"}],
    ids=["none", "people have A", "people have G", "seen in one read alone"],
)
def test_real_bases_are_found(demo_panel: Panel, changes: dict[int, str]) -> None:
    check = of_tfe3(demo_panel, changes)
    assert check.passed
    assert check.text == "TFE3|NM_006521.6: 3086 of 3086 known bases found in place"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {886: "A"},
            "3085 of 3086 known bases found in place; A instead of C in exon 6 (chrX:49034251), "
            "which changes the protein and may be a variant of a person",
        ),
        (
            {888: "T"},
            "T instead of G in exon 6 (chrX:49034249), which leaves the protein as it is and may be",
        ),
        ({1323: "C"}, "C instead of A or G in exon 10 (chrX:49030563), which leaves the protein as it is"),
        (
            dict.fromkeys(range(886, 894), "N"),
            "N instead of T in exon 6 (chrX:49034244), ..., which changes the protein and is more than",
        ),
    ],
)
def test_other_bases_are_named_with_their_place(
    demo_panel: Panel, changes: dict[int, str], text: str
) -> None:
    check = of_tfe3(demo_panel, changes)
    assert not check.passed
    assert text in check.text


def test_nothing_is_known_of_another_build(demo_panel: Panel) -> None:
    assert check_known_bases(demo_panel.primary["TFE3"], "GRCh37", essential=True) is None
