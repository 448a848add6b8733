"""Building a panel directory: its files value by value, what refuses a reference, and what is never lost."""

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import AspsfusionError, PanelError, ReferenceProofError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import canonical_kmers
from aspsfusion.panel.build import build_panel, replace_panel
from aspsfusion.panel.kmers import KMER_LENGTH
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.screen_index import read_kmers
from aspsfusion.panel.spec import load_panel_spec
from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference
from small_panel import (
    BYSTANDER_EXONS,
    FIVE_CDS,
    FIVE_EXONS,
    FIVE_TRANSCRIPT,
    JUNCTION_SEQUENCE,
    THREE_EXONS,
    THREE_TRANSCRIPT,
    SmallPanel,
    random_bases,
    with_gene,
)


@pytest.fixture
def small(tmp_path: Path) -> SmallPanel:
    return SmallPanel.in_directory(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SmallPanel:
    """The unchanged panel, built once."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("whole"))
    small.build()
    return small


def names(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def contents(directory: Path) -> dict[str, bytes]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def records(path: Path) -> dict[str, str]:
    entries = path.read_text(encoding="ascii").split(">")[1:]
    return {entry.split("\n", 1)[0]: entry.split("\n", 1)[1].replace("\n", "") for entry in entries}


def checks(panel: Panel) -> dict[str, bool]:
    return {check["text"]: check["passed"] for check in panel.provenance["checks"]}


def refusal(small: SmallPanel, kind: type[AspsfusionError], gtf: Path | None = None) -> str:
    """The message of a refused build, which leaves nothing behind."""
    small.write()
    before = names(small.directory)
    with pytest.raises(kind) as caught:
        build_panel(small.yaml_path, small.genome_path, gtf, small.output)
    assert names(small.directory) == before
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.remedy
    return message


# ---- what is written


def test_exon_table(whole: SmallPanel) -> None:
    rows = [line.split("\t") for line in (whole.output / "exons.tsv").read_text().splitlines()]
    header = "gene transcript exon chrom start end strand tx_start tx_end cds_start cds_end phase"
    assert rows[0] == header.split()
    assert [" ".join(row) for row in rows[1:8]] == [
        "FIVE T5.1 1 chr2 101 160 + 1 60 1 50 0",
        "FIVE T5.1 2 chr2 261 320 + 61 120 51 110 2",
        "FIVE T5.1 3 chr2 421 500 + 121 200 111 180 2",
        "THREE T3.1 1 chrX 401 480 - 1 80 1 60 0",
        "THREE T3.1 2 chrX 261 320 - 81 140 61 120 0",
        "THREE T3.1 3 chrX 101 160 - 141 200 121 150 0",
        "BYSTANDER TB.1 1 chr2 901 930 + 1 30   ",
    ]
    assert len(rows) == 1 + 3 + 3 + 11


def test_exons_outside_the_frame_have_no_coding_positions(small: SmallPanel) -> None:
    # The frame of exon 2 alone: ATG at the start of exon 2, the stop codon at its end.
    small.transcript(0)["cds"] = [61, 120]
    small.change("chr2", 261, "ATG" + "GCC" * 18 + "TAA")
    small.data["junctions"] = []
    small.build()
    rows = [line.split("\t") for line in (small.output / "exons.tsv").read_text().splitlines()[1:4]]
    assert [row[9:] for row in rows] == [["", "", ""], ["1", "60", "0"], ["", "", ""]]


def test_phases_of_the_shipped_panel_are_those_of_its_exon_starts(demo_panel_directory: Path) -> None:
    rows = [line.split("\t") for line in (demo_panel_directory / "exons.tsv").read_text().splitlines()]
    phases = [row[11] for row in rows if row[:2] == ["TFE3", "NM_006521.6"]]
    assert phases == list("0220001120")
    starts = {row[2]: row[9] for row in rows if row[:2] == ["TFE3", "NM_006521.6"]}
    assert (starts["5"], starts["6"]) == ("781", "886")
    ends = {row[2]: row[10] for row in rows if row[:2] == ["ASPSCR1", "NM_024083.4"]}
    assert ends["7"] == "933"


def test_transcripts(whole: SmallPanel) -> None:
    found = records(whole.output / "transcripts.fa")
    assert list(found) == ["FIVE|T5.1", "THREE|T3.1", "BYSTANDER|TB.1"]
    assert found["FIVE|T5.1"] == FIVE_TRANSCRIPT
    assert found["THREE|T3.1"] == THREE_TRANSCRIPT
    assert len(found["BYSTANDER|TB.1"]) == 330


def test_unspliced_targets(whole: SmallPanel) -> None:
    found = records(whole.output / "introns.fa")
    assert list(found) == ["FIVE|unspliced", "THREE|unspliced"]
    assert found["FIVE|unspliced"] == whole.chromosomes["chr2"][100:500]
    assert found["THREE|unspliced"] == reverse_complement(whole.chromosomes["chrX"][100:480])


def test_index_holds_transcripts_and_unspliced_targets(whole: SmallPanel) -> None:
    found = records(whole.output / "index" / "panel.fa")
    assert found == records(whole.output / "transcripts.fa") | records(whole.output / "introns.fa")
    dictionary = (whole.output / "index" / "panel.dict").read_text()
    assert [line.split("\t")[1] for line in dictionary.splitlines()[1:]] == [f"SN:{name}" for name in found]
    assert "UR:" not in dictionary


def test_lower_case_bases_make_the_same_sequences(small: SmallPanel, whole: SmallPanel) -> None:
    small.chromosomes = {name: bases.lower() for name, bases in small.chromosomes.items()}
    small.build()
    for name in ("transcripts.fa", "introns.fa", "exons.tsv"):
        assert (small.output / name).read_bytes() == (whole.output / name).read_bytes()


def test_provenance(whole: SmallPanel) -> None:
    found: dict[str, Any] = json.loads((whole.output / "panel.json").read_text())
    assert set(found) == {
        "name",
        "version",
        "title",
        "build",
        "checksum",
        "software",
        "reference_kind",
        "reference_authenticated",
        "genome_file",
        "annotation",
        "repeats_marked",
        "whole_genome_specificity",
        "genome_pass",
        "contigs",
        "checks",
        "transcripts",
        "unspliced",
        "spec",
    }
    assert (found["name"], found["version"], found["build"]) == ("small", "1", "GRCh38")
    assert (found["reference_kind"], found["reference_authenticated"]) == ("genome", False)
    assert found["genome_file"] == "genome.fa"
    assert [contig["chrom"] for contig in found["contigs"]] == ["chr2", "chrX"]
    assert all(contig["length"] == 2000 and len(contig["md5"]) == 32 for contig in found["contigs"])
    assert found["transcripts"][1] == {
        "gene": "THREE",
        "transcript": "T3.1",
        "chrom": "chrX",
        "strand": "-",
        "primary": True,
        "length": 200,
        "cds": [21, 170],
    }
    assert found["unspliced"][1] == {
        "gene": "THREE",
        "chrom": "chrX",
        "strand": "-",
        "start": 101,
        "end": 480,
    }
    assert {(check["name"], check["passed"]) for check in found["checks"]} == {
        ("intron_ends", True),
        ("reading_frame", True),
        ("published_junction", True),
        ("genome_uniqueness", True),
    }
    # The small genome lists no chromosomes of its build, so that nobody can say it is whole.
    assert found["whole_genome_specificity"] is False
    assert found["genome_pass"]["bases"] == found["genome_pass"]["called_bases"] == 4000
    assert found["annotation"] is None
    assert str(whole.directory) not in json.dumps(found)


def test_no_file_names_the_place_where_it_was_made(whole: SmallPanel) -> None:
    for name, content in contents(whole.output).items():
        assert str(whole.directory).encode() not in content, name


def table_of(panel: Panel) -> dict[int, int]:
    table = read_kmers(panel.directory)
    return dict(zip(table.kmers.tolist(), table.genes.tolist(), strict=True))


def kmers_of(sequence: str) -> list[int]:
    found: list[int] = canonical_kmers(sequence.upper().encode(), KMER_LENGTH).tolist()
    return found


def test_kmers_of_transcripts_unspliced_targets_and_junctions(whole: SmallPanel) -> None:
    """The introns are so short that their flanks cover them; the partner's are not looked for."""
    chr2, chr_x = whole.chromosomes["chr2"], whole.chromosomes["chrX"]
    bystander = records(whole.output / "transcripts.fa")["BYSTANDER|TB.1"]
    looked_for = [FIVE_TRANSCRIPT, THREE_TRANSCRIPT, bystander, chr2[100:500], chr_x[100:480]]
    looked_for.append(FIVE_TRANSCRIPT[100:120] + THREE_TRANSCRIPT[80:100])
    table = table_of(load_panel(whole.output))
    assert set(table) == {kmer for sequence in looked_for for kmer in kmers_of(sequence)}
    assert {table[kmer] for kmer in kmers_of(FIVE_TRANSCRIPT)} == {0}
    assert {table[kmer] for kmer in kmers_of(THREE_TRANSCRIPT)} == {1}
    assert {table[kmer] for kmer in kmers_of(bystander)} == {2}


def test_kmers_of_repeats(small: SmallPanel) -> None:
    """Soft-masked bases are left out of introns and of partners, not of the exons of targets."""
    chr2 = small.chromosomes["chr2"]
    masked = {"intron of FIVE": (191, 230), "exon of FIVE": (261, 320), "exon of BYSTANDER": (991, 1020)}
    for first, last in masked.values():
        small.change("chr2", first, chr2[first - 1 : last].lower())
    table = set(table_of(small.build()))
    found = {name: set(kmers_of(chr2[first - 1 : last])) & table for name, (first, last) in masked.items()}
    assert [name for name, kmers in found.items() if kmers] == ["exon of FIVE"]
    assert len(found["exon of FIVE"]) == 40
    # The bases beside the repeat are looked for up to its border, those of the exon in front included.
    assert set(kmers_of(chr2[140:190])) <= table
    assert set(kmers_of(chr2[230:280])) <= table


def test_kmers_of_a_long_intron_are_those_of_its_edges(small: SmallPanel) -> None:
    exons = [[1401, 1480], *THREE_EXONS[1:]]
    chr_x = with_gene(random_bases(2000, seed=24), THREE_TRANSCRIPT, exons, "-")
    small.chromosomes["chrX"], small.transcript(1)["exons"] = chr_x, exons
    table = set(table_of(small.build()))
    # The intron is 321 to 1400; 200 nt from either end are kept.
    assert set(kmers_of(chr_x[300:520])) <= table
    assert set(kmers_of(chr_x[1200:1420])) <= table
    assert not set(kmers_of(chr_x[520:1200])) & table


def test_two_builds_are_identical(whole: SmallPanel, small: SmallPanel) -> None:
    small.build()
    assert contents(small.output) == contents(whole.output)


# ---- which reference is refused


def test_one_splice_site_of_a_target(small: SmallPanel) -> None:
    small.change("chr2", 161, "CT")
    message = refusal(small, ReferenceProofError)
    assert message.startswith(str(small.genome_path))
    assert "FIVE|T5.1: 1 of 2 introns run from GT or GC to AG (intron 1 CT..AG)" in message
    assert "give an unaltered GRCh38 genome" in message
    assert "(and" not in message


def test_one_splice_site_of_a_target_on_the_minus_strand(small: SmallPanel) -> None:
    small.change("chrX", 321, "TT")  # in front of exon 2, whose acceptor then reads AA
    assert "THREE|T3.1: 1 of 2 introns run from GT or GC to AG (intron 1 GT..AA)" in refusal(
        small, ReferenceProofError
    )


def test_stop_codon_in_the_frame_of_a_target(small: SmallPanel) -> None:
    small.change("chr2", 114, "TAA")  # the codon behind ATG at 111
    assert "FIVE|T5.1: reading frame stops at codon 2 of 60" in refusal(small, ReferenceProofError)


def test_two_faults(small: SmallPanel) -> None:
    small.change("chr2", 161, "CT")
    small.change("chr2", 114, "TAA")
    assert "(intron 1 CT..AG) (and 1 more); give an unaltered" in refusal(small, ReferenceProofError)


def test_published_sequence_that_ends_differently(small: SmallPanel) -> None:
    left, right = JUNCTION_SEQUENCE.split("|")
    other = "A" if right[0] != "A" else "C"
    small.data["junctions"][0]["sequence"] = f"{left}|{other}{right[1:]}"
    message = refusal(small, ReferenceProofError)
    assert "main: published sequence of 30 + 30 nt not found at the stated exon ends" in message
    assert "1 of 30 bases differ on the 3' side" in message


@pytest.mark.parametrize("shift", [-1, 1])
def test_locus_shifted_by_one_base(small: SmallPanel, shift: int) -> None:
    chr_x = small.chromosomes.pop("chrX")
    small.chromosomes[f"chrX:{51 + shift}-{1000 + shift}"] = chr_x[50:1000]
    message = refusal(small, ReferenceProofError)
    assert "is not the reference that the panel states: THREE|T3.1: 0 of 2 introns" in message
    assert "(and 2 more)" in message


def test_shift_within_a_partner(small: SmallPanel) -> None:
    bystander = small.chromosomes["chr2"]
    small.chromosomes["chr2"] = bystander[:800] + "A" + bystander[800:-1]
    assert "BYSTANDER|TB.1: 0 of 10 introns" in refusal(small, ReferenceProofError)


def test_a_genome_in_lower_case_throughout_is_not_taken_for_repeats(small: SmallPanel) -> None:
    (small.directory / "lower").mkdir()
    lower = SmallPanel.in_directory(small.directory / "lower")
    for name, bases in small.chromosomes.items():
        lower.change(name, 1, bases.lower())
    found, upper = (read_kmers(panel.build().directory).kmers.tolist() for panel in (lower, small))
    assert set(found) == set(upper)


def test_masked_chromosome(small: SmallPanel) -> None:
    small.chromosomes["chrX"] = "N" * 2000
    assert "THREE|T3.1: 200 of 200 bases are not called (N)" in refusal(small, ReferenceProofError)


def test_genome_without_a_gene(small: SmallPanel) -> None:
    del small.chromosomes["chrX"]
    assert "does not hold chrX:101-480 (found 1 records: chr2)" in refusal(small, ReferenceProofError)


# ---- what is tolerated, and recorded


def test_one_unusual_intron_of_ten_in_a_partner(small: SmallPanel) -> None:
    small.change("chr2", 931, "GA")
    text = "BYSTANDER|TB.1: 9 of 10 introns run from GT or GC to AG (intron 1 GA..AG)"
    assert checks(small.build())[text]


def test_gene_of_one_exon_has_no_introns_to_prove(small: SmallPanel) -> None:
    small.transcript(2)["exons"] = BYSTANDER_EXONS[:1]
    assert not [text for text in checks(small.build()) if text.startswith("BYSTANDER")]


def test_gene_of_two_exons_has_one(small: SmallPanel) -> None:
    small.transcript(2)["exons"] = BYSTANDER_EXONS[:2]
    assert checks(small.build())["BYSTANDER|TB.1: 1 of 1 introns run from GT or GC to AG"]


def test_two_unusual_introns_of_ten_in_a_partner(small: SmallPanel) -> None:
    small.change("chr2", 931, "GA")
    small.change("chr2", 1021, "GA")
    text = "BYSTANDER|TB.1: 8 of 10 introns run from GT or GC to AG (intron 1 GA..AG, intron 2 GA..AG)"
    assert not checks(small.build())[text]


def test_one_substitution_far_from_the_junction(small: SmallPanel) -> None:
    other = "A" if JUNCTION_SEQUENCE[0] != "A" else "C"
    small.data["junctions"][0]["sequence"] = other + JUNCTION_SEQUENCE[1:]
    assert checks(small.build())["main: published sequence of 30 + 30 nt found in place"]


def test_published_sequence_of_another_fusion(small: SmallPanel) -> None:
    small.data["junctions"].append(
        {
            **small.data["junctions"][0],
            "id": "other",
            "five_prime": {"gene": "BYSTANDER", "exon": 1},
            "sequence": "ACGTACGTACGT|ACGTACGTACGT",
        }
    )
    (text,) = (text for text in checks(small.build()) if text.startswith("other: "))
    assert "not found at the stated exon ends" in text
    found = json.loads((small.output / "panel.json").read_text())["checks"]
    assert [check["passed"] for check in found if check["text"] == text] == [False]


# ---- kinds of reference


def test_loci(small: SmallPanel, whole: SmallPanel) -> None:
    small.chromosomes = {f"{name}:51-1950": bases[50:1950] for name, bases in small.chromosomes.items()}
    panel = small.build()
    assert panel.provenance["reference_kind"] == "loci"
    assert not panel.provenance["reference_authenticated"]
    for name in ("transcripts.fa", "introns.fa", "exons.tsv", "kmers.npz"):
        assert (small.output / name).read_bytes() == (whole.output / name).read_bytes()


def test_loci_that_another_transcript_exceeds_leave_it_out_and_say_so(small: SmallPanel) -> None:
    longer = {**small.transcript(0), "id": "T5.2", "primary": False, "cds": None}
    longer["exons"] = [[61, 160], *FIVE_EXONS[1:]]
    small.data["genes"][0]["transcripts"].append(longer)
    small.chromosomes["chr2:101-1950"] = small.chromosomes.pop("chr2")[100:1950]
    panel = small.build()
    assert "FIVE|T5.2" not in panel.transcripts
    assert panel.unspliced["FIVE"].start == 100
    assert not checks(panel)["FIVE|T5.2: reaches beyond the locus given, left out"]


def test_loci_that_cut_a_primary_transcript_are_refused(small: SmallPanel) -> None:
    small.chromosomes["chr2:102-1950"] = small.chromosomes.pop("chr2")[101:1950]
    assert "does not hold chr2:101-500" in refusal(small, ReferenceProofError)


def test_genome_is_authentic_when_every_checksum_is_known(small: SmallPanel, whole: SmallPanel) -> None:
    contigs = json.loads((whole.output / "panel.json").read_text())["contigs"]
    chromosomes = {contig["chrom"]: {"md5": contig["md5"]} for contig in contigs}
    small.data["genome"]["chromosomes"] = chromosomes
    assert small.build().provenance["reference_authenticated"]


def test_genome_is_authentic_without_the_checksums_of_partners(small: SmallPanel, whole: SmallPanel) -> None:
    contigs = json.loads((whole.output / "panel.json").read_text())["contigs"]
    small.data["genome"]["chromosomes"] = {contig["chrom"]: {"md5": contig["md5"]} for contig in contigs}
    small.chromosomes["chr5"] = small.chromosomes["chr2"]
    small.transcript(2)["chrom"] = "chr5"
    assert small.build().provenance["reference_authenticated"]


def test_genome_with_one_unknown_checksum_is_not_authentic(small: SmallPanel, whole: SmallPanel) -> None:
    contig = json.loads((whole.output / "panel.json").read_text())["contigs"][0]
    small.data["genome"]["chromosomes"] = {contig["chrom"]: {"md5": contig["md5"]}}
    assert not small.build().provenance["reference_authenticated"]


def test_demonstration_reference(small: SmallPanel) -> None:
    # The demonstration needs room in front of the first gene for its mark.
    small.data["genes"].pop()
    small.write()
    genome = small.directory / "demo.fa.gz"
    write_demonstration_reference(demonstration_reference(load_panel_spec(small.yaml_path)), genome)
    panel = build_panel(small.yaml_path, genome, None, small.output)
    assert panel.provenance["reference_kind"] == "demonstration"
    assert not panel.provenance["reference_authenticated"]


def test_shipped_panel_passes_its_proofs_on_the_demonstration_reference(demo_panel: Panel) -> None:
    failed = [text for text, passed in checks(demo_panel).items() if not passed]
    primary = {transcript.key for transcript in demo_panel.primary.values()}
    assert not [text for text in failed if text.split(":")[0] in primary]
    assert not [text for text in failed if "published sequence" in text]


# ---- what the YAML states can not be


def test_transcripts_of_a_gene_on_two_strands(small: SmallPanel) -> None:
    small.data["genes"][2]["transcripts"].append(
        {"id": "TB.2", "chrom": "chr2", "strand": "-", "exons": BYSTANDER_EXONS[::-1]}
    )
    message = refusal(small, PanelError)
    assert message.startswith(f"{small.yaml_path}, key genes: transcripts of BYSTANDER lie on more than one")


def test_two_junctions_of_the_same_bases(small: SmallPanel) -> None:
    # c.110 is the last base of exon 2, which the first junction names by the exon alone.
    twin = {
        **small.data["junctions"][0],
        "id": "twin",
        "five_prime": {"gene": "FIVE", "exon": 2, "coding_position": 110},
    }
    small.data["junctions"].append(twin)
    assert "key junctions: junctions main and twin join the same bases; keep one" in refusal(
        small, PanelError
    )


# ---- genes given by name, exons from a GTF


def gtf_lines(gene: str, transcript: str, chrom: str, strand: str, exons: Iterable[list[int]]) -> str:
    attributes = f'gene_id "{gene}"; transcript_id "{transcript}"; gene_name "{gene}";'
    return "".join(f"{chrom}\tx\texon\t{a}\t{b}\t.\t{strand}\t.\t{attributes}\n" for a, b in exons)


def by_name_only(small: SmallPanel) -> Path:
    """Take the exons out of the panel and put those of the targets, and their frames, into a GTF."""
    for gene in small.data["genes"]:
        del gene["transcripts"]
    path = small.directory / "genes.gtf"
    text = gtf_lines("FIVE", "T5.1", "2", "+", FIVE_EXONS) + gtf_lines("THREE", "T3.1", "X", "-", THREE_EXONS)
    text += gtf_lines("BYSTANDER", "TB.1", "chr2", "+", BYSTANDER_EXONS)
    for frame in (
        gtf_lines("FIVE", "T5.1", "2", "+", [[111, 490]]),
        gtf_lines("THREE", "T3.1", "X", "-", [[131, 460]]),
    ):
        text += frame.replace("exon", "CDS")
    path.write_text(text, encoding="ascii")
    return path


def test_gene_names_and_gtf_make_the_same_panel(small: SmallPanel, whole: SmallPanel) -> None:
    small.build(by_name_only(small))
    ours, theirs = contents(small.output), contents(whole.output)
    assert {name for name in ours if ours[name] != theirs[name]} == {"panel.json"}
    found = json.loads(ours["panel.json"])
    assert found["spec"]["genes"][0]["transcripts"][0]["source"] == "genes.gtf"
    assert found["transcripts"] == json.loads(theirs["panel.json"])["transcripts"]


def test_gene_names_without_gtf(small: SmallPanel) -> None:
    by_name_only(small)
    message = refusal(small, PanelError)
    assert message.startswith(
        f"{small.yaml_path}, key genes: gives no exons for FIVE; give an annotation with --gtf"
    )


def test_junction_beyond_the_exons_of_the_gtf(small: SmallPanel) -> None:
    gtf = by_name_only(small)
    small.data["junctions"][0]["five_prime"]["exon"] = 4
    message = refusal(small, PanelError, gtf)
    assert message.startswith(str(small.yaml_path))
    assert "junction main names exon 4 of T5.1, which has 3 exons (FIVE)" in message


def test_gene_that_the_gtf_lacks(small: SmallPanel) -> None:
    gtf = by_name_only(small)
    small.data["genes"][2]["symbol"] = "PASSERBY"
    assert f"{gtf}: has no exons of gene PASSERBY" in refusal(small, PanelError, gtf)


def test_gtf_is_read_only_for_genes_without_exons(small: SmallPanel) -> None:
    gtf = by_name_only(small)
    small.data["genes"][2]["transcripts"] = [
        {"id": "MINE.1", "primary": True, "chrom": "chr2", "strand": "+", "exons": BYSTANDER_EXONS[:2]}
    ]
    assert [t.name for t in small.build(gtf).primary.values()] == ["T5.1", "T3.1", "MINE.1"]


# ---- the output directory

Build = Callable[[Path, Path, Path | None, Path], Panel]


def test_existing_panel_is_kept_without_force(small: SmallPanel) -> None:
    small.build()
    before = contents(small.output)
    with pytest.raises(PanelError, match="panel: exists already; name another directory or give --force"):
        small.build()
    assert contents(small.output) == before


def test_existing_panel_is_replaced_with_force(small: SmallPanel) -> None:
    small.build()
    small.data["version"] = "2"
    small.write()
    panel = replace_panel(small.yaml_path, small.genome_path, None, small.output)
    assert panel.spec.version == "2"
    assert panel.directory == small.output
    assert sorted(path.name for path in small.directory.iterdir()) == ["genome.fa", "panel", "small.yaml"]


@pytest.mark.parametrize("build", [build_panel, replace_panel])
@pytest.mark.parametrize("existing", [True, False])
def test_new_or_empty_directory(small: SmallPanel, build: Build, existing: bool) -> None:
    small.write()
    output = small.directory / "some" / "where"
    if existing:
        output.mkdir(parents=True)
    panel = build(small.yaml_path, small.genome_path, None, output)
    assert panel.primary["FIVE"].sequence == FIVE_TRANSCRIPT
    assert [path.name for path in output.parent.iterdir()] == ["where"]
    assert output.stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_parents_are_not_made_for_a_refused_reference(small: SmallPanel) -> None:
    small.change("chr2", 161, "CT")
    small.write()
    with pytest.raises(ReferenceProofError):
        build_panel(small.yaml_path, small.genome_path, None, small.directory / "some" / "where")
    assert not (small.directory / "some").exists()


def test_failed_replacement_leaves_the_former_panel(small: SmallPanel) -> None:
    small.build()
    before = contents(small.directory)
    small.change("chr2", 161, "CT")
    small.write()
    with pytest.raises(ReferenceProofError):
        replace_panel(small.yaml_path, small.genome_path, None, small.output)
    after = contents(small.directory)
    assert {name for name in after if after[name] != before.get(name)} == {"genome.fa"}
    assert set(after) == set(before)


def foreign(directory: Path) -> None:
    (directory / "thesis.txt").write_text("years of work")


def foreign_with_a_file_of_that_name(directory: Path) -> None:
    foreign(directory)
    (directory / "panel.json").write_text("{}")


def panel_with_something_besides(directory: Path) -> None:
    SmallPanel.in_directory(directory.parent).build()
    foreign(directory)


@pytest.mark.parametrize(
    "fill",
    [foreign, foreign_with_a_file_of_that_name, panel_with_something_besides],
    ids=lambda f: f.__name__,
)
def test_foreign_directory_is_never_deleted(small: SmallPanel, fill: Callable[[Path], None]) -> None:
    small.write()
    if fill is not panel_with_something_besides:
        small.output.mkdir()
    fill(small.output)
    before = contents(small.output)
    with pytest.raises(PanelError, match=r"panel: exists and is no panel directory \(it holds thesis\.txt\)"):
        replace_panel(small.yaml_path, small.genome_path, None, small.output)
    with pytest.raises(PanelError, match="exists already"):
        build_panel(small.yaml_path, small.genome_path, None, small.output)
    assert contents(small.output) == before


def test_panel_made_by_the_workflow_can_be_replaced(small: SmallPanel) -> None:
    small.build()
    (small.output / ".snakemake_timestamp").touch()
    replace_panel(small.yaml_path, small.genome_path, None, small.output)
    assert ".snakemake_timestamp" not in names(small.output)


def test_damaged_panel_directory_can_be_replaced(small: SmallPanel) -> None:
    small.build()
    (small.output / "kmers.npz").unlink()
    (small.output / "panel.json").write_text("")
    panel = replace_panel(small.yaml_path, small.genome_path, None, small.output)
    assert read_kmers(panel.directory).k == KMER_LENGTH


@pytest.mark.parametrize("build", [build_panel, replace_panel])
def test_file_in_the_place_of_the_directory(small: SmallPanel, build: Build) -> None:
    small.write()
    small.output.write_text("precious")
    with pytest.raises(PanelError, match="panel: exists"):
        build(small.yaml_path, small.genome_path, None, small.output)
    assert small.output.read_text() == "precious"


# ---- the command


def command(small: SmallPanel, *more: str) -> int:
    small.write()
    arguments = ["--panel", small.yaml_path, "--genome", small.genome_path, "--output", small.output]
    return main(["panel", "build", *map(str, arguments), *more])


def test_command_says_what_was_proved(small: SmallPanel, capsys: pytest.CaptureFixture[str]) -> None:
    small.change("chr2", 931, "GA")
    small.change("chr2", 1021, "GA")
    assert command(small) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{small.output}: 3 genes, 3 transcripts, reference genome, 7 of 8 checks passed, "
        "sequences not looked for in a whole genome",
        "  not passed: BYSTANDER|TB.1: 8 of 10 introns run from GT or GC to AG "
        "(intron 1 GA..AG, intron 2 GA..AG)",
    ]
    assert err == ""


@pytest.mark.parametrize("masked", [False, True])
def test_command_says_when_repeats_are_not_known(
    small: SmallPanel, capsys: pytest.CaptureFixture[str], masked: bool
) -> None:
    if masked:
        small.change("chr2", 191, small.chromosomes["chr2"][190:230].lower())
    small.chromosomes = {f"{name}:1-{len(bases)}": bases for name, bases in small.chromosomes.items()}
    assert command(small) == 0
    out, _ = capsys.readouterr()
    assert ("repeats are not known" in out) is not masked


def test_command_refuses_in_one_line_and_replaces_only_with_force(
    small: SmallPanel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(small) == 0
    capsys.readouterr()
    assert command(small) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"aspsfusion: error: {small.output}: exists already; name another directory or give --force\n"
    )
    assert command(small, "--force") == 0


def test_command_with_gtf(small: SmallPanel, capsys: pytest.CaptureFixture[str]) -> None:
    gtf = by_name_only(small)
    packed = gtf.with_suffix(".gtf.gz")
    packed.write_bytes(gzip.compress(gtf.read_bytes()))
    assert command(small, "--gtf", str(packed)) == 0
    assert "3 genes, 3 transcripts" in capsys.readouterr().out


# ---- bases that are not there


def test_n_inside_an_exon_of_a_target_refuses_the_genome(small: SmallPanel) -> None:
    small.change("chr2", 441, "NNN")
    with pytest.raises(ReferenceProofError, match=r"FIVE\|T5\.1: 3 of 200 bases are not called \(N\)"):
        small.build()


def test_n_inside_an_exon_of_another_gene_is_recorded(small: SmallPanel) -> None:
    small.change("chr2", 910, "N")
    panel = small.build()
    failed = [check["text"] for check in panel.provenance["checks"] if not check["passed"]]
    assert failed == ["BYSTANDER|TB.1: 1 of 330 bases are not called (N)"]


# ---- reading frames of a GTF


@pytest.mark.parametrize("counted_in", [True, False])
def test_a_gtf_without_lines_of_the_stop_codon(small: SmallPanel, counted_in: bool) -> None:
    transcript = small.data["genes"][0]["transcripts"].pop()
    del small.data["genes"][0]["transcripts"]
    first, last = FIVE_CDS[0], FIVE_CDS[1] - (0 if counted_in else 3)
    rows, offset = [], 0
    for start, end in transcript["exons"]:
        rows.append(("exon", start, end))
        low, high = max(start, start + first - 1 - offset), min(end, start + last - 1 - offset)
        rows.append(("CDS", low, high))
        offset += end - start + 1
    attributes = 'gene_id "G5"; transcript_id "T5.1"; gene_name "FIVE";'
    gtf = small.directory / "genes.gtf"
    gtf.write_text(
        "".join(f"chr2\tx\t{kind}\t{low}\t{high}\t.\t+\t.\t{attributes}\n" for kind, low, high in rows)
    )
    panel = small.build(gtf)
    assert panel.primary["FIVE"].cds == (FIVE_CDS[0] - 1, FIVE_CDS[1])
    frames = [check for check in panel.provenance["checks"] if check["name"] == "reading_frame"]
    assert all(check["passed"] for check in frames)
    assert panel.provenance["annotation"] == {
        "file": "genes.gtf",
        "checksum": hashlib.sha256(gtf.read_bytes()).hexdigest(),
    }
