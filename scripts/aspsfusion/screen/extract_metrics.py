"""What `extract` counts in a file, and which evidence the file cannot carry.

A BAM file is what some program left of a library. Reads across a fusion's junction are the first to be lost:
aligners leave them unmapped, filters remove what is unmapped or has lost its mate. An exclusion from such a
file would rest on evidence that is not there, so each loss that can be seen is named in a sentence, and
`report` excludes nothing while there is one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam

from aspsfusion.errors import ReadsError, printable
from aspsfusion.io.bam import HUMAN, Header, checksums_agree, detected_build
from aspsfusion.io.checksums import Content, content_of, require_stated, stated_checksum
from aspsfusion.io.fasta import chromosome_name, parse_contig
from aspsfusion.panel.panel import Panel
from aspsfusion.screen.screen import input_record

LOCUS_PADDING = 3_000_000
"""Bases on both sides of a gene that count as its locus: more than the 2.04 Mb by which the positions of one
locus differ most between GRCh37 and GRCh38 among the shipped panel's targets."""

MOST_QUALITY = 93
"""The best Phred quality that a SAM or FASTQ file can hold (SAM specification, QUAL)."""

GOOD_QUALITY = 30
"""Phred quality of a good base: one error in a thousand, as the screen counts them."""

FEWEST_REFERENCES = 100
LONGEST_TRANSCRIPT = 400_000
"""References from which on, without a chromosome among them and none longer than that, they are transcripts:
the longest human transcript (of TTN) has 109,224 nt, the shortest human chromosome 46.7 million."""

ENOUGH_SPLICED = 1000
"""Spliced reads of which at least one is soft-clipped: aligners clip some percent of them."""

ENOUGH_ALIGNED = 10_000
"""Aligned reads of which at least one is split: so are 1 in 1,000 and more in every library."""

_TRANSCRIPT = re.compile(r"(?:^|\|)(?:ENST\d{5}|[NX][MR]_\d{4})")
_CHROMOSOME = re.compile(r"chr(?:\d{1,2}|X|Y|M)")
_SOFT_CLIP, _SPLICE = 4, 3
_PAIRED, _UNMAPPED, _MATE_UNMAPPED, _SECOND = 0x1, 0x4, 0x8, 0x80

Loci = dict[str, list[tuple[str, int, int]]]
"""By chromosome: gene, start and end, 0-based half-open."""


@dataclass
class Counts:
    """Counts of all records of a file.

    Attributes:
        reads: primary records.
        first: primary records of first mates.
        second: primary records of second mates.
        single: primary records of unpaired reads.
        unmapped: primary records without a position.
        unmapped_fragments: fragments of which no read has a position.
        mates_unmapped: mapped reads whose mate has no position, by their flag.
        unmapped_mates: unmapped reads whose mate has a position, by their flag.
        without_bases: primary records that hold no sequence.
        not_primary: secondary and supplementary records.
        supplementary: supplementary records.
        spliced: primary records with a splice, until the first soft clip.
        soft_clipped: whether a primary record is soft-clipped.
        split: primary records that name a supplementary one, until the first one of these.
        bases: bases of primary records.
        longest: longest read, in nt.
        gc: G and C among them.
        unknown: unknown bases (N) among them.
        gene_hits: panel k-mers by gene number.
        lengths: number of reads by length in nt.
        judged: bases with a base quality.
        q30: bases with one of Q30 or better.
        quality_sum: sum of the Phred qualities.
        best_quality: the best of them.
    """

    reads: int = 0
    first: int = 0
    second: int = 0
    single: int = 0
    unmapped: int = 0
    unmapped_fragments: int = 0
    mates_unmapped: int = 0
    unmapped_mates: int = 0
    without_bases: int = 0
    not_primary: int = 0
    supplementary: int = 0
    spliced: int = 0
    soft_clipped: bool = False
    split: int = 0
    bases: int = 0
    longest: int = 0
    gc: int = 0
    unknown: int = 0
    gene_hits: list[int] = field(default_factory=list)
    lengths: Counter[int] = field(default_factory=Counter)
    judged: int = 0
    q30: int = 0
    quality_sum: int = 0
    best_quality: int = 0

    def add(self, flag: int, *, has_bases: bool) -> None:
        """Count a primary record by its flag."""
        self.reads += 1
        unmapped = bool(flag & _UNMAPPED)
        self.unmapped += unmapped
        self.without_bases += not has_bases
        if not flag & _PAIRED:
            self.single += 1
            self.unmapped_fragments += unmapped
            return
        mate_unmapped = bool(flag & _MATE_UNMAPPED)
        if flag & _SECOND:
            self.second += 1
        else:
            self.first += 1
            self.unmapped_fragments += unmapped and mate_unmapped
        self.mates_unmapped += mate_unmapped and not unmapped
        self.unmapped_mates += unmapped and not mate_unmapped

    def add_alignment(self, record: pysam.AlignedSegment) -> None:
        """Count what the alignment of a primary record tells of those that a filter may have removed."""
        if self.soft_clipped and self.supplementary:
            return
        cigar = record.cigartuples
        if not cigar or len(cigar) == 1:
            return  # most reads: neither clipped nor spliced
        operations = [operation for operation, _ in cigar]
        self.soft_clipped = self.soft_clipped or _SOFT_CLIP in operations
        self.spliced += not self.soft_clipped and _SPLICE in operations
        self.split += not self.supplementary and record.has_tag("SA")

    def add_qualities(self, qualities: npt.NDArray[np.uint8]) -> None:
        """Count Phred qualities."""
        self.judged += qualities.size
        self.q30 += int(np.count_nonzero(qualities >= GOOD_QUALITY))
        self.quality_sum += int(qualities.sum(dtype=np.int64))
        self.best_quality = max(self.best_quality, int(qualities.max(initial=0)))

    @property
    def fragments(self) -> int:
        """Fragments of the library, as far as the file has them."""
        return max(self.first, self.second) + self.single


@dataclass
class Kept:
    """Counts of the fragments that share a k-mer with the panel.

    Attributes:
        without_primary: names of which only secondary or supplementary records are in the file.
        baseless: reads of which only such records without bases are in the file, at the targets' loci where
            these are known.
        without_mate: paired reads whose mate is not in the file.
        hard_clipped: primary records that lost bases by hard clipping.
        repeated: further primary records of a read that is there already.
        ambiguous: pairs of which it cannot be told which mates belong together.
        at_locus: aligned reads at the locus of each target gene.
    """

    fragments: int = 0
    without_primary: int = 0
    baseless: int = 0
    without_mate: int = 0
    hard_clipped: int = 0
    repeated: int = 0
    ambiguous: int = 0
    at_locus: dict[str, int] = field(default_factory=dict)


def require_human(header: Header, path: Path) -> None:
    """Refuse a file that is aligned to the genome of another species.

    Raises:
        ReadsError: the lengths in its header are those of a mouse genome.
    """
    build = detected_build(header.lengths)
    if build is not None and build.species != HUMAN:
        raise ReadsError(
            f"is aligned to {build.name}, a {build.species} genome",
            path=path,
            remedy="give the reads of a human sample; reads of a xenograft as FASTQ or unaligned BAM",
        )


def refuse_transcripts(header: Header, path: Path) -> None:
    """Refuse a file that is aligned to transcripts: reads across a fusion are left out of such files.

    Raises:
        ReadsError: its references are named or are as long as transcripts, and none is a chromosome.
    """
    names = list(header.lengths)
    if not names or any(_CHROMOSOME.fullmatch(parse_contig(name)[0]) for name in names):
        return
    named = [name for name in names if _TRANSCRIPT.search(name)]
    short = len(names) >= FEWEST_REFERENCES and max(header.lengths.values()) <= LONGEST_TRANSCRIPT
    if 2 * len(named) < len(names) and not short:
        return
    example = (named or names)[0]
    others = f" and {len(names) - 1:,} others" if len(names) > 1 else ""
    raise ReadsError(
        f"is aligned to transcripts ({example}{others}): reads that no transcript holds whole, as those "
        "across a fusion, are left out of such files",
        path=path,
        remedy="give the reads aligned to the genome (STAR's Aligned.out, not Aligned.toTranscriptome), "
        "unaligned BAM, or FASTQ",
    )


def target_loci(panel: Panel, header: Header) -> Loci:
    """Return the padded loci of the panel's targets, none where the header is of no known human build."""
    if detected_build(header.lengths) is None:
        return {}
    loci: Loci = {}
    for gene, unspliced in panel.unspliced.items():
        loci.setdefault(unspliced.chrom, []).append(
            (gene, unspliced.start - LOCUS_PADDING, unspliced.end + LOCUS_PADDING)
        )
    return loci


def locus_genes(loci: Loci, contig: str, position: int) -> list[str]:
    """Return the genes at whose locus a position (0-based) lies."""
    if not loci:
        return []
    return [gene for gene, start, end in loci.get(chromosome_name(contig), ()) if start <= position < end]


def missing_evidence(header: Header, counts: Counts, kept: Kept, loci: Loci) -> list[str]:
    """Return a sentence for each way in which the file cannot carry the evidence."""
    sentences = []
    aligned = counts.unmapped < counts.reads
    if aligned and not counts.unmapped_fragments:
        sentences.append(
            "The file holds no unmapped fragment: reads that the aligner could not place, as many of those "
            "across a fusion are, were left out of it."
        )
    if header.lengths and not aligned:
        sentences.append("The file holds unmapped reads alone, and its header is that of an alignment.")
    if aligned and counts.mates_unmapped > counts.unmapped_mates:
        lost = counts.mates_unmapped - counts.unmapped_mates
        sentences.append(f"The unmapped mates of {lost} mapped reads are not in the file.")
    if aligned and counts.mates_unmapped < counts.unmapped_mates:
        lost = counts.unmapped_mates - counts.mates_unmapped
        sentences.append(f"The mapped mates of {lost} unmapped reads are not in the file.")
    if counts.first != counts.second:
        sentences.append(
            f"The file holds {counts.first} first and {counts.second} second mates: reads were removed."
        )
    for number, text in (
        (kept.without_mate, "reads of the panel's genes have lost their mate."),
        (
            kept.without_primary,
            "chimeric or secondary alignments to the panel's genes have no primary record: the whole "
            "reads are not in the file.",
        ),
        (
            kept.baseless,
            "reads have chimeric or secondary alignments without bases and no primary record: they are not "
            "in the file.",
        ),
        (
            kept.hard_clipped,
            "reads of the panel's genes are hard-clipped: the rest of them is not in the file.",
        ),
        (
            kept.ambiguous,
            "pairs of the panel's genes share their name and their place with others: it cannot be told "
            "which mates belong together.",
        ),
        (counts.without_bases, "reads of the file have no bases."),
    ):
        if number:
            sentences.append(f"{number} {text}")
    sentences += _removed_records(header, counts)
    genes = [gene for entries in loci.values() for gene, _, _ in entries]
    if aligned:
        sentences += [f"No read is aligned at the locus of {g}." for g in genes if not kept.at_locus.get(g)]
    return sentences


def _removed_records(header: Header, counts: Counts) -> Iterator[str]:
    """Yield a sentence for each kind of record that the file should hold and does not."""
    end_to_end = any("EndToEnd" in command for command in header.commands)
    if counts.spliced >= ENOUGH_SPLICED and not counts.soft_clipped and not end_to_end:
        yield (
            f"None of {counts.spliced} spliced reads is soft-clipped: reads that an aligner clipped, as "
            "those across a fusion, were left out of the file."
        )
    if counts.supplementary:
        return
    if counts.split:
        yield (
            f"{counts.split} reads name a supplementary alignment (tag SA), and the file holds none: records "
            "were removed."
        )
    elif counts.reads - counts.unmapped >= ENOUGH_ALIGNED and (program := _promise(header, counts)):
        yield f"{program} writes the parts of split reads, and the file holds none: records were removed."


def _promise(header: Header, counts: Counts) -> str:
    """Return the program whose command line promises split reads that the file lacks, empty for none."""
    for command in header.commands:
        words = command.split()
        program = Path(words[0]).name if words else ""
        if "WithinBAM" in words:
            return "STAR with --chimOutType WithinBAM"
        if program in ("bwa", "bwa-mem2") and "mem" in words[1:2] and not counts.not_primary:
            return f"{program} mem"
    return ""


def describe_input(header: Header, counts: Counts) -> str:
    """Return in words what kind of file it was."""
    if counts.unmapped == counts.reads:
        return f"unaligned {header.format}"
    build = detected_build(header.lengths)
    if build is None:
        genome = "sequences of no known genome build"
    else:
        agree = checksums_agree(build, header.checksums)
        genome = build.name + {None: "", True: " (checksums agree)", False: " (an altered copy)"}[agree]
    by = f" by {', '.join(header.programs)}" if header.programs else ""
    return f"{header.format} aligned to {genome}{by}"


def extract_metrics(
    panel: Panel, path: Path, header: Header, counts: Counts, kept: Kept
) -> dict[str, object]:
    """Return the metrics of a file: those of the screen, and what the file is and lacks."""
    build = detected_build(header.lengths)
    symbols = [gene.symbol for gene in panel.spec.genes]
    hits: Mapping[str, int] = dict(zip(symbols, counts.gene_hits, strict=True))
    loci = target_loci(panel, header)
    return {
        "layout": "paired" if counts.first or counts.second else "single",
        "interleaved": False,
        "lanes": [[printable(path.name)]],
        "inputs": [input_record(path, _content(path), counts.reads)],
        "total_fragments": counts.fragments,
        "total_reads": counts.reads,
        "total_bases": counts.bases,
        "read_length": counts.longest,
        "read_lengths": {str(length): n for length, n in sorted(counts.lengths.items())},
        "mean_read_length": round(counts.bases / max(1, counts.reads), 2),
        "gc_fraction": round(counts.gc / max(1, counts.bases - counts.unknown), 4),
        "n_fraction": round(counts.unknown / max(1, counts.bases), 4),
        "mean_quality": round(counts.quality_sum / counts.judged, 2) if counts.judged else None,
        "q30_fraction": round(counts.q30 / counts.judged, 4) if counts.judged else None,
        "candidate_fragments": kept.fragments,
        "kmers_by_gene": {symbol: n for symbol, n in hits.items() if n},
        "input": describe_input(header, counts),
        "input_build": build.name if build and counts.unmapped < counts.reads else None,
        "unmapped_reads": counts.unmapped,
        "not_primary_records": counts.not_primary,
        "repeated_records": kept.repeated,
        "reads_at_target_loci": {
            gene: kept.at_locus.get(gene, 0) for entries in loci.values() for gene, _, _ in entries
        },
        "incomplete": missing_evidence(header, counts, kept, loci),
    }


def _content(path: Path) -> Content:
    """Return size and checksums of a file; raises ReadsError where a checksum file beside it says others."""
    stated = stated_checksum(path)
    content = content_of(path, md5=stated is not None and stated.is_md5)
    require_stated(path, content, stated)
    return content
