"""First stage: turns a panel YAML and a genome into the panel directory that all other stages read.

The reference is proved before anything is written (see `aspsfusion.proof`), and the directory appears
under its final name only when it is complete.
"""

from collections.abc import Callable, Set
from pathlib import Path

from pydantic import ValidationError

from aspsfusion.errors import PanelError, ReferenceProofError
from aspsfusion.genome import GenomePieces, Region, read_regions
from aspsfusion.genome_uniqueness import measure_uniqueness, uniqueness_checks
from aspsfusion.gtf import read_genes
from aspsfusion.panel import (
    EXONS_TABLE,
    INDEX_PREFIX,
    KMER_TABLE,
    PROVENANCE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
    Exon,
    Panel,
    Transcript,
    Unspliced,
    load_panel,
)
from aspsfusion.panel_files import provenance_of, write_panel
from aspsfusion.panel_spec import GeneSpec, PanelSpec, TranscriptSpec
from aspsfusion.panel_yaml import load_panel_spec
from aspsfusion.proof import Check, check_introns, check_junction, check_reading_frame
from aspsfusion.safe_output import scratch_beside
from aspsfusion.specificity import SPECIFICITY_TABLE

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
    genome = read_regions(genome_path, _primary_regions(spec), spec.genome, map(gene_region, spec.genes))
    spec, left_out = _covered(spec, genome)
    transcripts = [
        _transcript(gene.symbol, transcript, genome) for gene in spec.genes for transcript in gene.transcripts
    ]
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


def complete_spec(spec: PanelSpec, yaml_path: Path, gtf_path: Path | None) -> PanelSpec:
    """Return the panel with the transcripts of every gene, those that it lacks read from the GTF.

    Raises:
        PanelError: a gene has no transcripts and no GTF was given, or the GTF contradicts the panel.
    """
    bare = [gene for gene in spec.genes if not gene.transcripts]
    if not bare:
        return spec
    if gtf_path is None:
        raise PanelError(
            f"gives no exons for {bare[0].symbol}",
            path=yaml_path,
            where="key genes",
            remedy="give an annotation with --gtf (configuration key annotation_gtf)",
        )
    found = read_genes(gtf_path, bare)
    data = spec.model_dump()
    for gene in data["genes"]:
        if gene["symbol"] in found:
            gene["transcripts"] = [t.model_dump() for t in found[gene["symbol"]]]
    try:
        return PanelSpec.model_validate(data)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise PanelError(message, path=yaml_path, remedy=f"make it agree with {gtf_path}") from error


def gene_region(gene: GeneSpec) -> Region:
    """Return the region that all transcripts of a gene cover together, 0-based half-open."""
    spans = [_span(transcript) for transcript in gene.transcripts]
    return Region(spans[0].chrom, min(span.start for span in spans), max(span.end for span in spans))


def _primary_regions(spec: PanelSpec) -> list[Region]:
    """Return the regions without which there is no panel: those of the primary transcripts."""
    return [_span(transcript) for gene in spec.genes for transcript in gene.transcripts if transcript.primary]


def _span(transcript: TranscriptSpec) -> Region:
    return Region(
        transcript.chrom,
        min(start for start, _ in transcript.exons) - 1,
        max(end for _, end in transcript.exons),
    )


def _covered(spec: PanelSpec, genome: GenomePieces) -> tuple[PanelSpec, list[Check]]:
    """Leave out the other transcripts of a gene that a FASTA of loci does not cover, and say so."""
    genes, left_out = [], []
    for gene in spec.genes:
        kept = []
        for transcript in gene.transcripts:
            if genome.holds(_span(transcript)):
                kept.append(transcript)
            else:
                text = f"{gene.symbol}|{transcript.id}: reaches beyond the locus given, left out"
                left_out.append(Check("transcript_covered", False, text, False))
        genes.append(gene.model_copy(update={"transcripts": kept}))
    return spec.model_copy(update={"genes": genes}), left_out


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


def prove(panel: Panel, genome: GenomePieces, stated: Set[str]) -> list[Check]:
    """Run every check of `aspsfusion.proof` on a panel.

    A failure is essential where the verdict rests on it: primary transcripts of target genes and published
    junctions of the target fusion. Exons that came from an annotation are allowed its odd introns.

    Args:
        panel: transcripts and catalogue to prove.
        genome: holds every gene's region.
        stated: genes whose exons the panel YAML itself states.
    """
    targets = set(panel.spec.genes_with_role("target"))
    checks = []
    for transcript in panel.transcripts.values():
        essential = transcript.primary and transcript.gene in targets & stated
        if len(transcript.exons) > 1:
            checks.append(check_introns(transcript, genome, essential=essential))
        if transcript.cds and transcript.primary:
            checks.append(check_reading_frame(transcript, essential=essential))
    for location, junction in panel.catalogue.items():
        if junction.sequence is None:
            continue
        five, three = panel.primary[location.five_gene], panel.primary[location.three_gene]
        five_end, three_start = five.from_genome(location.five_pos), three.from_genome(location.three_pos)
        assert five_end is not None
        assert three_start is not None
        checks.append(
            check_junction(
                junction,
                five.sequence[: five_end + 1],
                three.sequence[three_start:],
                essential=junction.fusion == panel.spec.target.fusion,
            )
        )
    return checks
