"""Takes the panel's regions from a genome FASTA and authenticates the chromosomes they lie on.

The file is read in one stream, so that whole chromosomes can be checked against their published MD5 on the
way. Contigs may be whole chromosomes or loci (see `aspsfusion.io.fasta`).

Every locus of a demonstration reference carries a mark in its bases. Record names and descriptions are lost
easily, and a report made on filler sequence must still say so.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aspsfusion.errors import ReferenceProofError
from aspsfusion.io.bam import BUILDS, HUMAN
from aspsfusion.io.fasta import REFSEQ_CHROMOSOME, fasta_pieces, parse_contig, reverse_complement
from aspsfusion.panel.gene_spec import GeneSpec, GenomeSpec, TranscriptSpec
from aspsfusion.panel.spec import PanelSpec

WATERMARK = "".join("ACGT"[code >> shift & 3] for code in b"DEMONSTRATIO" for shift in (6, 4, 2, 0))
"""The first 48 nt, on the plus strand, of every locus of a demonstration reference: each letter's code as
four bases of two bits, highest first. By chance a genome holds them once in 4 to the power 48."""

MAX_MASKED_SHARE = 0.9
"""Share of lower-case bases above which case is no mark of repeats: about half of a genome is repeats, and no
gene's exons are."""

NOT_A_BASE = re.compile(rb"[^ACGTNRYSWKMBDHVacgtnryswkmbdhv]")


@dataclass(frozen=True, order=True)
class Region:
    """A stretch of a chromosome, 0-based half-open.

    >>> Region("chrX", 49028725, 49043486).name
    'chrX:49028726-49043486'
    """

    chrom: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Name as `samtools faidx` writes it, 1-based inclusive."""
        return f"{self.chrom}:{self.start + 1}-{self.end}"

    def holds(self, other: "Region") -> bool:
        """Tell whether another region lies in this one."""
        return self.chrom == other.chrom and self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class ContigUsed:
    """A contig of the FASTA that served the panel.

    Attributes:
        chrom: chromosome in `chr` style.
        md5: MD5 of the upper-case bases of a whole chromosome; None for a locus.
        authenticated: whether length and MD5 are those that the panel states.
    """

    contig: str
    chrom: str
    length: int
    md5: str | None
    authenticated: bool


@dataclass(frozen=True)
class GenomePieces:
    """The wanted regions with their bases (case as in the file) and where they came from."""

    bases: dict[Region, str]
    contigs: tuple[ContigUsed, ...]
    whole_chromosomes: bool
    demonstration: bool

    @cached_property  # asked for with each sequence of a panel, and it counts the bases of all
    def soft_masked(self) -> bool:
        """Whether lower case marks repeats; a file in one case throughout marks nothing."""
        total = sum(map(len, self.bases.values()))
        lower = sum(sum(bases.count(base) for base in "acgtn") for bases in self.bases.values())
        return 0 < lower <= MAX_MASKED_SHARE * total

    def holds(self, region: Region) -> bool:
        """Tell whether a region lies in one that was read."""
        return any(held.holds(region) for held in self.bases)

    def fetch(self, region: Region) -> str:
        """Return the bases of a region that lies in one of the wanted ones.

        Raises:
            KeyError: the region was not asked for.
        """
        for held, bases in self.bases.items():
            if held.holds(region):
                return bases[region.start - held.start : region.end - held.start]
        raise KeyError(region)

    def fetch_sense(self, region: Region, strand: str) -> str:
        """Return the bases of a region in the orientation of the strand."""
        bases = self.fetch(region)
        return bases if strand == "+" else reverse_complement(bases)


def transcript_region(transcript: TranscriptSpec) -> Region:
    """Return the region from a transcript's first to its last exonic base, 0-based half-open."""
    starts, ends = zip(*transcript.exons, strict=True)
    return Region(transcript.chrom, min(starts) - 1, max(ends))


def gene_region(gene: GeneSpec) -> Region:
    """Return the region that all transcripts of a gene cover together, 0-based half-open."""
    spans = list(map(transcript_region, gene.transcripts))
    return Region(spans[0].chrom, min(span.start for span in spans), max(span.end for span in spans))


def merged(regions: Iterable[Region], gap: int = 0) -> list[Region]:
    """Return sorted regions, as one where at most so many bases are between them."""
    found: list[Region] = []
    for region in regions:
        if found and found[-1].chrom == region.chrom and region.start - found[-1].end <= gap:
            region = Region(region.chrom, found[-1].start, max(found.pop().end, region.end))
        found.append(region)
    return found


def primary_regions(spec: PanelSpec) -> list[Region]:
    """Return the regions without which there is no panel: those of the primary transcripts."""
    return [transcript_region(t) for gene in spec.genes for t in gene.transcripts if t.primary]


def read_regions(
    path: Path, wanted: Iterable[Region], genome: GenomeSpec, optional: Iterable[Region] = ()
) -> GenomePieces:
    """Read the wanted regions in one pass and authenticate the chromosomes they lie on.

    Returns:
        The bases of every wanted region, and of those optional ones that a FASTA of loci does not lack.

    Raises:
        ReferenceProofError: a region is not in the file, or a whole chromosome is not that of the build.
    """
    required = sorted(set(wanted))
    regions = sorted({*required, *optional})
    bases: dict[Region, str] = {}
    names: list[str] = []
    used: list[_Contig] = []
    contigs: list[ContigUsed] = []
    for contig in _contigs(path, regions):
        names.append(contig.name)
        for region, sequence in contig.read_bases().items():
            if region in bases:
                raise contig.error(
                    f"{region.name} is in the file twice", "give each chromosome or locus once"
                )
            bases[region] = sequence
        if contig.parts:
            used.append(contig)
            contigs.append(contig.authenticated(genome))
    missing = [region.name for region in required if region not in bases]
    if missing:
        listed = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        found = ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")
        raise ReferenceProofError(
            f"does not hold {listed} (found {len(names)} records: {found})",
            path=path,
            remedy=f"give a {genome.build} genome, or loci that cover every gene of the panel",
        )
    return GenomePieces(
        bases,
        tuple(contigs),
        whole_chromosomes=all(contig.whole for contig in used),
        demonstration=any(contig.first_bases.upper() == WATERMARK.encode("ascii") for contig in used),
    )


class _Contig:
    """Gathers wanted bases, length and MD5 of one contig while it streams by."""

    def __init__(self, path: Path, name: str, regions: list[Region]) -> None:
        self.path, self.name = path, name
        self.chrom, self.start, self.end = parse_contig(name)
        self.whole = self.end is None
        self.wanted = any(region.chrom == self.chrom for region in regions)
        self.position = self.start
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.first_bases = b""
        self.parts: dict[Region, list[bytes]] = {
            region: []
            for region in regions
            if region.chrom == self.chrom
            and region.start >= self.start
            and (self.end is None or region.end <= self.end)
        }

    @property
    def length(self) -> int:
        return self.position - self.start

    def add(self, bases: bytes) -> None:
        if not self.wanted:
            return
        if self.whole:
            self.md5.update(bases.upper())
        if len(self.first_bases) < len(WATERMARK):
            self.first_bases += bases[: len(WATERMARK) - len(self.first_bases)]
        block_end = self.position + len(bases)
        for region, parts in self.parts.items():
            low, high = max(region.start, self.position), min(region.end, block_end)
            if low < high:
                parts.append(bases[low - self.position : high - self.position])
        self.position = block_end

    def read_bases(self) -> dict[Region, str]:
        """Return the bases of the regions that the contig holds to their ends."""
        if self.wanted and self.end is not None and self.position != self.end:
            raise self.error(
                f"has {self.length} bases, its name says {self.end - self.start}",
                "write the locus again with samtools faidx",
            )
        held = {}
        for region, parts in self.parts.items():
            sequence = b"".join(parts)
            if len(sequence) < region.end - region.start:
                continue
            foreign = NOT_A_BASE.search(sequence)
            if foreign:
                raise self.error(
                    f"holds {foreign[0].decode('ascii', 'replace')!r}, which is not a base",
                    "give a nucleotide FASTA",
                    base=region.start + foreign.start() + 1,
                )
            held[region] = sequence.decode("ascii")
        return held

    def authenticated(self, genome: GenomeSpec) -> ContigUsed:
        """Check the contig against what the panel knows of its chromosome."""
        known = genome.chromosomes.get(self.chrom)
        accession = self.name.split(":")[0]
        if known and known.refseq and REFSEQ_CHROMOSOME.match(accession) and accession != known.refseq:
            raise self.error(
                f"is {accession}, {genome.build} has {known.refseq}", f"give a {genome.build} genome"
            )
        if not self.whole:
            return ContigUsed(self.name, self.chrom, self.length, None, False)
        md5 = self.md5.hexdigest()
        if known and known.length and self.length != known.length:
            other = next((build for build in BUILDS if build.lengths.get(self.chrom) == self.length), None)
            like = f" as in {other.name}" if other else ""
            if other and other.species != HUMAN:
                like += f", a {other.species} genome"
            raise self.error(
                f"has {self.length} bases{like}, {self.chrom} of {genome.build} has {known.length}",
                f"give a {genome.build} genome",
            )
        if known and known.md5 and md5 != known.md5:
            raise self.error(
                f"has MD5 {md5}, {self.chrom} of {genome.build} has {known.md5}",
                f"give an unaltered {genome.build} genome",
            )
        return ContigUsed(self.name, self.chrom, self.length, md5, bool(known and known.md5))

    def error(self, problem: str, remedy: str, base: int | None = None) -> ReferenceProofError:
        where = f"record {self.name}" + ("" if base is None else f", base {base}")
        return ReferenceProofError(problem, path=self.path, where=where, remedy=remedy)


def _contigs(path: Path, regions: list[Region]) -> Iterator[_Contig]:
    contig = None
    for header, block in fasta_pieces(path):
        if header is not None:
            if contig:
                yield contig
            contig = _Contig(path, header.split()[0] if header else "", regions)
        elif contig:
            contig.add(block)
    if contig:
        yield contig
