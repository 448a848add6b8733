"""Takes the panel's regions from a genome FASTA and authenticates the chromosomes they lie on.

The file is read in one stream, so that whole chromosomes can be checked against their published MD5 on the
way. Contigs may be whole chromosomes or loci (see `aspsfusion.io.fasta`).

The mark that every locus of a demonstration reference carries in its bases.

Record names and descriptions are lost easily, for example when a FASTA passes through another program. A
report made on filler sequence must still say so, therefore the mark is part of the sequence itself.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.errors import ReferenceProofError
from aspsfusion.io.fasta import REFSEQ_CHROMOSOME, fasta_pieces, parse_contig, reverse_complement
from aspsfusion.panel.gene_spec import GenomeSpec


def encode_text(text: str) -> str:
    """Write ASCII text as bases: four per character, two bits each, highest first, 0 to 3 as A, C, G, T.

    >>> encode_text("DEMO")  # D is 68, in binary 01 00 01 00
    'CACACACCCATCCATT'
    """
    return "".join("ACGT"[code >> shift & 3] for code in text.encode("ascii") for shift in (6, 4, 2, 0))


WATERMARK = encode_text("DEMONSTRATION")[:48]
"""The first 48 nt, on the plus strand, of every locus of a demonstration reference.

They spell the first twelve letters of the word; by chance a genome holds them once in 4 to the power 48.
"""


def has_watermark(sequence: str) -> bool:
    """Tell whether a sequence, in upper or lower case, holds the mark of a demonstration reference.

    >>> has_watermark("ttt" + WATERMARK.lower() + "ACGT")
    True
    >>> has_watermark("ACGT" * 50)
    False
    """
    return WATERMARK in sequence.upper()


MAX_MASKED_SHARE = 0.9
"""Share of lower-case bases above which case is no mark of repeats: about half of a genome is repeats, and no
gene's exons are."""

NOT_A_BASE = re.compile(rb"[^ACGTNRYSWKMBDHVacgtnryswkmbdhv]")


@dataclass(frozen=True, order=True)
class Region:
    """A stretch of a chromosome, 0-based half-open."""

    chrom: str
    start: int
    end: int


@dataclass(frozen=True)
class ContigUsed:
    """A contig of the FASTA that served the panel.

    Attributes:
        name: as in the file.
        chrom: chromosome in `chr` style.
        length: bases in the file.
        md5: MD5 of the upper-case bases of a whole chromosome; None for a locus.
        authenticated: whether length and MD5 are those that the panel states.
    """

    name: str
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

    @property
    def soft_masked(self) -> bool:
        """Whether lower case marks repeats; a file in one case throughout marks nothing."""
        total = sum(map(len, self.bases.values()))
        lower = sum(sum(bases.count(base) for base in "acgtn") for bases in self.bases.values())
        return 0 < lower <= MAX_MASKED_SHARE * total

    def holds(self, region: Region) -> bool:
        """Tell whether a region lies in one that was read."""
        return any(
            held.chrom == region.chrom and held.start <= region.start and region.end <= held.end
            for held in self.bases
        )

    def fetch(self, region: Region) -> str:
        """Return the bases of a region that lies in one of the wanted ones.

        Raises:
            KeyError: the region was not asked for.
        """
        for held, bases in self.bases.items():
            if held.chrom == region.chrom and held.start <= region.start and region.end <= held.end:
                return bases[region.start - held.start : region.end - held.start]
        raise KeyError(region)

    def fetch_sense(self, region: Region, strand: str) -> str:
        """Return the bases of a region in the orientation of the strand."""
        bases = self.fetch(region)
        return bases if strand == "+" else reverse_complement(bases)


class _Collector:
    """Gathers wanted bases, length and MD5 of one contig while it streams by."""

    def __init__(self, name: str, chrom: str, start: int, end: int | None, wanted: list[Region]) -> None:
        self.name, self.chrom, self.start, self.end = name, chrom, start, end
        self.whole = end is None
        self.position = start
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.first_bases = b""
        self.parts: dict[Region, list[bytes]] = {
            region: []
            for region in wanted
            if region.chrom == chrom and region.start >= start and (end is None or region.end <= end)
        }

    def add(self, bases: bytes) -> None:
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

    @property
    def length(self) -> int:
        return self.position - self.start


def read_regions(
    path: Path, wanted: Iterable[Region], genome: GenomeSpec, optional: Iterable[Region] = ()
) -> GenomePieces:
    """Read the wanted regions in one pass and authenticate the chromosomes they lie on.

    Args:
        path: genome FASTA, plain, gzip or bgzip.
        wanted: regions, 0-based half-open.
        genome: build with lengths, RefSeq accessions and MD5 where the panel knows them.
        optional: regions that a FASTA of loci may lack.

    Returns:
        The bases of every wanted region, and of the optional ones that are there.

    Raises:
        ReferenceProofError: a region is not in the file, or a whole chromosome is not that of the build.
    """
    required = sorted(set(wanted))
    regions = sorted({*required, *optional})
    chromosomes = {region.chrom for region in regions}
    bases: dict[Region, str] = {}
    used: list[ContigUsed] = []
    found: list[str] = []
    demonstration = False
    whole = True
    collector: _Collector | None = None

    def finish(current: _Collector | None) -> None:
        nonlocal demonstration, whole
        if current is None:
            return
        if current.end is not None and current.length != current.end - current.start:
            raise ReferenceProofError(
                f"has {current.length} bases, its name says {current.end - current.start}",
                path=path,
                where=f"record {current.name}",
                remedy="write the locus again with samtools faidx",
            )
        for region, parts in current.parts.items():
            sequence = b"".join(parts)
            if len(sequence) < region.end - region.start:
                continue
            foreign = NOT_A_BASE.search(sequence)
            if foreign:
                raise ReferenceProofError(
                    f"holds {foreign[0].decode('ascii', 'replace')!r}, which is no base",
                    path=path,
                    where=f"record {current.name}, base {region.start + foreign.start() + 1}",
                    remedy="give a nucleotide FASTA",
                )
            if region in bases:
                raise ReferenceProofError(
                    f"{_name(region)} is in the file twice",
                    path=path,
                    where=f"record {current.name}",
                    remedy="give each chromosome or locus once",
                )
            bases[region] = sequence.decode("ascii")
        if current.parts:
            used.append(_authenticated(current, genome, path))
            whole = whole and current.whole
            demonstration = demonstration or current.first_bases.upper() == WATERMARK.encode("ascii")

    for header, block in fasta_pieces(path):
        if header is not None:
            finish(collector)
            name = header.split()[0] if header else ""
            found.append(name)
            chrom, start, end = parse_contig(name)
            collector = _Collector(name, chrom, start, end, regions) if chrom in chromosomes else None
        elif collector is not None:
            collector.add(block)
    finish(collector)

    missing = [region for region in required if region not in bases]
    if missing:
        listed = ", ".join(_name(region) for region in missing[:3]) + (" ..." if len(missing) > 3 else "")
        names = ", ".join(found[:4]) + (" ..." if len(found) > 4 else "")
        raise ReferenceProofError(
            f"does not hold {listed} (found {len(found)} records: {names})",
            path=path,
            remedy=f"give a {genome.build} genome, or loci that cover every gene of the panel",
        )
    return GenomePieces(bases, tuple(used), whole, demonstration)


def _name(region: Region) -> str:
    return f"{region.chrom}:{region.start + 1}-{region.end}"


def _authenticated(current: _Collector, genome: GenomeSpec, path: Path) -> ContigUsed:
    """Check a contig against what the panel knows of its chromosome."""
    expected = genome.chromosomes.get(current.chrom)
    contig = current.name.split(":")[0]
    if expected and expected.refseq and REFSEQ_CHROMOSOME.match(contig) and contig != expected.refseq:
        raise ReferenceProofError(
            f"is {contig}, {genome.build} has {expected.refseq}",
            path=path,
            where=f"record {current.name}",
            remedy=f"give a {genome.build} genome",
        )
    if not current.whole:
        return ContigUsed(current.name, current.chrom, current.length, None, False)
    md5 = current.md5.hexdigest()
    if expected and expected.length and current.length != expected.length:
        raise ReferenceProofError(
            f"has {current.length} bases, {current.chrom} of {genome.build} has {expected.length}",
            path=path,
            where=f"record {current.name}",
            remedy=f"give a {genome.build} genome",
        )
    if expected and expected.md5 and md5 != expected.md5:
        raise ReferenceProofError(
            f"has MD5 {md5}, {current.chrom} of {genome.build} has {expected.md5}",
            path=path,
            where=f"record {current.name}",
            remedy=f"give an unaltered {genome.build} genome",
        )
    return ContigUsed(current.name, current.chrom, current.length, md5, bool(expected and expected.md5))
