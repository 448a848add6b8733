"""A panel on GRCh37 from a GTF of gene names, and a sample taken through it: every output names its build.

The genome is made up. It is the demonstration reference of the two target genes, moved to other positions
on contigs named `17` and `X`: ASPSCR1 by the 2,042,124 bases by which its locus differs between the builds,
TFE3 by some number. The BAM file has the lengths of GRCh37 in its header.
"""

import json
import random
from pathlib import Path

import pysam
import pytest
import yaml

from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.report.explain import explain_verdict
from aspsfusion.report.files import WRITERS
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Report
from bam_factory import GRCH37_LENGTHS, Record, pair, placed_pair, write_records
from small_panel import random_bases
from stages import Pair, fusion_molecule, report_files

SHIFT = {"chr17": -2_042_124, "chrX": -142_000}
READ, INSERT = 75, 180
TEXTS = {
    "confirmed": "{fusion} was found in the RNA of sample {sample}: {types}, {fragments} unique fragments.",
    "excluded": "{fusion} was not found in the RNA of sample {sample}.",
    "indeterminate": "The RNA of sample {sample} neither confirms nor excludes {fusion}. {reasons}",
}


def junction(identifier: str, exon: int) -> dict[str, object]:
    return {
        "id": identifier.replace(" ", "_"),
        "five_prime": {"gene": "ASPSCR1", "exon": 7},
        "three_prime": {"gene": "TFE3", "exon": exon},
        "type": identifier,
        "direction": "diagnostic",
        "evidence": "published_sequence",
        "source": "made for the test",
    }


def write_genome(panel: Panel, demo: Path, output: Path) -> None:
    """The loci of the two genes at other positions, under names of GRCh37."""
    with pysam.FastxFile(str(demo)) as source, output.open("w") as out:
        for record in source:
            chrom, span = str(record.name).split(":")
            start, end = (int(number) for number in span.split("-"))
            genes = [panel.primary[gene] for gene in panel.unspliced]
            if any(g.chrom == chrom and start <= min(e.start for e in g.exons) < end for g in genes):
                by = SHIFT[chrom]
                out.write(f">{chrom.removeprefix('chr')}:{start + by}-{end + by}\n{record.sequence}\n")


def write_gtf(panel: Panel, output: Path) -> None:
    """The exons and reading frames of the primary transcripts on GRCh37, named as Ensembl does."""
    lines = []
    for gene in panel.unspliced:
        transcript = panel.primary[gene]
        by, contig = SHIFT[transcript.chrom], transcript.chrom.removeprefix("chr")
        assert transcript.cds is not None
        ends = [transcript.to_genome(base) for base in (transcript.cds[0], transcript.cds[1] - 1)]
        frame = (min(ends), max(ends) + 1)
        for number, exon in enumerate(transcript.exons, start=1):
            names = f'gene_id "{gene}"; transcript_id "T_{gene}"; gene_name "{gene}"; exon_number "{number}";'
            spans = {"exon": (exon.start, exon.end)}
            coding = (max(exon.start, frame[0]), min(exon.end, frame[1]))
            if coding[0] < coding[1]:
                spans["CDS"] = coding
            for kind, (start, end) in spans.items():
                place = f"{start + 1 + by}\t{end + by}\t.\t{transcript.strand}"
                lines.append(f"{contig}\tmade\t{kind}\t{place}\t.\t{names}\n")
    output.write_text("".join(lines))


@pytest.fixture(scope="module")
def panel_directory(demo_panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The panel on GRCh37."""
    place = tmp_path_factory.mktemp("grch37")
    demo = load_panel(demo_panel_directory)
    write_genome(demo, demo_panel_directory.parent / "demo.fa.gz", place / "genome.fa")
    write_gtf(demo, place / "genes.gtf")
    panel = {
        "schema_version": 1,
        "name": "on_grch37",
        "version": "1",
        "title": "panel on another build",
        "genome": {"build": "GRCh37"},
        "target": {"five_prime": "ASPSCR1", "three_prime": "TFE3", "disease": "a disease"},
        "genes": [{"symbol": gene, "roles": ["target"]} for gene in ("ASPSCR1", "TFE3")],
        "junctions": [junction("type 1", 6), junction("type 2", 5)],
        "texts": TEXTS,
    }
    (place / "panel.yaml").write_text(yaml.safe_dump(panel))
    build_panel(place / "panel.yaml", place / "genome.fa", place / "genes.gtf", place / "panel")
    return place / "panel"


@pytest.fixture(scope="module")
def report(panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A sample with type 1, given as a BAM file on GRCh37."""
    panel, source = load_panel(panel_directory), random.Random(37)
    records: list[Record] = pair("nowhere", random_bases(READ, seed=1), random_bases(READ, seed=2))
    for gene, contig, position in (("ASPSCR1", "17", 79_950_000), ("TFE3", "X", 48_890_000)):
        sequence = panel.primary[gene].sequence
        for number in range(60):
            start = source.randrange(len(sequence) - INSERT)
            reads = Pair("", sequence[start : start + INSERT], READ).reads()
            records += placed_pair(f"{gene}{number}", reads[0], reads[1], contig, position)
    molecule, before = fusion_molecule(panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    for number in range(12):
        start = before - 30 - number
        records += pair(f"f{number}", *Pair("", molecule[start : start + INSERT + number], READ).reads())
    directory = tmp_path_factory.mktemp("sample")
    return report_files(
        panel_directory, directory, write_records(directory / "x.bam", records, GRCH37_LENGTHS)
    )


def test_a_sample_on_grch37_is_confirmed_at_its_positions(
    report: Report, panel_directory: Path, demo_panel: Panel
) -> None:
    assert report.verdict.call == "CONFIRMED"
    (fusion,) = report.fusions
    assert (fusion.type, fusion.five_prime.chrom, fusion.five_prime.pos) == ("type 1", "chr17", 79_954_722)
    acceptor = demo_panel.primary["TFE3"]
    there = acceptor.to_genome(acceptor.exons[5].tx_start) + 1 + SHIFT["chrX"]
    assert (fusion.three_prime.chrom, fusion.three_prime.pos) == ("chrX", there)
    assert report.qc.input == "BAM aligned to GRCh37 by aligner"


def test_every_output_names_its_build(report: Report, panel_directory: Path, tmp_path: Path) -> None:
    assert json.loads((panel_directory / "panel.json").read_text())["build"] == "GRCh37"
    assert report.panel.build == report.qc.input_build == "GRCh37"
    write_json(report, tmp_path / "x.report.json")
    for suffix in (".report.html", ".fusions.tsv", ".fusions.vcf.gz"):
        WRITERS[suffix](report, tmp_path / f"x{suffix}")
    with pysam.VariantFile(str(tmp_path / "x.fusions.vcf.gz")) as breakends:
        header = str(breakends.header)
        assert ("chr17", 79_954_722) in {(record.chrom, record.pos) for record in breakends}
    texts = {
        "json": (tmp_path / "x.report.json").read_text(),
        "page": (tmp_path / "x.report.html").read_text(),
        "table": (tmp_path / "x.fusions.tsv").read_text(),
        "breakends": header,
        "explanation": explain_verdict(report),
    }
    for name, text in texts.items():
        assert "GRCh37" in text, name
        assert "GRCh38" not in text, name
