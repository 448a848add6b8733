"""Second stage for BAM, CRAM and SAM files: keeps the fragments that share a k-mer with the panel.

The file is read twice from its first to its last record, whatever its order and with or without an index. The
first pass looks every read up by its sequence and remembers those that hold a panel k-mer; the second takes
the primary records of their fragments, wherever they are. So nothing depends on where, or whether, an aligner
placed a read, and what comes out is what the screen makes of the same reads as FASTQ: the screen's own kernel
decides what is a hit. `bam_mates` says which records are a fragment. Memory holds some numbers for each kept
read; where mates are not neighbours, their reads are brought together by a sort on disk.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pysam

from aspsfusion.errors import ReadsError
from aspsfusion.io.bam import (
    COPY_AGAIN,
    Header,
    open_alignments,
    read_header,
    records_of,
    require_reference,
    sort_bam,
)
from aspsfusion.io.files import (
    PRIVATE,
    Progress,
    no_progress,
    open_to_write,
    replacing,
    require_unchanged,
    scratch_beside,
    stamps_of,
    writing,
)
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.screen_index import load_screen_index
from aspsfusion.screen.bam_mates import (
    FIRST,
    MOST_STRANGERS,
    NOT_PRIMARY,
    PAIRED,
    SECOND,
    UMI_TAG,
    UNMAPPED,
    FoundFragment,
    MateRecord,
    Read,
    Wanted,
    as_sequenced,
    fragment_label,
    has_no_place,
    identity_of,
    neighbouring_fragments,
    resolved,
)
from aspsfusion.screen.extract_metrics import (
    MOST_QUALITY,
    Counts,
    Kept,
    Loci,
    extract_metrics,
    locus_genes,
    refuse_transcripts,
    require_human,
    target_loci,
)
from aspsfusion.screen.first_pass import BATCH_READS, choose_fragments

SORT_MEMORY = "256M"
"""What the sort of the kept reads holds in memory before it uses the disk."""

COMPRESSION_LEVEL = 1

HARD_CLIP = 5
"""Operation of a CIGAR that tells of bases which the record no longer holds."""

LABEL_TAG, ORDINAL_TAG, PLACE_TAG, WANTED_TAG = "YN", "YO", "YP", "YH"
"""Tags of the reads between the passes and the sort, see `MateRecord`; the label in hexadecimal."""


@dataclass
class _SecondPass:
    """Takes the reads of the kept fragments out of the file."""

    wanted: Wanted
    loci: Loci
    kept: Kept
    progress: Progress

    def fragments(self, stream: pysam.AlignmentFile, path: Path, scratch: Path) -> Iterator[FoundFragment]:
        records = self._primary(records_of(stream, path))
        if self.wanted.neighbours:
            for number, group in neighbouring_fragments(records, self.wanted, self.kept):
                reads = tuple(self._taken(record) for record in group)
                self.kept.without_mate += len(group) == 1 and bool(group[0].flag & PAIRED)
                yield FoundFragment(number, fragment_label(group[0]), reads)
        else:
            by_group, copies = self._collected(records, scratch)
            with pysam.AlignmentFile(str(by_group), check_sq=False) as collected:
                for group_name, segments in groupby(collected, key=lambda segment: str(segment.query_name)):
                    mates = sorted(map(_mate_record, segments), key=lambda mate: mate.ordinal)
                    yield from resolved(mates, copies.get(int(group_name), 1), self.kept)

    def _primary(self, records: Iterable[pysam.AlignedSegment]) -> Iterator[pysam.AlignedSegment]:
        number = 0
        for number, record in enumerate(records, start=1):
            if number % BATCH_READS == 0:
                self.progress(number, ", second pass")
            if not record.flag & NOT_PRIMARY:
                self.wanted.baseless.found(record)
                yield record
        self.kept.baseless = len(self.wanted.baseless)

    def _taken(self, record: pysam.AlignedSegment) -> Read:
        """Return the read of a kept fragment, and count what its record tells."""
        cigar = record.cigartuples
        self.kept.hard_clipped += cigar is not None and HARD_CLIP in (cigar[0][0], cigar[-1][0])
        if not record.flag & UNMAPPED:
            for gene in locus_genes(self.loci, str(record.reference_name), record.reference_start):
                self.kept.at_locus[gene] = self.kept.at_locus.get(gene, 0) + 1
        return as_sequenced(record)

    def _collected(
        self, records: Iterable[pysam.AlignedSegment], scratch: Path
    ) -> tuple[Path, dict[int, int]]:
        """Write the reads of the kept fragments to a BAM whose names are the numbers of groups.

        Returns:
            The BAM, sorted by group, and for the groups of repeated names how many copies have the name.
        """
        wanted, unplaced = self.wanted, 0
        collected, by_group = scratch / "kept.bam", scratch / "by_group.bam"
        groups: dict[int, int] = {}
        copies: dict[int, int] = {}
        strangers: Counter[int] = Counter()
        found: set[int] = set()
        header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6", "SO": "unsorted"}})
        with writing(collected), pysam.AlignmentFile(str(collected), "wb0", header=header) as out:
            for ordinal, record in enumerate(records):
                number, unplaced = unplaced, unplaced + has_no_place(record)
                if hash(fragment_label(record)) not in wanted.names:
                    continue
                identity = identity_of(record)
                if not wanted.holds(identity):
                    continue
                if identity in wanted.also:
                    found.add(identity)
                place = wanted.place(record, number)
                at_panel = wanted.at_panel(identity, place, ordinal)
                repeats = wanted.copies(identity)
                strangers[identity] += repeats <= 1 and not at_panel
                if not at_panel and (repeats > 1 or strangers[identity] > MOST_STRANGERS):
                    continue
                group = hash((identity, place)) if repeats > 1 else identity
                name = groups.setdefault(group, len(groups))
                if repeats > 1:
                    copies[name] = repeats
                mate = MateRecord(
                    ordinal, record.flag, place, fragment_label(record), self._taken(record), at_panel
                )
                out.write(_segment(mate, name, header))
        self.kept.without_primary = len(wanted.also - found)
        options = ("-n", "-l", "1", "-m", SORT_MEMORY)
        sort_bam(collected, by_group, scratch, *options, remedy="run 'aspsfusion extract' again")
        collected.unlink()
        return by_group, copies


def _segment(mate: MateRecord, group: int, header: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    """Return a read as a record of the BAM that is sorted."""
    segment = pysam.AlignedSegment(header)
    segment.query_name = str(group)
    segment.flag = UNMAPPED | mate.flag & (PAIRED | FIRST | SECOND)
    segment.reference_id = segment.next_reference_id = -1
    segment.reference_start = segment.next_reference_start = -1
    segment.query_sequence = mate.read.bases
    if mate.read.bases:
        segment.query_qualities_str = mate.read.qualities
    if mate.read.umi:
        segment.set_tag(UMI_TAG, mate.read.umi, "Z")
    segment.set_tag(LABEL_TAG, raw_bytes(mate.label).hex(), "Z")
    segment.set_tag(ORDINAL_TAG, str(mate.ordinal), "Z")
    segment.set_tag(PLACE_TAG, ",".join(map(str, mate.place)), "Z")
    segment.set_tag(WANTED_TAG, int(mate.at_panel))
    return segment


def _mate_record(segment: pysam.AlignedSegment) -> MateRecord:
    first, first_at, second, second_at = map(int, str(segment.get_tag(PLACE_TAG)).split(","))
    return MateRecord(
        int(str(segment.get_tag(ORDINAL_TAG))),
        segment.flag,
        (first, first_at, second, second_at),
        bytes.fromhex(str(segment.get_tag(LABEL_TAG))).decode("utf-8", "surrogateescape"),
        as_sequenced(segment),
        bool(segment.get_tag(WANTED_TAG)),
    )


def raw_bytes(text: str) -> bytes:
    """Return the bytes of a file that pysam gave as text."""
    return text.encode("utf-8", "surrogateescape")


def fastq_records(fragment: FoundFragment) -> bytes:
    """Return the reads of a fragment as the screen writes them, mates one after the other.

    The label and the UMI, as a SAM tag, follow the number.
    """
    label = re.sub(rb"[\t-\r ]", b"_", raw_bytes(fragment.label))
    records = []
    for mate, read in enumerate(fragment.reads, start=1):
        suffix = f"/{mate}" if len(fragment.reads) > 1 else ""
        umi = f" {UMI_TAG}:Z:{read.umi}" if read.umi else ""
        header = b"@%d%s %s%s" % (fragment.number, suffix.encode(), label, raw_bytes(umi))
        records.append(b"%s\n%s\n+\n%s\n" % (header, read.bases.encode(), read.qualities.encode()))
    return b"".join(records)


def run_extract(
    panel_directory: Path,
    alignments: Path,
    output: Path,
    metrics: Path,
    reference: Path | None = None,
    progress: Progress = no_progress,
    *,
    force: bool = False,
) -> dict[str, object]:
    """Extract one sample's candidate fragments from a BAM, CRAM or SAM file.

    Args:
        panel_directory: built panel.
        alignments: aligned or unaligned reads, in any order.
        output: gzip FASTQ to write; mates of a pair are one after the other.
        metrics: JSON to write.
        reference: FASTA that a CRAM file was compressed with, if it does not hold it.
        progress: called now and then with the reads seen so far and a note.
        force: replace existing files.

    Returns:
        What was written to metrics: all that the screen writes, and what the file cannot show.

    Raises:
        ReadsError: the file is missing, damaged, empty, of another species, or changes while it is read.
    """
    from isal import igzip

    if reference is not None:
        require_reference(reference)
    panel = load_panel(panel_directory)
    stamps = stamps_of([alignments])
    kept = Kept()
    with (
        # Both names are claimed before the first read, so that either both files appear or none.
        replacing(output, force=force) as draft,
        replacing(metrics, force=force) as metrics_draft,
        # Its name begins with that of the output's draft, so that it goes with it.
        scratch_beside(output.with_name(f"{output.name}.reads"), PRIVATE) as scratch,
    ):
        header, loci, wanted, counts = _first_pass(panel, alignments, reference, progress)
        second_pass = _SecondPass(wanted, loci, kept, progress)
        with (
            open_alignments(alignments, reference) as stream,
            open_to_write(draft) as raw,
            igzip.IGzipFile(
                filename="", mode="wb", fileobj=raw, compresslevel=COMPRESSION_LEVEL, mtime=0
            ) as out,
        ):
            for fragment in second_pass.fragments(stream, alignments, scratch):
                if any(read.bases for read in fragment.reads):
                    kept.fragments += 1
                    out.write(fastq_records(fragment))
        result = extract_metrics(panel, alignments, header, counts, kept)
        require_unchanged(stamps)
        metrics_draft.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def _first_pass(
    panel: Panel, path: Path, reference: Path | None, progress: Progress
) -> tuple[Header, Loci, Wanted, Counts]:
    table = load_screen_index(panel.directory).table
    with open_alignments(path, reference) as stream:
        header = read_header(stream)
        require_human(header, path)
        refuse_transcripts(header, path)
        loci, genes = target_loci(panel, header), len(panel.spec.genes)
        wanted, counts = choose_fragments(records_of(stream, path), table, genes, loci, progress)
    if not counts.reads:
        raise ReadsError("holds no reads", path=path, remedy="give a file with reads")
    if counts.best_quality > MOST_QUALITY:
        raise ReadsError(
            f"is damaged: it holds a base quality of {counts.best_quality}, more than {MOST_QUALITY}",
            path=path,
            remedy=COPY_AGAIN,
        )
    return header, loci, wanted, counts
