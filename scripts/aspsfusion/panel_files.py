"""Writes the files of a panel directory."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aspsfusion import __version__
from aspsfusion.genome import GenomePieces
from aspsfusion.genome_uniqueness import Uniqueness
from aspsfusion.io.bwa import build_index
from aspsfusion.kmers import index_panel
from aspsfusion.panel import Panel
from aspsfusion.panel_layout import (
    EXONS_TABLE,
    INDEX_PREFIX,
    KMER_TABLE,
    PROVENANCE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
)
from aspsfusion.proof import Check
from aspsfusion.screened import screened_sequences
from aspsfusion.specificity import SPECIFICITY_TABLE, write_specificity

FASTA_WIDTH = 80


def provenance_of(
    panel: Panel,
    genome: GenomePieces,
    checks: Sequence[Check],
    uniqueness: Uniqueness | None,
    sources: tuple[Path, Path, Path | None],
) -> dict[str, Any]:
    """Return panel.json: what the panel is, what it was built from and what was proved of it.

    Args:
        panel: proved panel.
        genome: where its sequences came from.
        checks: outcome of the proof.
        uniqueness: outcome of the pass over the whole genome, None when the panel is built from loci.
        sources: panel YAML and annotation GTF (or None), for their checksums, and between them the genome
            FASTA, for its name; paths are left out so that equal panels have equal files.
    """
    yaml_path, genome_path, gtf_path = sources
    kind = "genome" if genome.whole_chromosomes else "loci"
    # The verdict rests on the targets; published checksums are only known for their chromosomes.
    decisive = {panel.primary[gene].chrom for gene in panel.spec.genes_with_role("target")}
    authenticated = all(contig.authenticated for contig in genome.contigs if contig.chrom in decisive)
    return {
        "name": panel.spec.name,
        "version": panel.spec.version,
        "title": panel.spec.title,
        "build": panel.spec.genome.build,
        "checksum": hashlib.sha256(yaml_path.read_bytes()).hexdigest(),
        "software": f"aspsfusion {__version__}",
        "reference_kind": "demonstration" if genome.demonstration else kind,
        "reference_authenticated": authenticated and not genome.demonstration,
        "genome_file": genome_path.name,
        "annotation": (
            None
            if gtf_path is None
            else {"file": gtf_path.name, "checksum": hashlib.sha256(gtf_path.read_bytes()).hexdigest()}
        ),
        "repeats_marked": genome.soft_masked,
        "whole_genome_specificity": uniqueness is not None and uniqueness.whole_genome,
        "genome_pass": None if uniqueness is None else uniqueness.provenance(),
        "contigs": [
            {
                "contig": contig.name,
                "chrom": contig.chrom,
                "length": contig.length,
                "md5": contig.md5,
                "authenticated": contig.authenticated,
            }
            for contig in genome.contigs
        ],
        "checks": [{"name": check.name, "passed": check.passed, "text": check.text} for check in checks],
        "transcripts": [
            {
                "gene": t.gene,
                "transcript": t.name,
                "chrom": t.chrom,
                "strand": t.strand,
                "primary": t.primary,
                "length": len(t.sequence),
                "cds": None if t.cds is None else [t.cds[0] + 1, t.cds[1]],
            }
            for t in panel.transcripts.values()
        ],
        "unspliced": [
            {"gene": u.gene, "chrom": u.chrom, "strand": u.strand, "start": u.start + 1, "end": u.end}
            for u in panel.unspliced.values()
        ],
        "spec": panel.spec.model_dump(mode="json"),
    }


def write_panel(
    panel: Panel,
    genome: GenomePieces,
    provenance: dict[str, Any],
    uniqueness: Uniqueness | None,
    directory: Path,
) -> None:
    """Write a panel directory.

    Args:
        panel: proved panel.
        genome: its sequences with the case of the file.
        provenance: see `provenance_of`.
        uniqueness: outcome of the pass over the whole genome, None when the panel is built from loci.
        directory: to be created.
    """
    (directory / INDEX_PREFIX).parent.mkdir(parents=True)
    transcripts = _fasta((t.key, t.sequence) for t in panel.transcripts.values())
    unspliced = _fasta((u.key, u.sequence) for u in panel.unspliced.values())
    (directory / TRANSCRIPTS_FASTA).write_text(transcripts, encoding="ascii")
    (directory / UNSPLICED_FASTA).write_text(unspliced, encoding="ascii")
    (directory / EXONS_TABLE).write_text(_exon_table(panel), encoding="ascii")
    (directory / INDEX_PREFIX).write_text(transcripts + unspliced, encoding="ascii")
    build_index(directory / INDEX_PREFIX)
    _drop_locations((directory / INDEX_PREFIX).with_suffix(".dict"))
    specificity = uniqueness.specificity if uniqueness else None
    if specificity:
        write_specificity(specificity, directory / SPECIFICITY_TABLE)
    symbols = [gene.symbol for gene in panel.spec.genes]
    index_panel(screened_sequences(panel, genome, specificity), symbols=symbols).save(directory / KMER_TABLE)
    (directory / PROVENANCE).write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")


def _drop_locations(dictionary: Path) -> None:
    """Take the file's location (UR) out of a sequence dictionary: it is a scratch directory by now gone."""
    lines = [
        "\t".join(field for field in line.split("\t") if not field.startswith("UR:"))
        for line in dictionary.read_text(encoding="utf-8").splitlines()
    ]
    dictionary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fasta(records: Iterable[tuple[str, str]]) -> str:
    lines = []
    for name, sequence in records:
        lines.append(f">{name}")
        lines.extend(sequence[i : i + FASTA_WIDTH] for i in range(0, len(sequence), FASTA_WIDTH))
    return "\n".join(lines) + "\n"


def _exon_table(panel: Panel) -> str:
    """Return exons.tsv, 1-based inclusive; cds_start and cds_end are c. positions, phase the start's."""
    rows = [
        "gene transcript exon chrom start end strand tx_start tx_end cds_start cds_end phase".replace(
            " ", "\t"
        )
    ]
    for transcript in panel.transcripts.values():
        for exon in transcript.exons:
            coding: tuple[object, object, object] = ("", "", "")
            if transcript.cds:
                first = max(exon.tx_start, transcript.cds[0])
                last = min(exon.tx_end, transcript.cds[1])
                if first < last:
                    start = first - transcript.cds[0]
                    coding = (start + 1, last - transcript.cds[0], start % 3)
            rows.append(
                "\t".join(
                    str(value)
                    for value in (
                        transcript.gene,
                        transcript.name,
                        exon.number,
                        transcript.chrom,
                        exon.start + 1,
                        exon.end,
                        transcript.strand,
                        exon.tx_start + 1,
                        exon.tx_end,
                        *coding,
                    )
                )
            )
    return "\n".join(rows) + "\n"
