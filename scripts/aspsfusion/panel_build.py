"""First stage: turns a panel YAML and a genome into the panel directory that all other stages read.

The reference is proved before anything is written (see `aspsfusion.proof`), and the directory appears
under its final name only when it is complete.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aspsfusion.errors import PanelError, ReferenceProofError
from aspsfusion.gene_spec import GeneSpec, TranscriptSpec
from aspsfusion.genome import GenomePieces, Region, read_regions
from aspsfusion.genome_uniqueness import measure_uniqueness, uniqueness_checks
from aspsfusion.io.files import scratch_beside
from aspsfusion.loci import complete_spec, covered, gene_region, primary_regions
from aspsfusion.panel import Panel, load_panel
from aspsfusion.panel_files import provenance_of, write_panel
from aspsfusion.panel_layout import (
    EXONS_TABLE,
    INDEX_PREFIX,
    KMER_TABLE,
    PROVENANCE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
)
from aspsfusion.panel_spec import PanelSpec
from aspsfusion.panel_yaml import load_panel_spec
from aspsfusion.proof import STOP_CODONS, prove
from aspsfusion.specificity import SPECIFICITY_TABLE
from aspsfusion.transcripts import Exon, Transcript, Unspliced

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
