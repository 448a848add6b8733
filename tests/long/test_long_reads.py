"""Samples of long reads: right junctions at all error rates, named artefacts, negatives with a limit."""

import random
import re
from pathlib import Path

import pysam
import pytest

from aspsfusion.errors import InstallationError, ParameterError
from aspsfusion.interpret.agreement import disagreement
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.long.mapper import Mapper
from aspsfusion.long.platform import platform_of
from aspsfusion.panel.panel import Panel
from aspsfusion.report.models import Report
from long_reads import across, analyse_reads, stretch, turned, with_errors

pytest.importorskip("mappy")

TYPE_1, TYPE_2 = "ASPSCR1-TFE3-e7-e6", "ASPSCR1-TFE3-e7-e5"
VNP = "ACTTGCCTGTCGCTCTATCTTC"


def sides(panel: Panel, name: str) -> tuple[str, str]:
    """The two sides of a listed junction."""
    junction = next(junction for junction, spec in panel.catalogue.items() if spec.id == name)
    return panel.joined_sequences(junction)


def artefacts_of(report: Report) -> dict[str, int]:
    """Reads by the artefact that they show."""
    assert report.assay.long_reads
    return report.assay.long_reads.artefacts


def wild_type(panel: Panel, number: int, rate: float, source: random.Random) -> list[str]:
    """Reads of the target's genes and of two control genes."""
    genes = ("ASPSCR1", "TFE3", "GPI", "PSMB2", "VCP")
    return [
        with_errors(
            stretch(panel.primary[genes[index % 5]].sequence, source.randint(600, 2500), source), rate, source
        )
        for index in range(number)
    ]


@pytest.mark.parametrize(
    ("rate", "length", "name"),
    [
        (0.005, 300, TYPE_1),
        (0.03, 4000, TYPE_2),
        (0.05, 1000, TYPE_1),
        (0.08, 1000, TYPE_2),
        (0.1, 300, TYPE_1),
    ],
)
def test_five_crossing_reads_confirm(
    demo_panel: Panel, tmp_path: Path, rate: float, length: int, name: str
) -> None:
    source = random.Random(f"{rate} {length}")
    fused = [with_errors(across(*sides(demo_panel, name), length, source), rate, source) for _ in range(5)]
    report = analyse_reads(demo_panel, tmp_path, turned([*fused, *wild_type(demo_panel, 20, rate, source)]))
    assert report.verdict.call == "CONFIRMED"
    (fusion,) = report.fusions
    assert (fusion.catalogue_id, fusion.deviation) == (name, "")
    assert fusion.split_reads >= 4
    assert report.assay.long_reads
    assert report.assay.long_reads.error_rate == pytest.approx(rate, rel=0.3, abs=0.003)
    assert sum(isoform.reads for isoform in report.assay.long_reads.isoforms) == fusion.split_reads
    assert disagreement(report) == ""


def test_other_junctions(demo_panel: Panel, tmp_path: Path) -> None:
    """One between borders that is not listed, one with inserted bases, and one inside an exon."""
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    source = random.Random(7)
    border = five.sequence[: five.exons[8].tx_end], three.sequence[three.exons[6].tx_start :]
    before, after = sides(demo_panel, TYPE_1)
    inserted = before + "GATTACCAGTCTGAC", after
    inside = five.sequence[: five.exons[6].tx_start + 41], three.sequence[three.exons[6].tx_start + 33 :]
    found = []
    shown = []
    for number, joined in enumerate((border, inserted, inside)):
        reads = [with_errors(across(*joined, 900, source, 100), 0.02, source) for _ in range(8)]
        report = analyse_reads(demo_panel, tmp_path / str(number), turned(reads))
        assert report.assay.long_reads
        shown.append({each.exons for each in report.assay.long_reads.isoforms})
        found += [
            (f.five_prime.exon, f.three_prime.exon, f.inserted_sequence, f.split_reads)
            for f in report.fusions
        ]
    assert [row[:3] for row in found] == [(9, 7, ""), (7, 6, "GATTACCAGTCTGAC"), (7, 7, "")]
    assert min(row[3] for row in found) >= 7
    # From the 5' end of each read to its 3' end; none shows an exon beyond the junction.
    assert all(re.fullmatch(r"ASPSCR1 (\d-)?9, TFE3 7(-\d+)?", exons) for exons in shown[0])
    assert all(re.fullmatch(r"ASPSCR1 (\d-)?7, TFE3 6(-\d+)?", exons) for exons in shown[1])


def test_negative_sample_is_excluded(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(3)
    reads = wild_type(demo_panel, 100, 0.05, source)
    three = demo_panel.primary["TFE3"].sequence
    reads += [with_errors(stretch(three, 2500, source), 0.05, source) for _ in range(40)]
    report = analyse_reads(demo_panel, tmp_path, turned(reads))
    assert report.verdict.headline.startswith("EXCLUDED")
    assert [*report.fusions, *report.filtered, *report.one_sided, *report.unexplained_bridges] == []


def test_reads_that_begin_after_an_acceptor_say_nothing(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(3)
    three = demo_panel.primary["TFE3"]
    truncated = [three.sequence[three.exons[5].tx_start - 49 :][:1500] for _ in range(80)]
    reads = [with_errors(read, 0.01, source) for read in truncated]
    report = analyse_reads(demo_panel, tmp_path, reads + wild_type(demo_panel, 40, 0.01, source)[::5])
    assert report.verdict.call == "INDETERMINATE"
    assert max(report.exclusion.informative_fragments.values()) == 0
    assert artefacts_of(report) == {"5' truncation": 80}


@pytest.mark.parametrize(
    "between", ["", "A" * 25, reverse_complement(VNP), "A" * 18 + reverse_complement(VNP)]
)
@pytest.mark.parametrize("rate", [0.005, 0.1])
def test_concatemers_are_no_support(demo_panel: Panel, tmp_path: Path, rate: float, between: str) -> None:
    """Many of one kind, at one place: two cDNAs of the target's genes end to end, or with what is between."""
    source = random.Random(len(between))
    genes = [demo_panel.primary[gene].sequence for gene in ("ASPSCR1", "TFE3")]
    reads = []
    for index in range(40):
        one, other = genes if index % 4 else genes[::-1]
        cdna = with_errors(
            one[-source.randint(300, 1200) :] + between + other[-source.randint(400, 3200) :], rate, source
        )
        reads.append(cdna)
    report = analyse_reads(demo_panel, tmp_path, turned(reads))
    assert [*report.fusions, *report.filtered, *report.unexplained_bridges] == []
    artefacts = artefacts_of(report)
    assert artefacts.get("concatemer", 0) + artefacts.get("internal priming", 0) >= 39


@pytest.mark.parametrize("what", ["antisense", "decoy"])
def test_a_piece_between_the_genes_hides_no_fusion(demo_panel: Panel, tmp_path: Path, what: str) -> None:
    """What is aligned elsewhere, or on the other strand, may be what the fusion has between its genes."""
    between = {
        "antisense": reverse_complement(demo_panel.unspliced["TFE3"].sequence[5000:5150]),
        "decoy": next(iter(demo_panel.decoys.values())).sequence[100:250],
    }[what]
    source = random.Random(5)
    five, three = sides(demo_panel, TYPE_1)
    reads = [with_errors(across(five + between, three, 1200, source, 80), 0.03, source) for _ in range(8)]
    report = analyse_reads(demo_panel, tmp_path, turned(reads))
    assert report.verdict.call == "CONFIRMED"
    assert report.fusions[0].split_reads >= 5


def test_a_part_of_the_other_gene_inside_one_is_seen(demo_panel: Panel, tmp_path: Path) -> None:
    """Minimap2 aligns it as an insertion into one gene."""
    source = random.Random(5)
    five, three = (demo_panel.primary[gene].sequence for gene in ("ASPSCR1", "TFE3"))
    inside = three[200:1016] + five[751:951] + three[1016:2200]
    reads = [with_errors(inside, 0.03, source) for _ in range(8)]
    wild = [with_errors(three[: source.randint(2000, 2900)], 0.03, source) for _ in range(40)]
    report = analyse_reads(demo_panel, tmp_path, [*reads, *wild, *wild_type(demo_panel, 60, 0.03, source)])
    assert report.verdict.call == "INDETERMINATE"
    assert max(report.exclusion.informative_fragments.values()) < 60


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("amplicons", "AMPLICON_CANNOT_SHOW"),
        ("from a primer", "AMPLICON_CANNOT_SHOW"),
        ("mouse", "LOW_COVERAGE"),
        ("skipped exons", "LOW_COVERAGE"),
        ("copies", "LOW_COVERAGE"),
    ],
)
def test_reads_that_could_not_show_it_exclude_nothing(
    demo_panel: Panel, tmp_path: Path, what: str, code: str
) -> None:
    source = random.Random(9)
    five, three = (demo_panel.primary[gene].sequence for gene in ("ASPSCR1", "TFE3"))
    other = [with_errors(bases, 0.11, source) for bases in (five, three)]
    given = {
        "amplicons": [three[700:1300], five[300:1200]],
        "from a primer": [three[800:], five[500:]],
        "mouse": [bases[source.randint(0, 300) :] for bases in other],
        "skipped exons": [three[:911] + three[1134:2600], five[:1500]],
        "copies": [three[:2600], five[:1500]],
    }[what]
    reads = [with_errors(bases, 0.03, source) for bases in given for _ in range(40)]
    umis = ["".join(source.choices("ACGT", k=12)) for _ in range(3)]
    copies = [f"r{index}_{with_errors(umis[index % 3], 0.03, source)}" for index in range(len(reads))]
    report = analyse_reads(demo_panel, tmp_path, reads, names=copies if what == "copies" else ())
    assert report.verdict.call == "INDETERMINATE"
    assert code in [reason.code for reason in report.verdict.reasons]


def test_chimeras_of_one_place_are_no_fusion(demo_panel: Panel, tmp_path: Path) -> None:
    """Of those that join one end to any place of the other gene, some are beside an exon border."""
    source = random.Random(4)
    five, three = (demo_panel.primary[gene].sequence for gene in ("ASPSCR1", "TFE3"))
    places = [source.randint(600, 1600) for _ in range(80)] + [1016, 1134]
    reads = [
        with_errors(five[source.randint(0, 300) : 951] + three[at:][:900], 0.03, source) for at in places
    ]
    report = analyse_reads(demo_panel, tmp_path, reads)
    assert report.verdict.call == "INDETERMINATE"
    assert "AMONG_CHIMERAS" in {reason.code for each in report.filtered for reason in each.reasons}


def test_declared_amplicons_of_a_fusion_cannot_be_counted(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(4)
    five, three = sides(demo_panel, TYPE_1)
    reads = [with_errors(five[-300:] + three[:400], 0.03, source) for _ in range(30)]
    report = analyse_reads(demo_panel, tmp_path, reads, library="amplicon")
    assert [reason.code for reason in report.verdict.reasons] == ["FIXED_ENDS"]


ARTEFACTS_ALIKE = {
    "rich in A": "GTAAAAGAAAAACAAAATAAAG",
    "Alu": "GGCCGGGCGCGGTGGCTCACGCCTGTAATCCCAGCACTTTGGGAGGCCGAGGCGGGCGGATCACGAGGTCAGGAGATCGAGACCATCCCGGC"
    "TAAAACGGTGAAACCCCGTCTCTACTAAAAATACAAAAAATTAGCCGGGCG",
    "a primer": reverse_complement(VNP),
    "600 bases": "".join(random.Random(3).choices("ACGT", k=600)),
}


@pytest.mark.parametrize("between", ARTEFACTS_ALIKE.values(), ids=ARTEFACTS_ALIKE)
@pytest.mark.parametrize("exons", [(8, 7), (7, 4)])
def test_what_resembles_an_artefact_and_agrees_is_a_fusion(
    demo_panel: Panel, tmp_path: Path, between: str, exons: tuple[int, int]
) -> None:
    """Bases between the genes in which a tail or a primer may be seen, and an end of another transcript."""
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    joined = (
        five.sequence[: five.exons[exons[0] - 1].tx_end],
        three.sequence[three.exons[exons[1] - 1].tx_start :],
    )
    source = random.Random(12)
    reads = [
        with_errors(across(joined[0] + between, joined[1], 1800, source, 100), 0.02, source) for _ in range(8)
    ]
    report = analyse_reads(demo_panel, tmp_path, turned(reads))
    assert report.verdict.call == "CONFIRMED"
    assert sum(fusion.split_reads for fusion in report.fusions) >= 6
    assert "concatemer" not in artefacts_of(report)


def test_reads_at_one_place_inside_exons_may_be_copies(demo_panel: Panel, tmp_path: Path) -> None:
    """A chimera and its copies are no fusion, and forbid to exclude one; between exon borders reads count."""
    source = random.Random(14)
    five, three = (demo_panel.primary[gene].sequence for gene in ("ASPSCR1", "TFE3"))
    wild = wild_type(demo_panel, 100, 0.02, source) + [three[:2500]] * 20
    copies = [
        with_errors((five[300:830] + three[1400:2300])[source.randint(0, 9) :], 0.02, source)
        for _ in range(6)
    ]
    report = analyse_reads(demo_panel, tmp_path / "copies", [*copies, *wild])
    assert report.verdict.call == "INDETERMINATE"
    (chimera,) = report.filtered
    assert [reason.code for reason in chimera.reasons] == ["ONE_MOLECULE"]
    assert "So many of the 6 reads have an end in common" in chimera.reasons[0].text
    before, after = sides(demo_panel, TYPE_1)
    full = analyse_reads(demo_panel, tmp_path / "full", [before[-600:] + after] * 4)
    assert full.verdict.call == "CONFIRMED"
    assert disagreement(report) == ""


def test_a_negative_names_what_library_preparation_joined(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(3)
    five, three = (demo_panel.primary[gene].sequence for gene in ("ASPSCR1", "TFE3"))
    joined = [five[-800:] + "A" * 20 + three[:2500] for _ in range(30)]
    report = analyse_reads(demo_panel, tmp_path, joined + wild_type(demo_panel, 100, 0.01, source))
    assert report.verdict.call == "EXCLUDED"
    assert "Long reads whose parts library preparation joined are no support (concatemer 30)." in (
        report.verdict.statement
    )
    assert disagreement(report) == ""


def test_strand_switches_are_no_support(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(1)
    five, three = sides(demo_panel, TYPE_1)
    reads = [with_errors(five[-600:] + reverse_complement(three[:500]), 0.03, source) for _ in range(20)]
    report = analyse_reads(demo_panel, tmp_path, turned(reads))
    assert [*report.fusions, *report.filtered] == []
    assert artefacts_of(report)["strand switch"] == 20


def test_copies_of_one_umi_are_one_molecule(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(2)
    joined = sides(demo_panel, TYPE_1)
    reads = [with_errors(across(*joined, 1200, source), 0.02, source) for _ in range(12)]
    names = [f"r{index}_{('ACGTACGTAC', 'TTGCATTGCA')[index % 2]}" for index in range(12)]
    report = analyse_reads(demo_panel, tmp_path, turned(reads), names=names)
    assert [fusion.split_reads for fusion in report.fusions] == [2]
    assert report.verdict.call == "INDETERMINATE"


def test_rna_with_u_and_an_unknown_partner(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(4)
    joined = sides(demo_panel, TYPE_2)
    reads = [with_errors(across(*joined, 900, source), 0.05, source).replace("T", "U") for _ in range(6)]
    assert analyse_reads(demo_panel, tmp_path / "rna", reads).verdict.call == "CONFIRMED"
    foreign = "".join(source.choices("ACGT", k=800))
    reads = [with_errors(foreign[-400:] + joined[1][:600], 0.01, source) for _ in range(8)]
    (break_,) = analyse_reads(demo_panel, tmp_path / "partner", turned(reads)).one_sided
    assert (break_.gene, break_.exon) == ("TFE3", 5)
    assert break_.fragments >= 6


def test_a_read_of_a_million_bases_is_harmless(demo_panel: Panel, tmp_path: Path) -> None:
    source = random.Random(6)
    five, three = sides(demo_panel, TYPE_1)
    fused = [with_errors(across(five, three, 1000, source), 0.01, source) for _ in range(3)]
    random_bases = "".join(source.choices("ACGT", k=1_000_000))
    report = analyse_reads(
        demo_panel, tmp_path, [random_bases[:500_000] + five + random_bases[500_000:], *fused]
    )
    assert report.verdict.call == "CONFIRMED"
    with pysam.AlignmentFile(str(tmp_path / "sample.panel.bam")) as bam:
        names = [str(record.reference_name) for record in bam if record.query_name == "r1"]
    assert sum(name.startswith("JUNCTION") for name in names) == 1


def test_what_is_long_follows_from_lengths_or_is_declared() -> None:
    long = {"layout": "single", "read_lengths": {"1500": 10, "200": 30}}
    assert platform_of(None, long) == platform_of("auto", long) == "long"
    assert platform_of(None, {"layout": "single", "read_lengths": {"600": 90, "1500": 1}}) == "short"
    assert platform_of("ont", {"layout": "single", "read_lengths": {"300": 9}}) == "ont"
    with pytest.raises(ParameterError, match="the reads are pairs"):
        platform_of("pacbio", {"layout": "paired"})
    with pytest.raises(ParameterError, match="the reads are pairs, and more than 5% of their bases"):
        platform_of("auto", {"layout": "paired", "read_lengths": {"1500": 10}})
    with pytest.raises(ParameterError, match="--platform short: more than 5% of the bases are in reads"):
        platform_of("short", long)


def test_without_the_extra_one_sentence_names_it(
    demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mappy", None)
    with pytest.raises(
        InstallationError, match=r"install the extra 'long': pip install 'aspsfusion\[long\]'"
    ):
        Mapper(demo_panel, tmp_path)
