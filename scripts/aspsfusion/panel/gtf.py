"""Reads exon structures from an annotation GTF, for panels that name genes without giving their exons."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from aspsfusion.errors import PanelError
from aspsfusion.io.compressed import named_damage
from aspsfusion.io.fasta import chromosome_name
from aspsfusion.panel.gene_spec import GeneSpec, TranscriptSpec, first_problem
from aspsfusion.panel.genome import Region
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.panel.transcripts import Transcript

GTF_COLUMNS = 9
FEATURES = ("exon", "CDS", "stop_codon", "transcript")
_ATTRIBUTE = re.compile(r'(\w+) "?([^";]*)"?')

PRIMARY_TAGS = ("MANE_Select", "Ensembl_canonical")
"""Tags that name a gene's reference transcript, the first one wins; NCBI writes them with a space."""

_CHROMOSOME = re.compile(r"chr([0-9]{1,2}|[XYM])")
"""Names of what is no alternative, unplaced or patch contig; those may hold a copy of a gene."""

NOT_GFF3 = "give a GTF (not GFF3) file"


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
        _, message = first_problem(error)
        raise PanelError(message, path=yaml_path, remedy=f"make it agree with {gtf_path}") from error


def read_genes(path: Path, genes: Iterable[GeneSpec]) -> dict[str, list[TranscriptSpec]]:
    """Read the transcripts of genes from a GTF, by `gene_name` or `gene_id`.

    The primary transcript is the one the gene names, else the one tagged MANE_Select or Ensembl_canonical,
    else the one with the longest reading frame, the most exons, the greatest length. One on a chromosome goes
    before any other.

    Returns:
        Transcripts by gene symbol, the primary one first.

    Raises:
        PanelError: the file cannot be read, a line is malformed or a gene is not in the file.
    """
    wanted = {gene.symbol: gene for gene in genes}
    by_name = {gene.ensembl.split(".")[0]: symbol for symbol, gene in wanted.items() if gene.ensembl}
    by_name |= {symbol: symbol for symbol in wanted}
    # A transcript of the pseudoautosomal regions or of an alternative contig may carry the same name twice.
    found: dict[str, dict[tuple[str, str, str], _TranscriptLines]] = {symbol: {} for symbol in wanted}
    for row in _rows(path):
        values = dict(row.attributes)
        gene_id = values.get("gene_id", "")
        names = (values.get("gene_name", ""), gene_id, gene_id.split(".")[0])
        symbol = next((by_name[name] for name in names if name in by_name), None)
        if symbol is None:
            continue
        identifier = values.get("transcript_id", "")
        if not identifier or row.strand not in ("+", "-") or row.bases is None:
            raise PanelError(
                "has no transcript_id, no strand or no positions",
                path=path,
                where=row.where,
                remedy="correct the line",
            )
        if values.get("transcript_version") and "." not in identifier:
            identifier = f"{identifier}.{values['transcript_version']}"
        lines = found[symbol].setdefault(
            (identifier, row.chrom, row.strand),
            _TranscriptLines(symbol, identifier, chromosome_name(row.chrom), row.strand),
        )
        lines.tags.update(value.replace(" ", "_") for key, value in row.attributes if key == "tag")
        if row.feature == "exon":
            lines.exons.append(row.bases)
        elif row.feature != "transcript":
            lines.coding.append(row.bases)
    return {symbol: _ordered(path, wanted[symbol], list(lines.values())) for symbol, lines in found.items()}


class ExonChain(NamedTuple):
    """The exons of a transcript in the order of the chromosome, 0-based half-open."""

    gene: str
    chrom: str
    strand: str
    exons: tuple[tuple[int, int], ...]

    def holds(self, place: Region, least: int) -> bool:
        """Tell whether an exon holds at least so many bases of a place."""
        return place.chrom == self.chrom and any(_shared(exon, place) >= least for exon in self.exons)

    def around(self, place: Region, flank: int, least: int) -> tuple[Region, ...]:
        """Return a place's bases in the exon that holds it, with `flank` bases of the transcript around."""
        index, (start, end) = next(
            (index, exon) for index, exon in enumerate(self.exons) if _shared(exon, place) >= least
        )
        low, high = max(start, place.start), min(end, place.end)
        parts = [(max(start, low - flank), min(end, high + flank))]
        before, after = flank - low + parts[0][0], flank - parts[0][1] + high
        for start, end in reversed(self.exons[:index]):
            if before > 0:
                parts.insert(0, (max(start, end - before), end))
                before -= end - start
        for start, end in self.exons[index + 1 :]:
            if after > 0:
                parts.append((start, min(end, start + after)))
                after -= end - start
        return tuple(Region(self.chrom, start, end) for start, end in parts)


def _shared(exon: tuple[int, int], place: Region) -> int:
    return min(exon[1], place.end) - max(exon[0], place.start)


def chains_with_exons_at(path: Path, places: Sequence[Region], least: int) -> list[ExonChain]:
    """Return the transcripts of a GTF that have an exon with so many bases of one of some places.

    The file is read twice, so that only these are held. The places are on chromosomes in `chr` style, sorted,
    none overlapping another.

    Raises:
        PanelError: the file cannot be read, or a line is malformed.
    """
    by_chrom: dict[str, list[Region]] = {}
    for place in places:
        by_chrom.setdefault(place.chrom, []).append(place)
    if not by_chrom:
        return []
    ends = {chrom: [place.end for place in group] for chrom, group in by_chrom.items()}

    def at_a_place(chrom: str, exon: tuple[int, int]) -> bool:
        group = by_chrom.get(chrom, [])
        for place in group[bisect_right(ends.get(chrom, []), exon[0]) :]:
            if place.start >= exon[1]:
                return False
            if _shared(exon, place) >= least:
                return True
        return False

    wanted = {key for key, _, exon in _exons(path) if at_a_place(key.chrom, exon)}
    chains: dict[_TranscriptKey, list[tuple[int, int]]] = {}
    genes: dict[_TranscriptKey, str] = {}
    for key, gene, exon in _exons(path) if wanted else ():
        if key in wanted:
            chains.setdefault(key, []).append(exon)
            genes[key] = gene
    return [
        ExonChain(genes[key], key.chrom, key.strand, tuple(sorted(set(exons))))
        for key, exons in chains.items()
    ]


class _TranscriptKey(NamedTuple):
    """What tells a transcript from others: its identifier may occur on several contigs."""

    identifier: str
    chrom: str
    strand: str


def _exons(path: Path) -> Iterator[tuple[_TranscriptKey, str, tuple[int, int]]]:
    """Yield transcript, gene and bases (0-based half-open) of each exon, the gene as a FASTA may name it."""
    for row in _rows(path):
        if row.feature == "exon" and row.bases is not None:
            values = dict(row.attributes)
            gene = values.get("gene_name") or values.get("gene_id", "")
            key = _TranscriptKey(values.get("transcript_id", ""), chromosome_name(row.chrom), row.strand)
            yield key, re.sub(r"[^A-Za-z0-9_.-]", "_", gene), (row.bases[0] - 1, row.bases[1])


class _Row(NamedTuple):
    """A line of a transcript; its bases are the first and the last one, 1-based, None where they are none."""

    where: str
    chrom: str
    feature: str
    bases: tuple[int, int] | None
    strand: str
    attributes: list[tuple[str, str]]


class _TranscriptLines:
    """The GTF lines of one transcript, as far as they matter here."""

    def __init__(self, gene: str, identifier: str, chrom: str, strand: str) -> None:
        self.gene, self.identifier, self.chrom, self.strand = gene, identifier, chrom, strand
        self.exons: list[tuple[int, int]] = []
        self.coding: list[tuple[int, int]] = []
        self.tags: set[str] = set()

    def to_spec(self, path: Path, *, primary: bool) -> TranscriptSpec:
        """Return the transcript of the panel; raises PanelError for one that cannot be."""
        try:
            stated = TranscriptSpec(
                id=self.identifier,
                primary=primary,
                chrom=self.chrom,
                strand="+" if self.strand == "+" else "-",
                exons=sorted(set(self.exons), reverse=self.strand == "-"),
                source=path.name,
            )
            cds = self._cds(Transcript.from_spec(self.gene, stated))
            return TranscriptSpec.model_validate({**stated.model_dump(), "cds": cds})
        except ValidationError as error:
            key, message = first_problem(error)
            place = f"{key.split('.')[0]}: " if key else ""
            raise PanelError(
                f"transcript {self.identifier} of {self.gene}: {place}{message}",
                path=path,
                remedy="correct the GTF, or give the gene's exons in the panel YAML",
            ) from error

    def _cds(self, transcript: Transcript) -> tuple[int, int] | None:
        """First and last coding base on the transcript, 1-based; None where the frame is incomplete."""
        if not self.coding:
            return None
        low, high = min(start for start, _ in self.coding), max(end for _, end in self.coding)
        first, last = transcript.from_genome(low - 1), transcript.from_genome(high - 1)
        if self.strand == "-":
            first, last = last, first
        if first is None or last is None or (last - first + 1) % 3:
            return None
        return first + 1, last + 1


def _rank(transcript: _TranscriptLines) -> tuple[int, ...]:
    """Sort key, lowest first: chromosome, tagged reference transcript, longest frame, most exons, longest."""
    copy = int(_CHROMOSOME.fullmatch(transcript.chrom) is None)
    tag = next((i for i, name in enumerate(PRIMARY_TAGS) if name in transcript.tags), len(PRIMARY_TAGS))
    coding = sum(end - start + 1 for start, end in set(transcript.coding))
    length = sum(end - start + 1 for start, end in set(transcript.exons))
    return copy, tag, -coding, -len(set(transcript.exons)), -length


def _rows(path: Path) -> Iterator[_Row]:
    """Yield the lines of transcripts, exons and reading frames; raises PanelError for what is no GTF."""
    for number, raw in _lines(path):
        where = f"line {number}"
        if raw.startswith(b"##gff-version 3"):
            raise PanelError("is a GFF3 file", path=path, where=where, remedy=NOT_GFF3)
        if raw.startswith(b"#") or not raw.strip():
            continue
        fields = raw.decode("utf-8", "replace").rstrip("\r\n").split("\t")
        if len(fields) != GTF_COLUMNS:
            raise PanelError(
                f"has {len(fields)} columns, a GTF has {GTF_COLUMNS}", path=path, where=where, remedy=NOT_GFF3
            )
        chrom, _, feature, start, end, _, strand, _, attributes = fields
        if feature not in FEATURES:
            continue
        pairs = _ATTRIBUTE.findall(attributes)
        if "=" in attributes and all(key != "gene_id" for key, _ in pairs):
            raise PanelError("has attributes of GFF3", path=path, where=where, remedy=NOT_GFF3)
        bases = (int(start), int(end)) if start.isdecimal() and end.isdecimal() else None
        yield _Row(where, chrom, feature, bases, strand, pairs)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers; raises PanelError for a file that is missing or damaged."""
    with named_damage(path, PanelError, "an annotation GTF") as stream:
        yield from enumerate(stream, start=1)


def _ordered(path: Path, gene: GeneSpec, transcripts: list[_TranscriptLines]) -> list[TranscriptSpec]:
    usable = sorted((t for t in transcripts if t.exons), key=_rank)
    if gene.primary_transcript:
        named = gene.primary_transcript.split(".")[0]
        usable.sort(key=lambda t: t.identifier.split(".")[0] != named)
        if not usable or usable[0].identifier.split(".")[0] != named:
            raise PanelError(
                f"has no transcript {gene.primary_transcript} of {gene.symbol}",
                path=path,
                remedy="correct primary_transcript in the panel YAML",
            )
    if not usable:
        raise PanelError(
            f"has no exons of gene {gene.symbol}",
            path=path,
            remedy="give a GTF that names the gene, or its exons in the panel YAML",
        )
    primary = usable[0]
    # Copies of the gene elsewhere are not the gene that the panel means.
    here = [t for t in usable if (t.chrom, t.strand) == (primary.chrom, primary.strand)]
    return [t.to_spec(path, primary=t is primary) for t in here]
