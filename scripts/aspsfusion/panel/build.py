"""Builds the panel directory from a panel YAML and a genome: the first stage, whose files all others read.

The reference is proved before anything is written (see `aspsfusion.panel.checks`), and the directory appears
under its final name only when it is complete.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aspsfusion.errors import PanelError, ReferenceProofError
from aspsfusion.io.bwa import build_index
from aspsfusion.io.checksums import content_of
from aspsfusion.io.fasta import fasta_record
from aspsfusion.io.files import Progress, no_progress, scratch_beside
from aspsfusion.panel.checks import STOP_CODONS, Check, covered, prove
from aspsfusion.panel.fetch_record import require_unharmed
from aspsfusion.panel.gene_spec import GeneSpec, TranscriptSpec
from aspsfusion.panel.genome import GenomePieces, Region, gene_region, primary_regions, read_regions
from aspsfusion.panel.gtf import complete_spec
from aspsfusion.panel.kmers import index_panel, save_kmers
from aspsfusion.panel.layout import (
    DECOYS_FASTA,
    EXONS_TABLE,
    INDEX_PREFIX,
    KMER_TABLE,
    PROVENANCE,
    SPECIFICITY_TABLE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
)
from aspsfusion.panel.look_alikes import decoys_at
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.panel.screen_targets import screened_sequences
from aspsfusion.panel.seal import software, write_provenance
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.panel.specificity import write_specificity
from aspsfusion.panel.transcripts import Decoy, Exon, Transcript, Unspliced
from aspsfusion.panel.uniqueness import Uniqueness, measure_uniqueness, uniqueness_checks

FASTA_WIDTH = 80

EXON_HEADER = (
    "gene\ttranscript\texon\tchrom\tstart\tend\tstrand\ttx_start\ttx_end\tcds_start\tcds_end\tphase\n"
)
"""Columns of exons.tsv, 1-based inclusive; cds_start and cds_end are c. positions, phase is the start's."""

PANEL_ENTRIES = {
    PROVENANCE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
    DECOYS_FASTA,
    EXONS_TABLE,
    KMER_TABLE,
    SPECIFICITY_TABLE,
    Path(INDEX_PREFIX).parts[0],
    ".snakemake_timestamp",
}
"""All that a panel directory holds; one with anything else in it is not replaced."""


def build_panel(
    yaml_path: Path,
    genome_path: Path,
    gtf_path: Path | None,
    output: Path,
    progress: Progress = no_progress,
    *,
    force: bool = False,
) -> Panel:
    """Build a panel directory, and return the panel as read back from it.

    The genome is whole chromosomes, or loci as `samtools faidx` names them; a GTF is for genes that the YAML
    names without transcripts. With `force` a former panel is replaced once this one is complete.

    Raises:
        PanelError: the YAML or GTF is wrong, or the output exists and is not to be replaced.
        ReferenceProofError: the genome does not hold what the panel states.
    """
    replaced = output.exists() and not (output.is_dir() and not any(output.iterdir()))
    if replaced:
        _require_panel(output, force=force)
    panel, genome, checks = _prove(yaml_path, genome_path, gtf_path, output)
    uniqueness = (
        measure_uniqueness(panel, genome, genome_path, progress) if genome.whole_chromosomes else None
    )
    sought = uniqueness is not None and uniqueness.whole_genome
    decoys = [] if sought else [Decoy(decoy.name, decoy.sequence) for decoy in panel.spec.decoys]
    if uniqueness:
        checks += uniqueness_checks(panel, uniqueness.specificity)
        decoys += decoys_at(panel, uniqueness.look_alikes, genome_path, gtf_path)
    panel = replace(panel, decoys={decoy.key: decoy for decoy in decoys})
    provenance = {
        **_identity(panel.spec, yaml_path),
        **_reference(panel, genome, genome_path, gtf_path),
        "whole_genome_specificity": sought,
        "genome_pass": None if uniqueness is None else uniqueness.provenance(),
        **_contents(panel, genome, checks),
    }
    with scratch_beside(output) as scratch:
        directory = scratch / "panel"
        _write(panel, genome, uniqueness, directory)
        write_provenance(directory, provenance)
        if replaced:
            output.rename(scratch / "former")
        directory.rename(output)  # in place of an empty directory, too
    return load_panel(output)


def _require_panel(output: Path, *, force: bool) -> None:
    """Refuse to replace anything without `force`, and whatever is no panel directory and nothing besides."""
    if not force:
        raise PanelError("exists already", path=output, remedy="name another directory or give --force")
    held = {entry.name for entry in output.iterdir()} if output.is_dir() else set()
    if PROVENANCE not in held or not held <= PANEL_ENTRIES:
        foreign = f" (it holds {min(held - PANEL_ENTRIES)})" if held - PANEL_ENTRIES else ""
        raise PanelError(
            f"exists and is not a panel directory{foreign}",
            path=output,
            remedy="remove it or name another directory",
        )


def _prove(
    yaml_path: Path, genome_path: Path, gtf_path: Path | None, output: Path
) -> tuple[Panel, GenomePieces, list[Check]]:
    """Read the panel and its sequences; raises ReferenceProofError when an essential check fails."""
    require_unharmed(genome_path)
    stated_spec = load_panel_spec(yaml_path)
    stated = {gene.symbol for gene in stated_spec.genes if gene.transcripts}
    spec = complete_spec(stated_spec, yaml_path, gtf_path)
    genome = read_regions(genome_path, primary_regions(spec), spec.genome, map(gene_region, spec.genes))
    spec, left_out = covered(spec, genome)
    transcripts = [_transcript(gene.symbol, t, genome) for gene in spec.genes for t in gene.transcripts]
    transcripts = [t if t.gene in stated else _with_stop_codon(t) for t in transcripts]
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
            remedy="correct the panel, whose statements contradict each other or the real bases"
            if genome.demonstration
            else f"give an unaltered {spec.genome.build} genome",
        )
    return panel, genome, checks


def _transcript(gene: str, spec: TranscriptSpec, genome: GenomePieces) -> Transcript:
    transcript = Transcript.from_spec(gene, spec)
    regions = [Region(spec.chrom, exon.start, exon.end) for exon in transcript.exons]
    bases = "".join(genome.fetch_sense(region, spec.strand) for region in regions)
    return replace(transcript, sequence=bases.upper())


def _with_stop_codon(transcript: Transcript) -> Transcript:
    """Return a transcript whose reading frame includes the stop codon after it.

    In a GTF the stop codon does not belong to the CDS and has lines of its own, which some files lack; others
    count it in. The bases tell which it is.
    """
    if transcript.cds is None:
        return transcript
    start, end = transcript.cds
    last, after = transcript.sequence[end - 3 : end], transcript.sequence[end : end + 3]
    if last in STOP_CODONS or after not in STOP_CODONS:
        return transcript
    return replace(transcript, cds=(start, end + 3))


def _unspliced(gene: GeneSpec, genome: GenomePieces) -> Unspliced:
    region = gene_region(gene)
    strand = gene.transcripts[0].strand
    bases = genome.fetch_sense(region, strand).upper()
    return Unspliced(gene.symbol, region.chrom, strand, region.start, region.end, bases)


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


def _identity(spec: PanelSpec, yaml_path: Path) -> dict[str, Any]:
    """Return what panel.json says of the panel itself."""
    return {
        "name": spec.name,
        "version": spec.version,
        "title": spec.title,
        "build": spec.genome.build,
        "checksum": content_of(yaml_path).sha256,
        "software": software(),
    }


def _reference(
    panel: Panel, genome: GenomePieces, genome_path: Path, gtf_path: Path | None
) -> dict[str, Any]:
    """Return what panel.json says of the files; no paths, so that equal panels have equal files."""
    kind = "genome" if genome.whole_chromosomes else "loci"
    # The verdict rests on the targets; published checksums are only known for their chromosomes.
    decisive = {panel.primary[gene].chrom for gene in panel.spec.genes_with_role("target")}
    authenticated = all(contig.authenticated for contig in genome.contigs if contig.chrom in decisive)
    annotation = None
    if gtf_path is not None:
        annotation = {"file": gtf_path.name, "checksum": content_of(gtf_path).sha256}
    return {
        "reference_kind": "demonstration" if genome.demonstration else kind,
        "reference_authenticated": authenticated and not genome.demonstration,
        "genome_file": genome_path.name,
        "annotation": annotation,
        "repeats_marked": genome.soft_masked,
    }


def _contents(panel: Panel, genome: GenomePieces, checks: Sequence[Check]) -> dict[str, Any]:
    """Return what panel.json says of contigs, checks and genes; positions 1-based inclusive."""
    return {
        "contigs": [asdict(contig) for contig in genome.contigs],
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
        "decoys": [{"name": decoy.name, "length": len(decoy.sequence)} for decoy in panel.decoys.values()],
        "spec": panel.spec.model_dump(mode="json"),
    }


def _write(panel: Panel, genome: GenomePieces, uniqueness: Uniqueness | None, directory: Path) -> None:
    """Write all of a panel directory but panel.json."""
    index = directory / INDEX_PREFIX
    index.parent.mkdir(parents=True)
    transcripts = _fasta(panel.transcripts.values())
    unspliced = _fasta(panel.unspliced.values())
    (directory / TRANSCRIPTS_FASTA).write_text(transcripts, encoding="ascii")
    (directory / UNSPLICED_FASTA).write_text(unspliced, encoding="ascii")
    (directory / EXONS_TABLE).write_text(_exon_table(panel), encoding="ascii")
    decoys = _fasta(panel.decoys.values())
    if decoys:
        (directory / DECOYS_FASTA).write_text(decoys, encoding="ascii")
    index.write_text(transcripts + unspliced + decoys, encoding="ascii")
    build_index(index)
    _drop_locations(index.with_suffix(".dict"))
    specificity = uniqueness.specificity if uniqueness else None
    if specificity:
        write_specificity(specificity, directory / SPECIFICITY_TABLE)
    symbols = [gene.symbol for gene in panel.spec.genes]
    kmers = index_panel(screened_sequences(panel, genome, specificity), symbols=symbols)
    save_kmers(kmers, directory / KMER_TABLE)


def _fasta(sequences: Iterable[Transcript | Unspliced | Decoy]) -> str:
    return "".join(fasta_record(each.key, each.sequence, FASTA_WIDTH) for each in sequences)


def _drop_locations(dictionary: Path) -> None:
    """Take the file's location (UR) out of a sequence dictionary: it is a scratch directory by now gone."""
    lines = [
        "\t".join(field for field in line.split("\t") if not field.startswith("UR:"))
        for line in dictionary.read_text(encoding="utf-8").splitlines()
    ]
    dictionary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _exon_table(panel: Panel) -> str:
    rows: list[tuple[object, ...]] = []
    for t in panel.transcripts.values():
        for exon in t.exons:
            place = (exon.number, t.chrom, exon.start + 1, exon.end, t.strand, exon.tx_start + 1, exon.tx_end)
            rows.append((t.gene, t.name, *place, *_coding(t, exon)))
    return EXON_HEADER + "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _coding(transcript: Transcript, exon: Exon) -> tuple[object, object, object]:
    """Return an exon's first and last c. position and the phase of the first, empty outside the frame."""
    if transcript.cds is None:
        return "", "", ""
    frame_start, frame_end = transcript.cds
    first, last = max(exon.tx_start, frame_start), min(exon.tx_end, frame_end)
    if first >= last:
        return "", "", ""
    return first - frame_start + 1, last - frame_start, (first - frame_start) % 3
