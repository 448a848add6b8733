"""Runs BWA-MEM on fragments, and joins the records of their reads: equal places, pieces, mates."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import pysam

from aspsfusion.align.candidates import Candidate
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.placements import LABEL_TAG, MERGED_TAG, UMI_TAG, RecordGroup, primary_record
from aspsfusion.io.bwa import aligner_options, open_aligner
from aspsfusion.panel.panel import Panel

STAND_IN = pysam.FastxRecord(name="0", sequence="N")
"""Takes the aligner little time: it is shorter than a seed and has no qualities, which took half of it."""

SLOTS = 32
"""Fragments that are aligned at a time: enough to outweigh the start of the aligner's thread, which takes as
long as a read, few enough that the open fragments of a deep sample fill most of them."""


class PanelAligner:
    """Aligns reads to the sequences of a panel.

    Args:
        panel: whose index is aligned to.
        header: of the records.
    """

    def __init__(self, panel: Panel, header: pysam.AlignmentHeader) -> None:
        self._header = header
        self._ranks = panel.contig_ranks
        self._options = aligner_options(len(panel.decoys))
        self._aligner = open_aligner(panel.index_prefix)

    def records(self, fragments: Iterable[Candidate]) -> Iterator[list[RecordGroup]]:
        """Align fragments; yields for each the records of each mate.

        Which of alignments with one score the aligner takes depends on the place of the read among those
        that it aligns at a time. So a fragment's number gives its place, and the other fragments, which may
        be settled or not, have no say.
        """
        ordered = list(fragments)
        slots: list[list[Candidate]] = [[] for _ in range(SLOTS)]
        for fragment in ordered:
            slots[fragment.number % SLOTS].append(fragment)
        aligned: dict[int, list[RecordGroup]] = {}
        for together in zip_longest(*slots):
            queries = [query for fragment in together for query in _queries(fragment)]
            results = self._aligner.align(queries, self._options)
            for slot, fragment in enumerate(together):
                if fragment:
                    aligned[fragment.number] = results[BOTH_ENDS * slot :][: len(fragment.reads)]
        for fragment in ordered:
            yield self._mates(fragment, aligned.pop(fragment.number))

    def _mates(self, fragment: Candidate, aligned: Sequence[RecordGroup]) -> list[RecordGroup]:
        """Return the records of a fragment's mates as they are written, of what the aligner found."""
        mates = []
        for read, found in zip(fragment.reads, aligned, strict=True):
            records = found if read.sequence else [_unmapped(str(fragment.number), self._header)]
            for record in records:
                prefer_primary(record, self._ranks)
            rewrite_split_tags(records)
            mates.append(records)
        if len(mates) == BOTH_ENDS:
            join_mates(mates)
        for records in mates:
            for record in records:
                record.set_tag(LABEL_TAG, fragment.label)
                if fragment.merged:
                    record.set_tag(MERGED_TAG, 1)
                if fragment.umi:
                    record.set_tag(UMI_TAG, fragment.umi)
        return mates


def _queries(fragment: Candidate | None) -> list[pysam.FastxRecord]:
    """Return what is aligned at the two places of a fragment."""
    if fragment is None:
        return [STAND_IN] * BOTH_ENDS
    queries = [
        pysam.FastxRecord(name=str(fragment.number), sequence=read.sequence, quality=read.quality)
        if read.sequence
        else STAND_IN
        for read in fragment.reads
    ]
    return queries + [STAND_IN] * (BOTH_ENDS - len(queries))


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
