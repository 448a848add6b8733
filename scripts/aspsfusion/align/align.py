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
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pysam

from aspsfusion.align.candidates import CandidateMetrics, require_reads
from aspsfusion.align.chunks import Chunk, read_chunks
from aspsfusion.align.foreign_starts import SHARE_DECIMALS, ForeignStart, StartFinder
from aspsfusion.align.records import PanelAligner
from aspsfusion.align.sample import Sample
from aspsfusion.align.settle import OpenCandidates, settle_rules
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures
from aspsfusion.config import CallParameters
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.placements import DECLARED_UMIS, panel_contigs
from aspsfusion.evidence.settled import panel_text
from aspsfusion.io.bam import index_beside, program, sort_bam
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
        header = pysam.AlignmentHeader.from_dict(_bam_header(panel, setup.sample, setup.structures))
        self._aligner = PanelAligner(panel, header)

    def __call__(self, chunk: Chunk) -> AlignedChunk:
        """Align a chunk.

        Raises:
            ReadsError: the reads are not those of a screen.
            ParameterError: the structures are not those of the reads.
        """
        setup = self._setup
        candidates = OpenCandidates(chunk, setup.reads, setup.structures, self._table, self._rules)
        metrics, starts, records = AlignMetrics(), StartFinder(), []
        for mates in self._aligner.records(candidates):
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
