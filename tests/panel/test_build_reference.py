"""Which references `panel build` refuses, which faults it tolerates and records."""

import json

import pytest

from aspsfusion.errors import ReferenceProofError
from aspsfusion.panel import checks as checks_module
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.known_bases import Stretch
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.panel.screen_index import read_kmers
from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference
from small_panel import (
    BYSTANDER_EXONS,
    FIVE_EXONS,
    FIVE_TRANSCRIPT,
    JUNCTION_SEQUENCE,
    SmallPanel,
)


def checks(panel: Panel) -> dict[str, bool]:
    return {check["text"]: check["passed"] for check in panel.provenance["checks"]}


# ---- which reference is refused


def test_one_splice_site_of_a_target(small: SmallPanel) -> None:
    small.change("chr2", 161, "CT")
    message = small.refusal(ReferenceProofError)
    assert message.startswith(str(small.genome_path))
    assert "FIVE|T5.1: 1 of 2 introns run from GT or GC to AG (intron 1 CT..AG)" in message
    assert "give an unaltered GRCh38 genome" in message
    assert "(and" not in message


def test_one_splice_site_of_a_target_on_the_minus_strand(small: SmallPanel) -> None:
    small.change("chrX", 321, "TT")  # in front of exon 2, whose acceptor then reads AA
    assert "THREE|T3.1: 1 of 2 introns run from GT or GC to AG (intron 1 GT..AA)" in small.refusal(
        ReferenceProofError
    )


def test_stop_codon_in_the_frame_of_a_target(small: SmallPanel) -> None:
    small.change("chr2", 114, "TAA")  # the codon behind ATG at 111
    assert "FIVE|T5.1: reading frame stops at codon 2 of 60" in small.refusal(ReferenceProofError)


def test_two_faults(small: SmallPanel) -> None:
    small.change("chr2", 161, "CT")
    small.change("chr2", 114, "TAA")
    assert "(intron 1 CT..AG) (and 1 more); give an unaltered" in small.refusal(ReferenceProofError)


def test_published_sequence_that_ends_differently(small: SmallPanel) -> None:
    left, right = JUNCTION_SEQUENCE.split("|")
    other = "A" if right[0] != "A" else "C"
    small.data["junctions"][0]["sequence"] = f"{left}|{other}{right[1:]}"
    message = small.refusal(ReferenceProofError)
    assert "main: published sequence of 30 + 30 nt not found at the stated exon ends" in message
    assert "1 of 30 bases differ on the 3' side" in message


@pytest.mark.parametrize("shift", [-1, 1])
def test_locus_shifted_by_one_base(small: SmallPanel, shift: int) -> None:
    chr_x = small.chromosomes.pop("chrX")
    small.chromosomes[f"chrX:{51 + shift}-{1000 + shift}"] = chr_x[50:1000]
    message = small.refusal(ReferenceProofError)
    assert "is not the reference that the panel states: THREE|T3.1: 0 of 2 introns" in message
    assert "(and 2 more)" in message


def test_shift_within_a_partner(small: SmallPanel) -> None:
    bystander = small.chromosomes["chr2"]
    small.chromosomes["chr2"] = bystander[:800] + "A" + bystander[800:-1]
    assert "BYSTANDER|TB.1: 0 of 10 introns" in small.refusal(ReferenceProofError)


def test_a_genome_in_lower_case_throughout_is_not_taken_for_repeats(small: SmallPanel) -> None:
    (small.directory / "lower").mkdir()
    lower = SmallPanel.in_directory(small.directory / "lower")
    for name, bases in small.chromosomes.items():
        lower.change(name, 1, bases.lower())
    found, upper = (read_kmers(panel.build().directory).kmers.tolist() for panel in (lower, small))
    assert set(found) == set(upper)


def test_masked_chromosome(small: SmallPanel) -> None:
    small.chromosomes["chrX"] = "N" * 2000
    assert "THREE|T3.1: 200 of 200 bases are not called (N)" in small.refusal(ReferenceProofError)


def test_genome_without_a_gene(small: SmallPanel) -> None:
    del small.chromosomes["chrX"]
    assert "does not hold chrX:101-480 (found 1 records: chr2)" in small.refusal(ReferenceProofError)


def test_a_real_base_that_is_another_one(small: SmallPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    stretches = (Stretch("chr2", 100, FIVE_TRANSCRIPT[:60]), Stretch("chr2", 900, "CAT"))
    monkeypatch.setattr(checks_module, "known_stretches", lambda build: stretches)
    other = "A" if FIVE_TRANSCRIPT[10 + 3] != "A" else "C"
    small.change("chr2", 114, other)
    message = small.refusal(ReferenceProofError)
    assert "FIVE|T5.1: 59 of 60 known bases found in place" in message
    assert f"{other} instead of {FIVE_TRANSCRIPT[13]} in exon 1 (chr2:114)" in message
    assert "may be a variant of a person; give an unaltered GRCh38 genome" in message


@pytest.mark.parametrize("kind", ["of a partner", "on a chromosome whose checksum is right"])
def test_real_bases_that_refuse_nothing(
    small: SmallPanel, whole: SmallPanel, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    places = {"of a partner": 900, "on a chromosome whose checksum is right": 100}
    other = "".join("ACGT"["CATG".index(base)] for base in small.chromosomes["chr2"][places[kind] :][:2])
    monkeypatch.setattr(
        checks_module, "known_stretches", lambda build: (Stretch("chr2", places[kind], other),)
    )
    contigs = json.loads((whole.output / "panel.json").read_text())["contigs"]
    small.data["genome"]["chromosomes"] = {contig["chrom"]: {"md5": contig["md5"]} for contig in contigs}
    (text,) = (text for text, passed in checks(small.build()).items() if not passed)
    assert "0 of 2 known bases found in place" in text


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
    assert "does not hold chr2:101-500" in small.refusal(ReferenceProofError)


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
    assert not [text for text in failed if "known bases" in text]


@pytest.mark.parametrize(("exon", "word"), [(6, "GCGGGAGCGGCTGCCTGTGT"), (5, "GCGGGAGCGGATTGATGATG")])
def test_published_words_across_the_joins_are_those_of_the_exon_ends(
    demo_panel: Panel, exon: int, word: str
) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    end, start = five.exons[6].tx_end, three.exons[exon - 1].tx_start
    assert (five.sequence[:end] + three.sequence[start:]).startswith(word, end - 10)
    names = [*demo_panel.transcripts, *(whole.key for whole in demo_panel.unspliced.values())]
    assert not [name for name in names if word in demo_panel.sequence_of(name)]


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
