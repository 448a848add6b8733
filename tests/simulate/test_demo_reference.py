"""The demonstration reference: true coordinates, splice sites, frames and published sequences."""

import gzip
from pathlib import Path
from typing import Any

import pysam
import pytest
import yaml
from Bio.Seq import translate
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.errors import PanelError, ParameterError, ReferenceProofError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.genome import WATERMARK
from aspsfusion.panel.known_bases import BASES_OF_CODE, known_stretches
from aspsfusion.panel.panel_yaml import load_panel_spec, parse_panel_spec
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.simulate.demo_reference import (
    FILLER_BLOCK,
    DemonstrationReference,
    demonstration_reference,
    filler,
    write_demonstration_reference,
)
from repository import SHIPPED_PANEL, run_command

STOPS = {"TAA", "TAG", "TGA"}

# Plus strand; 100 + 50 + 80 nt, so that the last codon before exon 3 crosses the border.
PLUS_EXONS = [[10_001, 10_100], [12_001, 12_050], [15_001, 15_080]]
# Minus strand, in transcript order; exon 2 has 31 nt, shorter than the published sequence after it.
MINUS_EXONS = [[59_901, 60_000], [55_970, 56_000], [50_001, 50_200]]
FIVE_PRIME = "GATCCCCAGCAGGAGCAGGAGCGGGAGCGG"
THREE_PRIME = "ATTGATGATGTCATTGATGAGATCATCAGCCTGGAGTCCAGTTACAATG"


def transcript(name: str, chrom: str, strand: str, exons: list[list[int]], **more: Any) -> dict[str, Any]:
    return {"id": name, "chrom": chrom, "strand": strand, "exons": exons, **more}


def gene(symbol: str, *transcripts: dict[str, Any], role: str = "target") -> dict[str, Any]:
    return {"symbol": symbol, "roles": [role], "transcripts": list(transcripts)}


def five_gene() -> dict[str, Any]:
    return gene("FIVE", transcript("T5", "chr2", "+", PLUS_EXONS, primary=True, cds=[10, 216]))


def three_gene() -> dict[str, Any]:
    return gene("THREE", transcript("T3", "chrX", "-", MINUS_EXONS, primary=True, cds=[51, 311]))


def junction(five_exon: int = 2, three_exon: int = 2, name: str = "main", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "five_prime": {"gene": "FIVE", "exon": five_exon},
        "three_prime": {"gene": "THREE", "exon": three_exon},
        "direction": "diagnostic",
        "evidence": "published_sequence",
        "source": "made for the test",
        "sequence": f"{FIVE_PRIME}|{THREE_PRIME}",
        **more,
    }


def panel_data(*genes: dict[str, Any], junctions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "name": "test",
        "version": "1",
        "title": "test panel",
        "genome": {"build": "GRCh38"},
        "target": {"five_prime": "FIVE", "three_prime": "THREE", "disease": "none"},
        "genes": [five_gene(), three_gene(), *genes],
        "junctions": [junction()] if junctions is None else junctions,
        "texts": {"confirmed": "yes", "excluded": "no", "indeterminate": "unknown"},
    }


def panel_spec(*genes: dict[str, Any], junctions: list[dict[str, Any]] | None = None) -> PanelSpec:
    return parse_panel_spec(yaml.safe_dump(panel_data(*genes, junctions=junctions)), "test.yaml")


def bases(reference: DemonstrationReference, chrom: str, start: int, end: int) -> str:
    """Plus strand of positions that are 1-based and inclusive."""
    for locus in reference.loci:
        if locus.chrom == chrom and locus.start < start and end <= locus.end:
            return locus.sequence[start - 1 - locus.start : end - locus.start]
    raise AssertionError(f"no locus holds {chrom}:{start}-{end}")


def sense(reference: DemonstrationReference, stated: Any, first: int, last: int) -> str:
    plus = bases(reference, stated.chrom, first, last)
    return plus if stated.strand == "+" else reverse_complement(plus)


def spliced(reference: DemonstrationReference, stated: Any) -> str:
    return "".join(sense(reference, stated, first, last) for first, last in stated.exons)


def introns(reference: DemonstrationReference, stated: Any) -> list[str]:
    found = []
    for one, other in zip(stated.exons, stated.exons[1:], strict=False):
        before, after = (one, other) if stated.strand == "+" else (other, one)
        found.append(sense(reference, stated, before[1] + 1, after[0] - 1))
    return found


def assert_whole(reference: DemonstrationReference, stated: Any) -> None:
    """The proofs that a panel build makes of any reference."""
    for intron in introns(reference, stated):
        assert (intron[:2], intron[-2:]) == ("GT", "AG")
    if stated.cds:
        coding = spliced(reference, stated)[stated.cds[0] - 1 : stated.cds[1]]
        codons = [coding[i : i + 3] for i in range(0, len(coding), 3)]
        assert codons[0] == "ATG"
        assert codons[-1] in STOPS
        assert not STOPS & set(codons[:-1])


def test_watermark_is_the_stated_text() -> None:
    assert len(WATERMARK) == 48
    numbers = ["ACGT".index(base) for base in WATERMARK]
    text = "".join(
        chr(64 * a + 16 * b + 4 * c + d)
        for a, b, c, d in zip(*(numbers[i::4] for i in range(4)), strict=True)
    )
    assert text == "DEMONSTRATIO"


def test_primary_transcripts_are_whole() -> None:
    spec = panel_spec()
    reference = demonstration_reference(spec)
    for symbol in ("FIVE", "THREE"):
        assert_whole(reference, spec.gene(symbol).transcripts[0])


def test_published_sequence_stands_at_the_joined_exons_across_an_exon_border() -> None:
    spec = panel_spec()
    reference = demonstration_reference(spec)
    five, three = (spliced(reference, spec.gene(symbol).transcripts[0]) for symbol in ("FIVE", "THREE"))
    assert five[:150].endswith(FIVE_PRIME)
    assert three[100:].startswith(THREE_PRIME)


def test_joined_base_inside_an_exon() -> None:
    inside = junction(name="inside", sequence="GCAGGCGCGCCGG|CTGCCTGTG", three_exon=3)
    inside["five_prime"]["coding_position"] = 120
    spec = panel_spec(junctions=[inside])
    reference = demonstration_reference(spec)
    assert spliced(reference, spec.gene("FIVE").transcripts[0])[: 9 + 120].endswith("GCAGGCGCGCCGG")
    assert spliced(reference, spec.gene("THREE").transcripts[0])[131:].startswith("CTGCCTGTG")


def test_loci_are_named_1_based_with_flanks_and_begin_with_the_watermark() -> None:
    reference = demonstration_reference(panel_spec())
    assert [locus.name for locus in reference.loci] == ["chr2:9801-15280", "chrX:49801-60200"]
    for locus in reference.loci:
        assert len(locus.sequence) == locus.end - locus.start
        assert locus.sequence.startswith(WATERMARK)


def test_flank_ends_with_the_chromosome() -> None:
    data = panel_data()
    data["genome"]["chromosomes"] = {"chr2": {"length": 15_100}}
    reference = demonstration_reference(PanelSpec.model_validate(data))
    assert reference.loci[0].name == "chr2:9801-15100"


@pytest.mark.parametrize(
    ("gap", "names"),
    [
        (1000, ["chr2:9801-16480"]),
        (1001, ["chr2:9801-15280", "chr2:15882-16481"]),
    ],
)
def test_close_genes_share_a_locus(gap: int, names: list[str]) -> None:
    first = 15_080 + gap + 1
    near = gene("NEAR", transcript("N", "chr2", "-", [[first, first + 199]], primary=True), role="control")
    reference = demonstration_reference(panel_spec(near))
    assert [locus.name for locus in reference.loci if locus.chrom == "chr2"] == names


def test_adding_a_gene_changes_no_other_base() -> None:
    near = gene("NEAR", transcript("N", "chr2", "-", [[15_501, 15_800]], primary=True), role="control")
    far = gene("FAR", transcript("F", "chr2", "-", [[90_001, 90_300]], primary=True), role="control")
    alone = demonstration_reference(panel_spec())
    more = demonstration_reference(panel_spec(near, far))
    assert bases(more, "chr2", 9801, 15_280) == bases(alone, "chr2", 9801, 15_280)
    assert bases(more, "chrX", 49_801, 60_200) == bases(alone, "chrX", 49_801, 60_200)


def test_seed_changes_the_filler_only() -> None:
    spec = panel_spec()
    one, other = demonstration_reference(spec, seed=1), demonstration_reference(spec, seed=2)
    assert one.loci[0].sequence != other.loci[0].sequence
    assert one == demonstration_reference(spec, seed=1)
    assert_whole(other, spec.gene("FIVE").transcripts[0])


def test_composition_is_balanced_without_long_repeats() -> None:
    sequence = "".join(locus.sequence[48:] for locus in demonstration_reference(panel_spec()).loci)
    gc = (sequence.count("G") + sequence.count("C")) / len(sequence)
    assert 0.43 < gc < 0.48
    words = [sequence[i : i + 24] for i in range(len(sequence) - 23)]
    # The published 5' sequence repeats nothing of 24 nt here; filler must not either.
    assert len(set(words)) == len(words)


def test_introns_of_other_transcripts_are_spliced_where_the_primary_one_leaves_room() -> None:
    data = panel_data()
    # Skips exon 2; begins inside the first intron; begins exon 2 earlier; ends it on published bases.
    data["genes"][0]["transcripts"] += [
        transcript("T5.skip", "chr2", "+", [PLUS_EXONS[0], PLUS_EXONS[2]]),
        transcript("T5.late", "chr2", "+", [[11_001, 11_060], *PLUS_EXONS[1:]]),
        transcript("T5.long", "chr2", "+", [PLUS_EXONS[0], [11_985, 12_050], PLUS_EXONS[2]]),
        transcript("T5.cut", "chr2", "+", [PLUS_EXONS[0], [12_001, 12_044], PLUS_EXONS[2]]),
    ]
    spec = PanelSpec.model_validate(data)
    reference = demonstration_reference(spec)
    *spliced_ones, cut = spec.gene("FIVE").transcripts
    for stated in spliced_ones:
        assert_whole(reference, stated)
    assert spliced(reference, spliced_ones[0])[:150].endswith(FIVE_PRIME)
    assert introns(reference, cut)[1].startswith("GAGCGG")


def test_real_bases_are_those_that_are_known() -> None:
    spec = load_panel_spec(SHIPPED_PANEL)
    reference = demonstration_reference(spec)
    stretches = known_stretches("GRCh38")
    assert sum(locus.real_bases for locus in reference.loci) == sum(len(known) for _, _, known in stretches)
    for chrom, start, known in stretches:
        found = bases(reference, chrom, start + 1, start + len(known))
        assert all(base in BASES_OF_CODE[code] for base, code in zip(found, known.upper(), strict=True))
    for symbol, residues, first, part in (
        ("ASPSCR1", 553, 1, "MAAPAGGGGSAVSVL"),
        ("TFE3", 575, 261, "IDDVIDEIISLESSYNDEMLSYLPGGTTGLQLPST"),  # exon 5, as AY034078 has it
    ):
        stated = spec.gene(symbol).transcripts[0]
        assert stated.cds
        protein = translate(spliced(reference, stated)[stated.cds[0] - 1 : stated.cds[1]])
        assert protein.index("*") == residues
        assert protein[first - 1 :].startswith(part)


def test_panel_on_another_build_has_no_real_bases() -> None:
    data = panel_data(junctions=[])
    stated = load_panel_spec(SHIPPED_PANEL).gene("TFE3").transcripts[0].model_dump(mode="json")
    data["genes"].append(gene("SHIFTED", {**stated, "primary": True}, role="control"))
    counts = []
    for build in ("GRCh38", "GRCh37"):
        data["genome"]["build"] = build
        loci = demonstration_reference(PanelSpec.model_validate(data)).loci
        counts.append(sum(locus.real_bases for locus in loci))
    assert counts == [3162, 0]


def test_overlapping_frames_on_opposite_strands_are_both_open() -> None:
    antisense = gene(
        "ANTI",
        transcript("A", "chr2", "-", [[15_041, 15_300], [9_901, 10_090]], primary=True, cds=[200, 400]),
        role="control",
    )
    spec = panel_spec(antisense)
    reference = demonstration_reference(spec)
    for symbol in ("FIVE", "ANTI"):
        assert_whole(reference, spec.gene(symbol).transcripts[0])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sequence": f"{FIVE_PRIME[:-1]}C|{THREE_PRIME}"}, "1 of 30 bases differ on the 5' side"),
        (
            {"sequence": f"TAATTAATTAAC|{THREE_PRIME}", "five_exon": 1},
            "reading frame stops at codon 30 of 69",
        ),
        ({"sequence": f"{FIVE_PRIME}|{'ACC' * 90}"}, "reading frame has no stop codon"),
        ({"sequence": f"{'C' * 95}|{THREE_PRIME}", "five_exon": 1}, "reading frame begins with CCC, not ATG"),
    ],
)
def test_contradictions_fail_the_proof(change: dict[str, Any], problem: str, tmp_path: Path) -> None:
    panel, demo = tmp_path / "panel.yaml", tmp_path / "demo.fa.gz"
    second = junction(name="second", **change)
    panel.write_text(yaml.safe_dump(panel_data(junctions=[junction(three_exon=3), second])), encoding="utf-8")
    write_demonstration_reference(demonstration_reference(load_panel_spec(panel)), demo)
    with pytest.raises(ReferenceProofError, match=problem) as caught:
        build_panel(panel, demo, None, tmp_path / "panel")
    assert "correct the panel, whose statements contradict each other" in str(caught.value)


def test_gene_without_transcripts_names_the_remedy() -> None:
    bare = {"symbol": "BARE", "roles": ["control"]}
    with pytest.raises(PanelError, match=r"gene BARE has no transcripts .* annotation GTF"):
        demonstration_reference(panel_spec(bare))


def test_gene_at_the_end_of_a_chromosome() -> None:
    early = gene("EARLY", transcript("E", "chr3", "+", [[20, 90]], primary=True), role="control")
    with pytest.raises(PanelError, match="gene EARLY reaches chr3:20-90"):
        demonstration_reference(panel_spec(early))


@given(
    start=st.integers(0, 3 * FILLER_BLOCK),
    length=st.integers(1, 2 * FILLER_BLOCK),
    shift=st.integers(0, FILLER_BLOCK),
)
@settings(max_examples=30)
def test_filler_depends_on_position_alone(start: int, length: int, shift: int) -> None:
    whole = filler(7, "chr1", start, start + shift + length)
    assert len(whole) == shift + length
    assert (filler(7, "chr1", start + shift, start + shift + length) == whole[shift:]).all()


@st.composite
def transcripts(draw: st.DrawFn, name: str, strand: str) -> dict[str, Any]:
    lengths = draw(st.lists(st.integers(1, 60), min_size=1, max_size=6))
    position, exons = draw(st.integers(500, 600)), []
    for length in lengths:
        exons.append([position, position + length - 1])
        position += length + draw(st.integers(4, 60))
    total = sum(lengths)
    found = transcript(name, "chr7", strand, exons if strand == "+" else exons[::-1])
    if total >= 6:
        first = draw(st.integers(1, total - 5))
        found["cds"] = [first, first - 1 + 3 * draw(st.integers(2, (total - first + 1) // 3))]
    return found


@given(data=st.data(), strand=st.sampled_from("+-"), seed=st.integers(0, 2**40))
@settings(max_examples=60)
def test_any_gene_gets_splice_sites_and_frame(data: st.DataObject, strand: str, seed: int) -> None:
    primary, other = (data.draw(transcripts(name, strand)) for name in "PQ")
    spec = panel_spec(gene("ANY", {**primary, "primary": True}, other, role="control"))
    assert_whole(demonstration_reference(spec, seed), spec.gene("ANY").transcripts[0])


def write(*arguments: object) -> None:
    run_command("demo-reference", *arguments)


@pytest.fixture
def panel_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "panel.yaml"
    path.write_text(yaml.safe_dump(panel_data()), encoding="utf-8")
    return path


def test_command_writes_an_indexable_fasta_with_the_same_bytes_each_time(
    panel_yaml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / "new" / "demo.fa.gz", tmp_path / "again.fa.gz"]
    for output in outputs:
        write("--panel", panel_yaml, "--output", output)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert [path.name for path in outputs[0].parent.iterdir()] == ["demo.fa.gz"]
    reference = demonstration_reference(panel_spec())
    with pysam.FastaFile(str(outputs[0])) as fasta:
        assert list(fasta.references) == [locus.name for locus in reference.loci]
        assert [fasta.fetch(name) for name in fasta.references] == [x.sequence for x in reference.loci]
    with gzip.open(outputs[0], "rt", encoding="ascii") as lines:
        header = next(lines)
    assert header == ">chr2:9801-15280 DEMONSTRATION REFERENCE, not a genome; seed=1; real bases=0\n"
    assert "2 loci" in capsys.readouterr().err


def test_command_keeps_an_existing_file_unless_forced(panel_yaml: Path, tmp_path: Path) -> None:
    output = tmp_path / "demo.fa.gz"
    output.write_text("precious", encoding="ascii")
    arguments = ["--panel", panel_yaml, "--output", output]
    with pytest.raises(ParameterError, match=r"demo.fa.gz: exists already; .*--force"):
        write(*arguments)
    assert output.read_text(encoding="ascii") == "precious"
    write(*arguments, "--force")
    assert output.read_bytes().startswith(b"\x1f\x8b")


def test_wrong_settings_are_named(panel_yaml: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ends in \.gz"):
        write("--panel", panel_yaml, "--output", tmp_path / "demo.fa")
    with pytest.raises(ParameterError, match="seed -1 is negative"):
        write("--panel", panel_yaml, "--output", tmp_path / "d.fa.gz", "--seed", "-1")
    with pytest.raises(ParameterError, match="cannot be written"):
        write("--panel", panel_yaml, "--output", panel_yaml / "demo.fa.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["panel.yaml"]
    (tmp_path / "demo.gz").mkdir()
    with pytest.raises(ParameterError, match="is a directory"):
        write_demonstration_reference(demonstration_reference(panel_spec()), tmp_path / "demo.gz", force=True)


def test_primary_transcripts_of_the_shipped_panel_are_whole() -> None:
    spec = parse_panel_spec(SHIPPED_PANEL.read_text(encoding="utf-8"), SHIPPED_PANEL)
    reference = demonstration_reference(spec)
    for each in spec.genes:
        for stated in each.transcripts:
            if stated.primary:
                assert_whole(reference, stated)
