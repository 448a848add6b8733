"""Aligns candidate fragments to the panel's transcripts and unspliced targets.

Mates are aligned as single reads by BWA-MEM and joined afterwards: a pair whose mates are in two genes is
what this program looks for, so pairing must not influence the alignment. Equal alignments to several
transcripts of a gene are reported as one record on the primary transcript, the others in its XA tag. Mates
that overlap were merged before and are aligned as the one molecule that they are.

Where most reads begin with bases that are not of the panel (`foreign_starts`), all are aligned once more
without so many of their first bases: with them every read differs from the wild type, and clips look like
partners.

A record is named by the number of its fragment; the read's own name, which may repeat, is in a tag.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import pysam
from pybwa import BwaMem, BwaMemOptions

from aspsfusion.align.candidates import Candidate, CandidateMetrics, require_reads
from aspsfusion.align.chunks import Chunk, read_chunks
from aspsfusion.align.foreign_starts import ForeignStart, StartFinder
from aspsfusion.align.sample import Sample
from aspsfusion.align.settle import OpenCandidates, Reads, settle_rules
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
from aspsfusion.evidence.settled import panel_text
from aspsfusion.io.bam import index_beside, program, sort_bam
from aspsfusion.io.bwa import aligner_options, open_aligner
from aspsfusion.io.files import Progress, no_progress, replacing, writing
from aspsfusion.io.records import Records, packed
from aspsfusion.io.sealed import sealed_json
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.io.workers import Workers
from aspsfusion.native.place import Settled
from aspsfusion.panel.panel import Panel, load_panel

SMALL = 256 * 1024
"""Bytes of candidates, some 500 pairs, below which all go the slow way: they take no longer than to find out
where the panel's seeds are."""

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

    def add(self, others: CandidateMetrics) -> None:
        """Add the counts of other fragments."""
        for each in fields(others):
            setattr(self, each.name, getattr(self, each.name) + getattr(others, each.name))


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
        threads: processes that align.
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
        Workers(threads) as workers,
    ):
        aligned = align_candidates(panel, files.reads, sample, workers, progress, structures=structures)
        metrics_draft.write_text(aligned.metrics, encoding="utf-8")
        write_bam(aligned.records, draft, files.bam)


def write_bam(records: Records, draft: Path, bam: Path) -> None:
    """Write records sorted by coordinate.

    Args:
        records: of a sample.
        draft: to write.
        bam: what the draft becomes; its index is written beside it.
    """
    with scratch_directory() as scratch:  # on the local disk
        unsorted = scratch / "unsorted.sam"
        with writing(unsorted), unsorted.open("w", encoding="utf-8", newline="\n") as out:
            out.write(str(pysam.AlignmentHeader.from_dict(records.header)))
            out.writelines(f"{line}\n" for line in records.lines())
        sort_bam(unsorted, draft, scratch, remedy="run 'aspsfusion align' again")
    index_beside(pysam.index, draft)
    Path(f"{draft}.bai").replace(f"{bam}.bai")


class Aligned(NamedTuple):
    """The candidates of a sample after this stage.

    Attributes:
        records: of those that were aligned, fragment by fragment, in the order of the reads.
        sample: those that were settled, of which there are no records.
        metrics: as they are written.
    """

    records: Records
    sample: Sample
    metrics: str


def align_candidates(
    panel: Panel,
    reads: Path,
    sample: str,
    workers: Workers,
    progress: Progress = no_progress,
    *,
    structures: ReadStructures = TEMPLATES_ALONE,
    settle: CallParameters | None = None,
    twice: bool = True,
) -> Aligned:
    """Align one sample's candidate fragments, or those that cannot be settled without.

    Args:
        panel: whose index is aligned to.
        reads: FASTQ written by `aspsfusion screen` or `extract`.
        sample: sample name for the read group.
        workers: share the work.
        progress: called now and then with the fragments aligned so far.
        structures: what the reads consist of.
        settle: thresholds by which fragments are settled; without them none is.
        twice: see `settle_rules`.

    Raises:
        ReadsError: the reads are not those of a screen.
        ParameterError: the structures are not those of the reads.
    """

    def align_as(layout: ReadStructures) -> tuple[AlignMetrics, list[ForeignStart], list[bytes], Sample]:
        metrics, starts, sampled = AlignMetrics(), StartFinder(), Sample(panel, layout)
        chunks = read_chunks(reads, layout)
        first = next(chunks, None)
        settled_by = settle if first and len(first.text) >= SMALL else None
        setup = AlignSetup(panel.directory, reads, sample, layout, settled_by, twice)
        waiting: deque[Chunk] = deque()

        def given() -> Iterator[Chunk]:
            for chunk in chain([first] if first else [], chunks):
                waiting.append(chunk)
                yield chunk

        parts = []
        for aligned in workers.map(ChunkAligner, setup, given()):
            metrics.add(aligned.metrics)
            starts.join(aligned.starts)
            sampled.add(aligned.settled, aligned.labels, waiting.popleft().text)
            parts.append(aligned.records)
            progress(metrics.fragments)
        require_reads(metrics, layout)
        settled = sampled.settled
        starts.add_whole(settled.rows.size, settled.second_mates)
        return metrics, starts.found(), parts, sampled

    metrics, found, parts, sampled = align_as(structures)
    if found:
        mates = BOTH_ENDS if metrics.pairs else 1
        bases = {start.read: start.bases for start in found}
        shortened = structures.shortened([bases.get(read + 1, 0) for read in range(mates)])
        metrics, _, parts, sampled = align_as(shortened)
    summary = sealed_json(_summary(metrics, structures, found), indent=1) + "\n"
    return Aligned(Records(_bam_header(panel, sample, structures), parts), sampled, summary)


@dataclass(frozen=True)
class AlignSetup:
    """What the chunks of a sample are aligned by; see `align_candidates`."""

    panel: Path
    reads: Path
    sample: str
    structures: ReadStructures
    settle: CallParameters | None
    twice: bool


class AlignedChunk(NamedTuple):
    """A chunk of the candidates after this stage.

    Attributes:
        metrics: counts of the chunk.
        settled: fragments that were settled.
        labels: see `OpenCandidates`.
        records: of the others, see `packed`.
        starts: how their reads begin.
    """

    metrics: AlignMetrics
    settled: Settled
    labels: dict[int, tuple[str, str]]
    records: bytes
    starts: StartFinder


class ChunkAligner:
    """Aligns the chunks of a sample."""

    def __init__(self, setup: AlignSetup) -> None:
        panel = load_panel(setup.panel)
        self._setup = setup
        self._rules = None
        self._table = None
        if setup.settle:
            self._rules = settle_rules(setup.settle, setup.structures, twice=setup.twice)
            self._table = panel_text(panel).table
        self._ranks = panel.contig_ranks
        self._header = pysam.AlignmentHeader.from_dict(_bam_header(panel, setup.sample, setup.structures))
        self._options = aligner_options(1, len(panel.decoys))
        self._aligner = open_aligner(panel.index_prefix)

    def __call__(self, chunk: Chunk) -> AlignedChunk:
        """Align a chunk.

        Raises:
            ReadsError: the reads are not those of a screen.
            ParameterError: the structures are not those of the reads.
        """
        setup = self._setup
        candidates = OpenCandidates(chunk, setup.reads, setup.structures, self._table, self._rules)
        metrics, starts, records = AlignMetrics(), StartFinder(), []
        for mates in _align(list(candidates), self._aligner, self._options, self._header, self._ranks):
            starts.add(mates)
            metrics.aligned_fragments += any(not own[0].is_unmapped for own in mates)
            for record in chain.from_iterable(mates):
                record.set_tag("RG", setup.sample)
                records.append(record)
        settled = candidates.settled
        metrics.aligned_fragments += settled.size
        metrics.add(candidates.metrics)
        return AlignedChunk(metrics, settled, candidates.labels, packed(records), starts)


def _bam_header(panel: Panel, sample: str, structures: ReadStructures) -> dict[str, Any]:
    """Return the header of the panel BAM; it holds no paths and no times, so that it is reproducible."""
    return {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": len(panel.sequence_of(name))} for name in panel_contigs(panel)],
        "RG": [{"ID": sample, "SM": sample}],
        "PG": [program("align", ["--umi", *structures.texts] if structures.texts else [])],
        **({"CO": [DECLARED_UMIS + " ".join(structures.texts)]} if structures.give_umis else {}),
    }


def _align(
    fragments: Sequence[Candidate | Reads],
    aligner: BwaMem,
    options: BwaMemOptions,
    header: pysam.AlignmentHeader,
    ranks: dict[str, int],
) -> Iterator[list[RecordGroup]]:
    """Align the fragments of a chunk; yields for each that is not settled the records of each mate.

    Which of alignments with one score the aligner takes depends on the place of the read among those that it
    aligns at a time. So the reads of settled fragments keep their places, for which others stand in.
    """
    queries: list[pysam.FastxRecord] = []
    for fragment in fragments:
        if isinstance(fragment, Candidate):
            name = str(fragment.number)
            queries += [
                pysam.FastxRecord(name=name, sequence=read.sequence, quality=read.quality)
                for read in fragment.reads
                if read.sequence
            ]
        else:
            queries += [STAND_IN] * int(fragment.sum())
    results = iter(aligner.align(queries, options) if queries else [])
    for fragment in fragments:
        if not isinstance(fragment, Candidate):
            deque(islice(results, int(fragment.sum())), maxlen=0)
            continue
        mates = []
        for read in fragment.reads:
            records = next(results) if read.sequence else [_unmapped(str(fragment.number), header)]
            for record in records:
                prefer_primary(record, ranks)
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
