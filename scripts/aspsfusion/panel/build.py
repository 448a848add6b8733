"""First stage: turns a panel YAML and a genome into the panel directory that all other stages read.

The reference is proved before anything is written (see `aspsfusion.panel.checks`), and the directory appears
under its final name only when it is complete.

Writes the files of a panel directory.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aspsfusion import __version__
from aspsfusion.errors import PanelError, ReferenceProofError
from aspsfusion.io.bwa import build_index
from aspsfusion.io.files import scratch_beside
from aspsfusion.panel.checks import STOP_CODONS, Check, prove
from aspsfusion.panel.gene_spec import GeneSpec, TranscriptSpec
from aspsfusion.panel.genome import GenomePieces, Region, read_regions
from aspsfusion.panel.kmers import index_panel
from aspsfusion.panel.layout import (
    EXONS_TABLE,
    INDEX_PREFIX,
    KMER_TABLE,
    PROVENANCE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
)
from aspsfusion.panel.loci import complete_spec, covered, gene_region, primary_regions
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.screen_targets import screened_sequences
from aspsfusion.panel.spec import PanelSpec, load_panel_spec
from aspsfusion.panel.specificity import SPECIFICITY_TABLE, write_specificity
from aspsfusion.panel.transcripts import Exon, Transcript, Unspliced
from aspsfusion.panel.uniqueness import Uniqueness, measure_uniqueness, uniqueness_checks

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


PANEL_ENTRIES = {
    PROVENANCE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
    EXONS_TABLE,
    KMER_TABLE,
    SPECIFICITY_TABLE,
    Path(INDEX_PREFIX).parts[0],
    ".snakemake_timestamp",
}
"""All that a panel directory holds; one with anything else in it is not replaced."""


Progress = Callable[[int, str], None]


def build_panel(
    yaml_path: Path,
    genome_path: Path,
    gtf_path: Path | None,
    output: Path,
    progress: Progress = lambda count, note: None,
) -> Panel:
    """Build a panel directory.

    Args:
        yaml_path: panel YAML.
        genome_path: genome FASTA: whole chromosomes, or loci as `samtools faidx` names them.
        gtf_path: annotation for genes that the YAML names without transcripts.
        output: directory to create; must not exist or be empty.
        progress: called now and then, while the genome is counted, with the bases so far and a note.

    Returns:
        The panel as read back from the directory.

    Raises:
        PanelError: the YAML or GTF is wrong, or the output exists.
        ReferenceProofError: the genome does not hold what the panel states.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise PanelError("exists already", path=output, remedy="name another directory or give --force")
    stated_spec = load_panel_spec(yaml_path)
    stated = {gene.symbol for gene in stated_spec.genes if gene.transcripts}
    spec = complete_spec(stated_spec, yaml_path, gtf_path)
    _refuse_scattered_genes(spec, yaml_path)
    genome = read_regions(genome_path, primary_regions(spec), spec.genome, map(gene_region, spec.genes))
    spec, left_out = covered(spec, genome)
    transcripts = [
        _transcript(gene.symbol, transcript, genome) for gene in spec.genes for transcript in gene.transcripts
    ]
    transcripts = [t if t.gene in stated else with_stop_codon(t) for t in transcripts]
    unspliced = [_unspliced(gene, genome) for gene in spec.genes if "target" in gene.roles]
    panel = Panel(output, spec, {t.key: t for t in transcripts}, {u.gene: u for u in unspliced}, {})
    _refuse_twins(panel, yaml_path)
    checks = [*prove(panel, genome, stated), *left_out]
    failed = [check for check in checks if check.essential and not check.passed]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise ReferenceProofError(
            f"is not the reference that the panel states: {failed[0].text}{more}",
            path=genome_path,
            remedy=f"give an unaltered {spec.genome.build} genome",
        )
    uniqueness = (
        measure_uniqueness(panel, genome, genome_path, progress) if genome.whole_chromosomes else None
    )
    if uniqueness:
        checks += uniqueness_checks(panel, uniqueness.specificity)
    provenance = provenance_of(panel, genome, checks, uniqueness, (yaml_path, genome_path, gtf_path))
    with scratch_beside(output) as scratch:
        draft = scratch / "panel"
        write_panel(panel, genome, provenance, uniqueness, draft)
        draft.rename(output)  # in place of an empty directory, too
    return load_panel(output)


def replace_panel(
    yaml_path: Path,
    genome_path: Path,
    gtf_path: Path | None,
    output: Path,
    progress: Progress = lambda count, note: None,
) -> Panel:
    """Build a panel in place of an existing one, which stays until the new one is complete.

    Raises:
        PanelError: what exists is no panel directory, or holds something besides; or as `build_panel`.
        ReferenceProofError: as `build_panel`.
    """
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return build_panel(yaml_path, genome_path, gtf_path, output, progress)
    held = {entry.name for entry in output.iterdir()} if output.is_dir() else set()
    if PROVENANCE not in held or not held <= PANEL_ENTRIES:
        foreign = f" (it holds {min(held - PANEL_ENTRIES)})" if held - PANEL_ENTRIES else ""
        raise PanelError(
            f"exists and is no panel directory{foreign}",
            path=output,
            remedy="remove it or name another directory",
        )
    with scratch_beside(output) as scratch:
        fresh, former = scratch / "fresh", scratch / "former"
        build_panel(yaml_path, genome_path, gtf_path, fresh, progress)
        output.rename(former)
        fresh.rename(output)
    return load_panel(output)


def _transcript(gene: str, spec: TranscriptSpec, genome: GenomePieces) -> Transcript:
    exons, parts, offset = [], [], 0
    for number, (first, last) in enumerate(spec.exons, start=1):
        length = last - first + 1
        exons.append(Exon(number, first - 1, last, offset, offset + length))
        parts.append(genome.fetch_sense(Region(spec.chrom, first - 1, last), spec.strand).upper())
        offset += length
    return Transcript(
        gene=gene,
        name=spec.id,
        chrom=spec.chrom,
        strand=spec.strand,
        exons=tuple(exons),
        cds=None if spec.cds is None else (spec.cds[0] - 1, spec.cds[1]),
        primary=spec.primary,
        sequence="".join(parts),
    )


def with_stop_codon(transcript: Transcript) -> Transcript:
    """Return a transcript whose reading frame includes the stop codon behind it.

    In a GTF the stop codon does not belong to the CDS and has lines of its own, which some files lack; others
    count it in. The bases tell which it is.
    """
    if transcript.cds is None:
        return transcript
    start, end = transcript.cds
    last, behind = transcript.sequence[end - 3 : end], transcript.sequence[end : end + 3]
    if last in STOP_CODONS or behind not in STOP_CODONS:
        return transcript
    return replace(transcript, cds=(start, end + 3))


def _unspliced(gene: GeneSpec, genome: GenomePieces) -> Unspliced:
    region = gene_region(gene)
    strand = gene.transcripts[0].strand
    bases = genome.fetch_sense(region, strand).upper()
    return Unspliced(gene.symbol, region.chrom, strand, region.start, region.end, bases)


def _refuse_scattered_genes(spec: PanelSpec, yaml_path: Path) -> None:
    """Raise PanelError when the transcripts of a gene lie on different chromosomes or strands."""
    for gene in spec.genes:
        if len({(transcript.chrom, transcript.strand) for transcript in gene.transcripts}) > 1:
            raise PanelError(
                f"transcripts of {gene.symbol} lie on more than one chromosome or strand",
                path=yaml_path,
                where="key genes",
                remedy="keep those of the primary transcript's chromosome and strand",
            )


def _refuse_twins(panel: Panel, yaml_path: Path) -> None:
    """Raise PanelError when two junctions of the catalogue are one, so that one would be lost."""
    for junction in panel.spec.junctions:
        held = panel.catalogue[panel.locate(junction)]
        if held is not junction:
            raise PanelError(
                f"junctions {junction.id} and {held.id} join the same bases",
                path=yaml_path,
                where="key junctions",
                remedy="keep one of them",
            )
