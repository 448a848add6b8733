"""Aligns the long candidate reads of a sample to the panel and writes the records of their pieces.

The longest piece of a read is its primary record; the others are supplementary ones without the bases of the
whole read, so that a file grows with the bases of the reads and not with their pieces.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pysam

from aspsfusion.align.align import AlignFiles, write_bam
from aspsfusion.align.candidates import Candidate, CandidateMetrics, read_raw_candidates
from aspsfusion.evidence.placements import LABEL_TAG, LONG_READS, UMI_TAG, panel_contigs
from aspsfusion.io.bam import program
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.files import Progress, no_progress, replacing
from aspsfusion.io.records import Records, packed
from aspsfusion.io.sealed import sealed_json
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.long.mapper import Mapper
from aspsfusion.long.pieces import Piece
from aspsfusion.panel.panel import Panel, load_panel

REPORT_EVERY = 1000
"""Reads of a part of the records, after which it is said how far it has come."""

SOFT_CLIP, HARD_CLIP = 4, 5
UNMAPPED, REVERSE, SUPPLEMENTARY = 4, 16, 2048
QUALITY = 60
"""Mapping quality of a piece: which of the places it has was decided by all of the read."""


def run_long_align(
    panel_directory: Path,
    files: AlignFiles,
    sample: str,
    platform: str,
    progress: Progress = no_progress,
    *,
    force: bool = False,
) -> None:
    """Align one sample's long candidate reads; see `align.run_align`.

    Raises:
        AspsfusionError: the reads are not those of a screen, or the extra `long` is not installed.
    """
    panel = load_panel(panel_directory)
    with (
        replacing(files.bam, force=force) as draft,
        replacing(files.metrics, force=force) as metrics_draft,
    ):
        records, summary = align_long_reads(panel, files.reads, sample, platform, progress)
        metrics_draft.write_text(summary, encoding="utf-8")
        write_bam(records, draft, files.bam)


def align_long_reads(
    panel: Panel, reads: Path, sample: str, platform: str, progress: Progress = no_progress
) -> tuple[Records, str]:
    """Align long candidate reads; returns their records, in the order of the reads, and the metrics.

    Raises:
        AspsfusionError: the reads are not those of a screen, or the extra `long` is not installed.
    """
    described = _header(panel, sample, platform)
    header = pysam.AlignmentHeader.from_dict(described)
    metrics = CandidateMetrics()
    aligned = 0
    parts: list[bytes] = []
    held: list[pysam.AlignedSegment] = []
    with scratch_directory() as scratch:
        mapper = Mapper(panel, scratch)
        for candidate in read_raw_candidates(reads, metrics):
            (read,) = candidate.reads
            pieces = mapper.pieces(read.sequence)
            aligned += bool(pieces)
            for record in _records(candidate, read.sequence, pieces, header):
                record.set_tag("RG", sample)
                held.append(record)
            if metrics.fragments % REPORT_EVERY == 0:
                progress(metrics.fragments)
                parts.append(packed(held))
                held = []
    summary = {
        "candidate_fragments": metrics.fragments,
        "aligned_fragments": aligned,
        "adapter_fraction": None,
        "overlap_fraction": None,
        "platform": platform,
    }
    return Records(described, [*parts, packed(held)]), sealed_json(summary, indent=1) + "\n"


def _header(panel: Panel, sample: str, platform: str) -> dict[str, Any]:
    return {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": len(panel.sequence_of(name))} for name in panel_contigs(panel)],
        "RG": [{"ID": sample, "SM": sample}],
        "PG": [program("align", ["--platform", platform])],
        "CO": [f"{LONG_READS}{platform}"],
    }


def _records(
    candidate: Candidate, bases: str, pieces: list[Piece], header: pysam.AlignmentHeader
) -> Iterator[pysam.AlignedSegment]:
    """Yield the records of a read: that of its longest piece first, one without a place if it has none."""
    quality = candidate.reads[0].quality
    ordered = sorted(pieces, key=lambda piece: (piece.query_start - piece.query_end, piece.span))
    for index, piece in enumerate(ordered or [None]):
        record = pysam.AlignedSegment(header)
        record.query_name = str(candidate.number)
        record.reference_id = record.next_reference_id = -1
        record.reference_start = record.next_reference_start = -1
        if piece is None:
            record.flag = UNMAPPED
            record.query_sequence, record.query_qualities_str = bases, quality
        else:
            own = (reverse_complement(bases), quality[::-1]) if piece.reverse else (bases, quality)
            part = slice(piece.query_start, piece.query_end) if index else slice(None)
            clip = HARD_CLIP if index else SOFT_CLIP
            ends = (piece.query_start, piece.length - piece.query_end)
            left, right = ([(clip, size)] if size else [] for size in ends)
            record.flag = REVERSE * piece.reverse | SUPPLEMENTARY * bool(index)
            record.reference_id = header.get_tid(piece.contig)
            record.reference_start = piece.start
            record.mapping_quality = QUALITY
            record.cigartuples = [*left, *piece.cigar, *right]
            record.query_sequence, record.query_qualities_str = own[0][part], own[1][part]
            record.set_tag("NM", piece.edits)
        record.set_tag(LABEL_TAG, candidate.label)
        if candidate.umi:
            record.set_tag(UMI_TAG, candidate.umi)
        yield record
