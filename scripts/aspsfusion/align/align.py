"""Aligns candidate fragments to the panel's transcripts and unspliced targets.

Mates are aligned as single reads by BWA-MEM and joined afterwards: a pair whose mates are in two genes is
what this program looks for, so pairing must not influence the alignment. Equal alignments to several
transcripts of a gene are reported as one record on the primary transcript, the others in its XA tag. Mates
that overlap were merged before and are aligned as the one molecule that they are.

Where most reads begin with bases that are not of the panel (`foreign_starts`), all are aligned once more
without so many of their first bases: with them every read differs from the wild type, and clips look like
partners.

The BAM names each record by the number of its fragment; the read's own name, which may repeat, is in a tag.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from operator import le
from pathlib import Path
from typing import Any, NamedTuple

import pysam
from pybwa import BwaMem, BwaMemOptions

from aspsfusion.align.candidates import Candidate, CandidateMetrics, read_candidates
from aspsfusion.align.foreign_starts import ForeignStart, StartFinder
from aspsfusion.align.sample import Sample
from aspsfusion.align.settle import Reads, open_candidates, settle_rules
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures
from aspsfusion.config import CallParameters
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.placements import (
    DECLARED_UMIS,
    LABEL_TAG,
    MERGED_TAG,
    UMI_TAG,
    RecordGroup,
    panel_contigs,
    primary_record,
)
from aspsfusion.io.bam import index_beside, program, sort_bam, unsorted_bam
from aspsfusion.io.bwa import aligner_options, open_aligner
from aspsfusion.io.files import Progress, no_progress, replacing, writing
from aspsfusion.io.sealed import sealed_json
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.panel.panel import Panel, load_panel

BATCH_FRAGMENTS = 5000
"""Fragments aligned per call: enough to amortise the call, few enough to hold in memory."""

STAND_IN = pysam.FastxRecord(name="0", sequence="N")
"""Takes the aligner little time: it is shorter than a seed and has no qualities, which took half of it."""

SHARE_DECIMALS = 4


class AlignFiles(NamedTuple):
    """The files of the stage.

    Attributes:
        reads: FASTQ written by `aspsfusion screen` or `extract`.
        bam: to write, sorted by coordinate; its index beside it.
        metrics: JSON to write.
    """

    reads: Path
    bam: Path
    metrics: Path


@dataclass
class AlignMetrics(CandidateMetrics):
    """Counts of the stage."""

    aligned_fragments: int = 0


def run_align(
    panel_directory: Path,
    files: AlignFiles,
    sample: str,
    threads: int = 1,
    progress: Progress = no_progress,
    *,
    structures: ReadStructures = TEMPLATES_ALONE,
    force: bool = False,
) -> None:
    """Align one sample's candidate fragments.

    Args:
        panel_directory: whose index is aligned to.
        files: to read and to write.
        sample: sample name for the read group.
        threads: threads of the aligner.
        progress: called now and then with the fragments aligned so far.
        structures: what the reads consist of.
        force: replace existing files.

    Raises:
        ReadsError: the reads are not those of a screen.
        ParameterError: the structures are not those of the reads.
    """
    panel = load_panel(panel_directory)
    with (
        # Both names are claimed before the first read, so that either both files appear or none.
        replacing(files.bam, force=force) as draft,
        replacing(files.metrics, force=force) as metrics_draft,
        # On the local disk: the unsorted records are read once more and thrown away.
        scratch_directory() as scratch,
    ):
        unsorted = scratch / "unsorted.bam"
        summary, _ = align_candidates(
            panel, files.reads, unsorted, sample, threads, progress, structures=structures
        )
        metrics_draft.write_text(summary, encoding="utf-8")
        sort_bam(unsorted, draft, scratch, remedy="run 'aspsfusion align' again")
        index_beside(pysam.index, draft)
        Path(f"{draft}.bai").replace(f"{files.bam}.bai")


def align_candidates(
    panel: Panel,
    reads: Path,
    bam: Path,
    sample: str,
    threads: int = 1,
    progress: Progress = no_progress,
    *,
    structures: ReadStructures = TEMPLATES_ALONE,
    settle: CallParameters | None = None,
    twice: bool = True,
) -> tuple[str, Sample]:
    """Align one sample's candidate fragments, or those that cannot be settled without.

    The records are written fragment by fragment, in the order of the reads.

    Args:
        panel: whose index is aligned to.
        reads: FASTQ written by `aspsfusion screen` or `extract`.
        bam: to write, unsorted.
        sample: sample name for the read group.
        threads: threads of the aligner.
        progress: called now and then with the fragments aligned so far.
        structures: what the reads consist of.
        settle: thresholds by which fragments are settled; without them none is.
        twice: see `settle_rules`.

    Returns:
        The metrics as they are written, and the settled fragments, of which the BAM has no records.

    Raises:
        ReadsError: the reads are not those of a screen.
        ParameterError: the structures are not those of the reads.
    """
    ranks = panel.contig_ranks
    header = pysam.AlignmentHeader.from_dict(_bam_header(panel, sample, structures))
    options = aligner_options(threads, len(panel.decoys))
    with open_aligner(panel.index_prefix) as aligner:

        def align_as(layout: ReadStructures) -> tuple[AlignMetrics, list[ForeignStart], Sample]:
            metrics, starts, sampled = AlignMetrics(), StartFinder(), Sample(panel, layout)
            candidates: Iterator[Candidate | Reads]
            if settle:
                rules = settle_rules(settle, layout, twice=twice)
                candidates = open_candidates(reads, metrics, layout, rules, sampled)
            else:
                candidates = read_candidates(reads, metrics, layout)
            with writing(bam), unsorted_bam(bam, header) as out:
                last = 0
                for batch in _batches(candidates):
                    numbers = [last, *(each.number for each in batch if isinstance(each, Candidate))]
                    sampled.settled.others_in_order &= all(map(le, numbers, numbers[1:]))
                    last = numbers[-1]
                    for mates in _align_batch(batch, aligner, options, header, ranks):
                        starts.add(mates)
                        metrics.aligned_fragments += any(not records[0].is_unmapped for records in mates)
                        for records in mates:
                            for record in records:
                                record.set_tag("RG", sample)
                                out.write(record)
                    progress(metrics.fragments)
            settled = sampled.settled
            metrics.aligned_fragments += settled.rows.size
            starts.add_whole(settled.rows.size, settled.second_mates)
            return metrics, starts.found(), sampled

        metrics, found, sampled = align_as(structures)
        if found:
            mates = BOTH_ENDS if metrics.pairs else 1
            bases = {start.read: start.bases for start in found}
            metrics, _, sampled = align_as(
                structures.shortened([bases.get(read + 1, 0) for read in range(mates)])
            )
    return sealed_json(_summary(metrics, structures, found), indent=1) + "\n", sampled


def _bam_header(panel: Panel, sample: str, structures: ReadStructures) -> dict[str, Any]:
    """Return the header of the panel BAM; it holds no paths and no times, so that it is reproducible."""
    return {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": len(panel.sequence_of(name))} for name in panel_contigs(panel)],
        "RG": [{"ID": sample, "SM": sample}],
        "PG": [program("align", ["--umi", *structures.texts] if structures.texts else [])],
        **({"CO": [DECLARED_UMIS + " ".join(structures.texts)]} if structures.give_umis else {}),
    }


def _batches(candidates: Iterator[Candidate | Reads]) -> Iterator[list[Candidate | int]]:
    """Yield so many fragments at a time, and in place of settled ones how many reads they have together."""
    batch: list[Candidate | int] = []
    left = BATCH_FRAGMENTS
    for item in candidates:
        if isinstance(item, Candidate):
            batch.append(item)
            left -= 1
        else:
            while item.size >= left:
                yield [*batch, int(item[:left].sum())]
                item, batch, left = item[left:], [], BATCH_FRAGMENTS
            if item.size:
                batch.append(int(item.sum()))
                left -= item.size
        if not left:
            yield batch
            batch, left = [], BATCH_FRAGMENTS
    if batch:
        yield batch


def _align_batch(
    batch: Sequence[Candidate | int],
    aligner: BwaMem,
    options: BwaMemOptions,
    header: pysam.AlignmentHeader,
    ranks: dict[str, int],
) -> Iterator[list[RecordGroup]]:
    """Align a batch of fragments; yields for each fragment the records of each mate.

    Which of alignments with one score the aligner takes depends on the place of the read among those that it
    aligns at a time. So the reads of settled fragments keep their places, for which others stand in.
    """
    queries: list[pysam.FastxRecord] = []
    for candidate in batch:
        if isinstance(candidate, int):
            queries += [STAND_IN] * candidate
        else:
            name = str(candidate.number)
            queries += [
                pysam.FastxRecord(name=name, sequence=read.sequence, quality=read.quality)
                for read in candidate.reads
                if read.sequence
            ]
    results = iter(aligner.align(queries, options) if queries else [])
    for candidate in batch:
        if isinstance(candidate, int):
            deque(islice(results, candidate), maxlen=0)
            continue
        mates = []
        for read in candidate.reads:
            records = next(results) if read.sequence else [_unmapped(str(candidate.number), header)]
            for record in records:
                prefer_primary(record, ranks)
            rewrite_split_tags(records)
            mates.append(records)
        if len(mates) == BOTH_ENDS:
            join_mates(mates)
        for records in mates:
            for record in records:
                record.set_tag(LABEL_TAG, candidate.label)
                if candidate.merged:
                    record.set_tag(MERGED_TAG, 1)
                if candidate.umi:
                    record.set_tag(UMI_TAG, candidate.umi)
        yield mates


def _unmapped(name: str, header: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    """Return the record of a read of which trimming left nothing."""
    record = pysam.AlignedSegment(header)
    record.query_name = name
    record.is_unmapped = True
    record.reference_id = -1
    record.reference_start = -1
    return record


def prefer_primary(record: pysam.AlignedSegment, ranks: dict[str, int]) -> None:
    """Move a record to the most preferred of its equal alternatives, in place.

    Equal means same strand, same CIGAR and same number of mismatches. The former placement takes the
    alternative's place in the XA tag.
    """
    if record.is_unmapped or not record.has_tag("XA"):
        return
    here = (record.reference_name, record.is_reverse, record.reference_start)
    cigar, edits = record.cigarstring, record.get_tag("NM")
    hits = [hit.split(",") for hit in str(record.get_tag("XA")).rstrip(";").split(";")]
    best, best_rank = None, ranks[str(record.reference_name)]
    for index, (contig, position, hit_cigar, hit_edits) in enumerate(hits):
        same = hit_cigar == cigar and int(hit_edits) == edits and (position[0] == "-") == record.is_reverse
        if same and ranks[contig] < best_rank:
            best, best_rank = index, ranks[contig]
    if best is None:
        return
    contig, position, _, _ = hits[best]
    record.reference_id = record.header.get_tid(contig)
    record.reference_start = int(position[1:]) - 1
    sign = "-" if here[1] else "+"
    hits[best] = [str(here[0]), f"{sign}{here[2] + 1}", str(cigar), str(edits)]
    record.set_tag("XA", "".join(",".join(hit) + ";" for hit in hits))


def rewrite_split_tags(records: RecordGroup) -> None:
    """Make the SA tags of a read's records name the records' present places, in place."""
    if len(records) == 1:
        return
    entries = [
        f"{r.reference_name},{r.reference_start + 1},{'-' if r.is_reverse else '+'},{r.cigarstring},"
        f"{r.mapping_quality},{r.get_tag('NM')};"
        for r in records
    ]
    for index, record in enumerate(records):
        record.set_tag("SA", "".join(entry for i, entry in enumerate(entries) if i != index))


def join_mates(mates: Sequence[RecordGroup]) -> None:
    """Set the flags and mate fields of a pair's records, in place."""
    primaries = [primary_record(records) for records in mates]
    for number, (records, other) in enumerate(zip(mates, reversed(primaries), strict=True)):
        for record in records:
            record.is_paired = True
            record.is_read1 = number == 0
            record.is_read2 = number == 1
            record.mate_is_unmapped = other.is_unmapped
            if not other.is_unmapped:
                record.mate_is_reverse = other.is_reverse
                record.next_reference_id = other.reference_id
                record.next_reference_start = other.reference_start
    first, second = primaries
    if first.is_unmapped and not second.is_unmapped:
        _place_beside(first, second)
    elif second.is_unmapped and not first.is_unmapped:
        _place_beside(second, first)
    elif not first.is_unmapped and first.reference_id == second.reference_id:
        _set_template_length(first, second)


def _place_beside(unmapped: pysam.AlignedSegment, mapped: pysam.AlignedSegment) -> None:
    """Give an unmapped read its mate's position, as the SAM specification recommends."""
    unmapped.reference_id = mapped.reference_id
    unmapped.reference_start = mapped.reference_start
    mapped.next_reference_id = mapped.reference_id
    mapped.next_reference_start = mapped.reference_start


def _set_template_length(first: pysam.AlignedSegment, second: pysam.AlignedSegment) -> None:
    left, right = sorted((first, second), key=lambda r: (r.reference_start, r.is_reverse))
    assert left.reference_end is not None
    assert right.reference_end is not None
    length = max(left.reference_end, right.reference_end) - left.reference_start
    left.template_length, right.template_length = length, -length
    if not left.is_reverse and right.is_reverse:
        left.is_proper_pair = right.is_proper_pair = True


def _summary(
    metrics: AlignMetrics, structures: ReadStructures, starts: Sequence[ForeignStart]
) -> dict[str, object]:
    def share(part: int, whole: int) -> float | None:
        return round(part / whole, SHARE_DECIMALS) if whole else None

    return {
        "candidate_fragments": metrics.fragments,
        "aligned_fragments": metrics.aligned_fragments,
        "adapter_fraction": share(metrics.adapter_fragments, metrics.fragments),
        "overlap_fraction": share(metrics.overlapping_pairs, metrics.pairs),
        "umi_structures": structures.texts,
        "too_short_reads": metrics.too_short_reads,
        "foreign_starts": [asdict(start) for start in starts],
    }
