"""Exons, reading frame and domains of called junctions, against the published values."""

from dataclasses import replace

import pytest
from Bio.Seq import Seq

from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.interpret.annotate import annotate_fusions, confidence, fusion_side
from aspsfusion.interpret.protein import domain_status, fusion_peptide, in_frame, missing_product
from aspsfusion.panel.panel import Panel
from aspsfusion.report.findings import DomainStatus, FusionPeptide
from report_factory import called


def frame_of(panel: Panel, junction: CalledJunction) -> bool | None:
    """Return whether a junction of the primary transcripts keeps the frame."""
    five, three = panel.primary[junction.five_gene], panel.primary[junction.three_gene]
    return in_frame(five, junction.five_pos, three, junction.three_pos)


def domains_of(panel: Panel, five: tuple[str, int], three: tuple[str, int]) -> list[DomainStatus]:
    """Return what a junction of exon borders keeps of the domains."""
    j = called(panel, five, three)
    return domain_status(panel, j.five_gene, j.five_pos, j.three_gene, j.three_pos)


# ASPSCR1 exon 7 ends with a whole codon: in frame with TFE3 exons 4, 5, 6 and 10, with no other.
@pytest.mark.parametrize(("exon", "expected"), [(n, n in (4, 5, 6, 10)) for n in range(2, 11)])
def test_reading_frame_of_every_join_to_exon_7(demo_panel: Panel, exon: int, expected: bool) -> None:
    assert frame_of(demo_panel, called(demo_panel, ("ASPSCR1", 7), ("TFE3", exon))) is expected


def test_published_out_of_frame_reciprocal_is_out_of_frame(demo_panel: Panel) -> None:
    assert frame_of(demo_panel, called(demo_panel, ("TFE3", 2), ("PRCC", 4))) is False


def test_the_frame_is_that_of_the_primary_transcript_beside_an_exon_of_another_one(demo_panel: Panel) -> None:
    """An exon of a transcript without reading frame ends within exon 15 of the primary one."""
    five = demo_panel.primary["ASPSCR1"]
    other = demo_panel.transcripts["ASPSCR1|ENST00000581608.5"].exons[7]
    place = demo_panel.transcripts["ASPSCR1|ENST00000581608.5"].to_genome(other.tx_end - 1)
    cut = five.from_genome(place)
    assert cut is not None
    assert five.cds is not None
    junction = replace(
        called(demo_panel, ("ASPSCR1", 7), ("TFE3", 6)),
        five_pos=place,
        known_five_pos=None,
        catalogue_id=None,
    )
    (fusion,) = annotate_fusions(demo_panel, [junction])
    assert fusion.five_prime.transcript == "ENST00000581608.5"
    assert fusion.in_frame is ((cut + 1 - five.cds[0]) % 3 == 0)


@pytest.mark.parametrize(("exon", "activation"), [(6, "lost"), (5, "partly kept"), (4, "kept")])
def test_domains_kept_by_the_types(demo_panel: Panel, exon: int, activation: str) -> None:
    status = {
        domain.name.split()[0]: domain.status
        for domain in domains_of(demo_panel, ("ASPSCR1", 7), ("TFE3", exon))
    }
    assert status == {"UBL1": "kept", "activation": activation, "bHLH": "kept", "leucine": "kept"}


def test_domains_of_the_reciprocal(demo_panel: Panel) -> None:
    status = {
        (domain.gene, domain.name.split()[0]): domain.status
        for domain in domains_of(demo_panel, ("TFE3", 5), ("ASPSCR1", 8))
    }
    assert status[("ASPSCR1", "UBL1")] == "lost"
    assert status[("TFE3", "activation")] == "kept"
    assert status[("TFE3", "bHLH")] == "lost"


def test_sides_name_exons_of_the_primary_transcript(demo_panel: Panel) -> None:
    five = fusion_side(demo_panel, "ASPSCR1", 81996846 - 1, last=True)
    assert (five.transcript, five.exon, five.at_exon_boundary) == ("NM_024083.4", 7, True)
    assert five.hgnc == "HGNC:13825"
    assert (five.chrom, five.pos, five.strand, five.site) == ("chr17", 81996846, "+", "end of exon 7")
    assert (five.tx_pos, five.intron, five.region) == (18 + 933, None, "CDS")
    inside = fusion_side(demo_panel, "ASPSCR1", 81996840 - 1, last=True)
    assert (inside.exon, inside.at_exon_boundary, inside.site) == (7, False, "inside exon 7")
    three = fusion_side(demo_panel, "TFE3", 49034251 - 1, last=False)
    assert (three.exon, three.strand, three.site) == (6, "-", "start of exon 6")
    # TFE3 intron 5 lies between exon 5 (upstream, higher positions) and exon 6.
    intron = fusion_side(demo_panel, "TFE3", 49036000 - 1, last=False)
    assert (intron.exon, intron.site) == (None, "inside intron 5")
    assert (intron.tx_pos, intron.intron, intron.region) == (None, 5, "intron")
    assert fusion_side(demo_panel, "TFE3", 49043357 - 1, last=False).region == "5' UTR"


@pytest.mark.parametrize(
    ("split", "boundaries", "expected"),
    [(5, 2, "high"), (4, 2, "medium"), (2, 2, "medium"), (1, 2, "low"), (5, 1, "medium"), (4, 0, "low")],
)
def test_confidence_grades(demo_panel: Panel, split: int, boundaries: int, expected: str) -> None:
    junction = called(demo_panel, ("ASPSCR1", 5), ("TFE3", 6), split=split, boundaries=boundaries)
    assert confidence(junction)[0] == expected


def peptide_of(panel: Panel, exon: int) -> FusionPeptide:
    """Return the protein of ASPSCR1 exon 7 joined to an exon of TFE3."""
    j = called(panel, ("ASPSCR1", 7), ("TFE3", exon))
    peptide = fusion_peptide(panel.primary["ASPSCR1"], j.five_pos, panel.primary["TFE3"], j.three_pos)
    assert peptide
    return peptide


@pytest.mark.parametrize(
    ("exon", "length", "first_residue", "behind"),
    # Lengths and first residues follow from the exon tables; the residues behind the junction are those that
    # AY034077 (type 1) and AY034078 (type 2) code for.
    [(6, 591, 296, "LPVSGNLLDVYSSQGVATPA"), (5, 626, 261, "IDDVIDEIISLESSYNDEML")],
)
def test_the_fusion_proteins_have_the_length_and_residues_of_the_published_types(
    demo_panel: Panel, exon: int, length: int, first_residue: int, behind: str
) -> None:
    peptide = peptide_of(demo_panel, exon)
    assert (peptide.length, peptide.residues_five_prime) == (length, 311)
    assert peptide.first_residue_three_prime == first_residue
    before, _, after = peptide.sequence.partition("|")
    assert before.endswith("QERER")  # ...CAG GAG CGG GAG CGG
    assert after == behind


def test_a_shifted_frame_ends_at_its_first_stop(demo_panel: Panel) -> None:
    peptide = peptide_of(demo_panel, 7)
    assert peptide.first_residue_three_prime is None
    after = peptide.sequence.partition("|")[2]
    assert after == after.lower()


@pytest.mark.parametrize(("bases", "residues_before"), [(931, 310), (932, 311), (933, 311)])
def test_a_codon_of_both_genes_stands_where_two_of_its_bases_are(
    demo_panel: Panel, bases: int, residues_before: int
) -> None:
    """A junction moved into the last codon of ASPSCR1 exon 7, the frame of TFE3 kept."""
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    peptide = fusion_peptide(
        five,
        five.to_genome(five.coding_to_tx(bases)),
        three,
        three.to_genome(three.coding_to_tx(886 - (933 - bases))),
    )
    assert peptide
    assert (peptide.length, peptide.residues_five_prime) == (591, bases // 3)
    assert five.cds
    head = str(Seq(five.sequence[five.cds[0] : five.cds[0] + 930]).translate())
    shown = peptide.sequence.partition("|")[0]
    assert shown[-20 : len(shown) - (residues_before - 310) or None] == head[-20 + residues_before - 310 :]


def test_nothing_is_translated_across_an_intron(demo_panel: Panel) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    assert fusion_peptide(five, 81996846 - 1, three, 49036000 - 1) is None


def test_domains_of_a_junction_in_an_intron_are_those_of_the_exons_that_stay(demo_panel: Panel) -> None:
    found = {
        d.name.split()[0]: d.status
        for d in domain_status(demo_panel, "ASPSCR1", 81996846 - 1, "TFE3", 49036000 - 1)
    }
    assert found == {"UBL1": "kept", "activation": "lost", "bHLH": "kept", "leucine": "kept"}


@pytest.mark.parametrize(
    ("five", "three", "why"),
    [
        (("cds", 300), ("cds", 400), ""),
        (("cds", 301), ("cds", 400), ""),  # out of frame: the frame is said elsewhere
        (("cds", 300), ("start", -5), ""),  # the 3' gene with its own start codon
        (("end", 10), ("start", -5), "downstream of the stop codon of ASPSCR1"),
        (("start", -5), ("cds", 400), "upstream of the start codon of ASPSCR1"),
        (("cds", 300), ("end", 10), "downstream of the stop codon of TFE3"),
    ],
)
def test_a_junction_outside_the_reading_frames_makes_no_fusion_protein(
    demo_panel: Panel, five: tuple[str, int], three: tuple[str, int], why: str
) -> None:
    places = []
    for gene, (origin, distance) in (("ASPSCR1", five), ("TFE3", three)):
        transcript = demo_panel.primary[gene]
        assert transcript.cds
        start, end = transcript.cds
        places.append(transcript.to_genome({"start": start, "cds": start, "end": end}[origin] + distance))
    found = missing_product(demo_panel.primary["ASPSCR1"], places[0], demo_panel.primary["TFE3"], places[1])
    assert found.endswith(why)
    assert bool(found) is bool(why)


@pytest.mark.parametrize(("inserted", "frame"), [("", True), ("ACGTAC", True), ("A", False)])
def test_inserted_bases_are_part_of_frame_and_peptide(demo_panel: Panel, inserted: str, frame: bool) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    place = next(j for j, spec in demo_panel.catalogue.items() if spec.type == "type 1")
    assert in_frame(five, place.five_pos, three, place.three_pos, inserted) is frame
    plain = fusion_peptide(five, place.five_pos, three, place.three_pos)
    peptide = fusion_peptide(five, place.five_pos, three, place.three_pos, inserted)
    assert plain is not None
    assert peptide is not None
    assert peptide.sequence.count("|") == 1 + bool(inserted)
    assert peptide.sequence.split("|")[0] == plain.sequence.split("|")[0]
    if inserted and frame:
        assert peptide.length == plain.length + len(inserted) // 3
        assert peptide.sequence.split("|")[2] in plain.sequence.split("|")[1]
