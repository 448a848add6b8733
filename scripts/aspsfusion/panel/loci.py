"""Which stretches of a genome a panel needs."""

from pathlib import Path

from pydantic import ValidationError

from aspsfusion.errors import PanelError
from aspsfusion.panel.checks import Check
from aspsfusion.panel.gene_spec import GeneSpec, TranscriptSpec
from aspsfusion.panel.genome import GenomePieces, Region
from aspsfusion.panel.gtf import read_genes
from aspsfusion.panel.spec import PanelSpec


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


def primary_regions(spec: PanelSpec) -> list[Region]:
    """Return the regions without which there is no panel: those of the primary transcripts."""
    return [_span(transcript) for gene in spec.genes for transcript in gene.transcripts if transcript.primary]


def _span(transcript: TranscriptSpec) -> Region:
    return Region(
        transcript.chrom,
        min(start for start, _ in transcript.exons) - 1,
        max(end for _, end in transcript.exons),
    )


def covered(spec: PanelSpec, genome: GenomePieces) -> tuple[PanelSpec, list[Check]]:
    """Leave out the other transcripts of a gene that a FASTA of loci does not cover, and say so."""
    genes, left_out = [], []
    for gene in spec.genes:
        kept = []
        for transcript in gene.transcripts:
            if genome.holds(_span(transcript)):
                kept.append(transcript)
            else:
                text = f"{gene.symbol}|{transcript.id}: reaches beyond the locus given, left out"
                left_out.append(Check("transcriptcovered", False, text, False))
        genes.append(gene.model_copy(update={"transcripts": kept}))
    return spec.model_copy(update={"genes": genes}), left_out
