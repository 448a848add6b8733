"""The panel directory: what is written, and what becomes of one that exists already."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.errors import PanelError, ReferenceProofError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native.genome import canonical_kmers
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.kmers import KMER_LENGTH
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.screen_index import read_kmers
from small_panel import (
    BYSTANDER_EXONS,
    FIVE_TRANSCRIPT,
    THREE_EXONS,
    THREE_TRANSCRIPT,
    SmallPanel,
    contents,
    random_bases,
    with_gene,
)


def records(path: Path) -> dict[str, str]:
    entries = path.read_text(encoding="ascii").split(">")[1:]
    return {entry.split("\n", 1)[0]: entry.split("\n", 1)[1].replace("\n", "") for entry in entries}


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
        "decoys",
        "spec",
        "files",
        "sha256",
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


# ---- what the YAML states cannot be


def test_transcripts_of_a_gene_on_two_strands(small: SmallPanel) -> None:
    small.data["genes"][2]["transcripts"].append(
        {"id": "TB.2", "chrom": "chr2", "strand": "-", "exons": BYSTANDER_EXONS[::-1]}
    )
    message = small.refusal(PanelError)
    assert message.startswith(
        f"{small.yaml_path}, key genes.2: transcripts of BYSTANDER lie on more than one"
    )


def test_two_junctions_of_the_same_bases(small: SmallPanel) -> None:
    # c.110 is the last base of exon 2, which the first junction names by the exon alone.
    twin = {
        **small.data["junctions"][0],
        "id": "twin",
        "five_prime": {"gene": "FIVE", "exon": 2, "coding_position": 110},
    }
    small.data["junctions"].append(twin)
    assert "key junctions: junctions main and twin join the same bases; keep one" in small.refusal(PanelError)


# ---- the output directory


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
    panel = build_panel(small.yaml_path, small.genome_path, None, small.output, force=True)
    assert panel.spec.version == "2"
    assert panel.directory == small.output
    assert sorted(path.name for path in small.directory.iterdir()) == ["genome.fa", "panel", "small.yaml"]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("existing", [True, False])
def test_new_or_empty_directory(small: SmallPanel, force: bool, existing: bool) -> None:
    small.write()
    output = small.directory / "some" / "where"
    if existing:
        output.mkdir(parents=True)
    panel = build_panel(small.yaml_path, small.genome_path, None, output, force=force)
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
        build_panel(small.yaml_path, small.genome_path, None, small.output, force=True)
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
    with pytest.raises(
        PanelError, match=r"panel: exists and is not a panel directory \(it holds thesis\.txt\)"
    ):
        build_panel(small.yaml_path, small.genome_path, None, small.output, force=True)
    with pytest.raises(PanelError, match="exists already"):
        build_panel(small.yaml_path, small.genome_path, None, small.output)
    assert contents(small.output) == before


def test_panel_made_by_the_workflow_can_be_replaced(small: SmallPanel) -> None:
    small.build()
    (small.output / ".snakemake_timestamp").touch()
    build_panel(small.yaml_path, small.genome_path, None, small.output, force=True)
    assert not (small.output / ".snakemake_timestamp").exists()


def test_damaged_panel_directory_can_be_replaced(small: SmallPanel) -> None:
    small.build()
    (small.output / "kmers.npz").unlink()
    (small.output / "panel.json").write_text("")
    panel = build_panel(small.yaml_path, small.genome_path, None, small.output, force=True)
    assert read_kmers(panel.directory).k == KMER_LENGTH


@pytest.mark.parametrize("force", [False, True])
def test_file_in_the_place_of_the_directory(small: SmallPanel, force: bool) -> None:
    small.write()
    small.output.write_text("precious")
    with pytest.raises(PanelError, match="panel: exists"):
        build_panel(small.yaml_path, small.genome_path, None, small.output, force=force)
    assert small.output.read_text() == "precious"
