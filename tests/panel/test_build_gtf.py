"""Panels that name genes and take their exons from a GTF."""

import gzip
import hashlib
import json

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import PanelError
from small_panel import BYSTANDER_EXONS, FIVE_CDS, SmallPanel, by_name_only, contents

# ---- genes given by name, exons from a GTF


def test_gene_names_and_gtf_make_the_same_panel(small: SmallPanel, whole: SmallPanel) -> None:
    small.build(by_name_only(small))
    ours, theirs = contents(small.output), contents(whole.output)
    assert {name for name in ours if ours[name] != theirs[name]} == {"panel.json"}
    found = json.loads(ours["panel.json"])
    assert found["spec"]["genes"][0]["transcripts"][0]["source"] == "genes.gtf"
    assert found["transcripts"] == json.loads(theirs["panel.json"])["transcripts"]


def test_gene_names_without_gtf(small: SmallPanel) -> None:
    by_name_only(small)
    message = small.refusal(PanelError)
    assert message.startswith(
        f"{small.yaml_path}, key genes: gives no exons for FIVE; give an annotation with --gtf"
    )


def test_junction_beyond_the_exons_of_the_gtf(small: SmallPanel) -> None:
    gtf = by_name_only(small)
    small.data["junctions"][0]["five_prime"]["exon"] = 4
    message = small.refusal(PanelError, gtf)
    assert message.startswith(str(small.yaml_path))
    assert "junction main names exon 4 of T5.1, which has 3 exons (FIVE)" in message


def test_gene_that_the_gtf_lacks(small: SmallPanel) -> None:
    gtf = by_name_only(small)
    small.data["genes"][2]["symbol"] = "PASSERBY"
    assert f"{gtf}: has no exons of gene PASSERBY" in small.refusal(PanelError, gtf)


def test_gtf_is_read_only_for_genes_without_exons(small: SmallPanel) -> None:
    gtf = by_name_only(small)
    small.data["genes"][2]["transcripts"] = [
        {"id": "MINE.1", "primary": True, "chrom": "chr2", "strand": "+", "exons": BYSTANDER_EXONS[:2]}
    ]
    assert [t.name for t in small.build(gtf).primary.values()] == ["T5.1", "T3.1", "MINE.1"]


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


def test_command_with_gtf(small: SmallPanel, capsys: pytest.CaptureFixture[str]) -> None:
    gtf = by_name_only(small)
    packed = gtf.with_suffix(".gtf.gz")
    packed.write_bytes(gzip.compress(gtf.read_bytes()))
    small.write()
    files = ["--panel", small.yaml_path, "--genome", small.genome_path, "--gtf", packed]
    assert main(["panel", "build", *map(str, files), "--output", str(small.output)]) == 0
    assert "3 genes, 3 transcripts" in capsys.readouterr().out
