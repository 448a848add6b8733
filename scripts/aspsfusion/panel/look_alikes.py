"""Finds places of a genome that resemble the targets' exons: reads of genes there must not count for them.

Such a gene fits a target in part and runs on as itself, which looks like a break of the target. With some
sequence around, its places become decoys on the panel (`Decoy`), which compete with the targets as wild type.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import PanelError
from aspsfusion.io.fasta import chromosome_name, reverse_complement
from aspsfusion.native.genome import WINDOW, Windows
from aspsfusion.panel.genome import Region, gene_region, read_regions
from aspsfusion.panel.gtf import ExonChain, chains_with_exons_at
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import Decoy

FLANK = 150
"""Bases on both sides of a place that go with it: a read of 150 nt that holds the place lies within."""

MOST_PLACES = 1_000
"""Places of one window above which it is of an interspersed repeat and left out: reads of it prove no gene,
since their sequence is not unique in the genome (`Specificity.proof`)."""

MOST_DECOYS = 1_000
"""Decoys above which a panel is refused: they slow the aligner down, and so many mean that a target's exon
is a repeat. Of 4,000 human mRNAs one other than the targets' own resembles them (METRNL)."""

_CODES = np.full(256, 4, dtype=np.uint64)
_CODES[np.frombuffer(b"ACGTacgt", dtype=np.uint8)] = [0, 1, 2, 3, 0, 1, 2, 3]


@dataclass(frozen=True)
class LookAlikes:
    """What the pass over a genome found.

    Attributes:
        places: stretches of the genome that resemble a target's exons, sorted.
        left_out: windows of the targets that were left out, since they are of a repeat.
        lengths: of the contigs, by chromosome.
    """

    places: Sequence[Region]
    left_out: int
    lengths: Mapping[str, int]


class LookAlikeFinder:
    """Looks for windows of sequences, on either strand, in one block of a contig after the other."""

    def __init__(self, sequences: Iterable[str]) -> None:
        codes = [window_codes(form) for bases in sequences for form in (bases, reverse_complement(bases))]
        self._windows = Windows(np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *codes])))
        self._found: list[tuple[str, npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        self._lengths: dict[str, int] = {}
        self.start_contig("")

    def start_contig(self, name: str) -> None:
        """Go on to a whole contig of this name."""
        self._contig, self._position = chromosome_name(name), 0
        self._held = np.empty(0, dtype=np.uint8)

    def add(self, bases: bytes) -> None:
        """Look through the next bases of the contig."""
        block = np.concatenate([self._held, np.frombuffer(bases, dtype=np.uint8)])
        starts, windows = self._windows.find(block, MOST_PLACES)
        if starts.size:
            self._found.append((self._contig, starts + self._position, windows))
        self._held = block[max(0, block.size - WINDOW + 1) :]
        self._lengths[self._contig] = self._position + block.size
        self._position += block.size - self._held.size

    def found(self) -> LookAlikes:
        """Return the places so far; those that overlap are one."""
        frequent = self._windows.counts > MOST_PLACES
        starts: dict[str, list[npt.NDArray[np.int64]]] = {}
        for contig, at, windows in self._found:
            starts.setdefault(contig, []).append(at[~frequent[windows]])
        places = [
            Region(contig, int(group[0]), int(group[-1]) + WINDOW)
            for contig, parts in sorted(starts.items())
            for group in _groups(np.unique(np.concatenate(parts)))
        ]
        return LookAlikes(places, int(np.count_nonzero(frequent)), self._lengths)


def _groups(starts: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return sorted window starts in groups that overlap."""
    groups = np.split(starts, np.flatnonzero(np.diff(starts) > WINDOW) + 1)
    return [group for group in groups if group.size]


def window_codes(bases: str) -> npt.NDArray[np.uint64]:
    """Return the windows of a sequence whose bases are all known, as `Windows` takes them."""
    letters = _CODES[np.frombuffer(bases.encode("ascii"), dtype=np.uint8)]
    count = max(0, letters.size - WINDOW + 1)
    codes, unknown = np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=bool)
    for offset in range(WINDOW if count else 0):
        base = letters[offset : offset + count]
        codes = codes << np.uint64(2) | base & np.uint64(3)
        unknown |= base > np.uint64(3)
    known: npt.NDArray[np.uint64] = codes[~unknown]
    return known


def decoys_at(panel: Panel, found: LookAlikes, genome_path: Path, gtf_path: Path | None) -> list[Decoy]:
    """Return the decoys of the places outside the targets, with FLANK bases around them.

    Exons of the panel's other genes compete as they are. With an annotation, places in its exons alone count,
    spliced as it says; without, all count as they are in the genome. It is read once more if there are any.

    Raises:
        PanelError: there are more than MOST_DECOYS, or the GTF is none.
        ReferenceProofError: the FASTA is damaged.
    """
    places = [place for place in found.places if not _of_the_panel(panel, place)]
    by_chrom: dict[str, list[Region]] = {}
    for place in places:
        by_chrom.setdefault(place.chrom, []).append(place)
    chains = (
        [ExonChain("", chrom, "+", ((0, found.lengths[chrom]),)) for chrom in by_chrom]
        if gtf_path is None
        else chains_with_exons_at(gtf_path, places, WINDOW)
    )
    pieces = {
        (f"{chain.gene or 'genome'}:{place.name}", chain.strand, chain.around(place, FLANK, WINDOW))
        for chain in chains
        for place in by_chrom[chain.chrom]
        if chain.holds(place, WINDOW)
    }
    if len(pieces) > MOST_DECOYS:
        raise PanelError(
            f"holds {len(pieces)} places that resemble exons of the targets, and {MOST_DECOYS} are the most",
            path=genome_path,
            remedy="leave repeats out of the targets' primary transcripts"
            if gtf_path
            else "give an annotation (--gtf, configuration key annotation_gtf), so that exons alone count",
        )
    if not pieces:
        return []
    genome = read_regions(genome_path, {part for *_, parts in pieces for part in parts}, panel.spec.genome)
    names: dict[str, str] = {}
    for name, strand, parts in sorted(pieces):
        bases = "".join(genome.fetch(part) for part in parts).upper()
        names.setdefault(bases if strand == "+" else reverse_complement(bases), name)
    # Transcripts of a gene may have the same place with different exons around it.
    numbered = Counter[str]()
    decoys = []
    for bases, name in names.items():
        numbered[name] += 1
        decoys.append(Decoy(f"{name}.{numbered[name]}", bases))
    return decoys


def _of_the_panel(panel: Panel, place: Region) -> bool:
    """Whether a place overlaps the locus of a target or an exon of another gene of the panel."""
    loci = [gene_region(gene) for gene in panel.spec.genes if "target" in gene.roles]
    loci += [Region(t.chrom, exon.start, exon.end) for t in panel.transcripts.values() for exon in t.exons]
    return any(
        place.chrom == locus.chrom and place.start < locus.end and locus.start < place.end for locus in loci
    )
