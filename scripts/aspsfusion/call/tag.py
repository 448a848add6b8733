"""Aligns the reads that support a junction to its contig and tags them, for a genome viewer.

The aligner's records stay as they are, but for those of supporting fragments: these carry the tags too, and
where the read is aligned to the junction's contig they are marked secondary, so that each read has one
primary record. What the stages before decided is written down here and not decided again. Records are named
by the read's own name again, see `read_names`.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pysam

from aspsfusion.align.records import join_mates
from aspsfusion.align.sample import COMMENT as SAMPLE_COMMENT
from aspsfusion.align.sample import Sample
from aspsfusion.call.calls_file import CalledRead, CallsFile, MatePlace, read_calls
from aspsfusion.call.igv_session import locus_of, session_text
from aspsfusion.call.junction_contigs import (
    JunctionContig,
    align_to_contig,
    fasta_lines,
    junction_contigs,
)
from aspsfusion.call.read_names import labels_of, read_names, renamed
from aspsfusion.config import option_list
from aspsfusion.errors import ReadsError
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.placements import (
    LABEL_TAG,
    MERGED_TAG,
    UMI_TAG,
    RecordGroup,
    as_sequenced,
    primary_record,
    records_in,
)
from aspsfusion.io.bam import index_beside, program, sort_bam
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.files import replacing, writing
from aspsfusion.io.records import Records
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.panel.panel import load_panel

JUNCTION_TAG = "YJ"
"""Tag with the contig of the junction that a read supports. Tags with Y are free for local use (SAM tags)."""

KIND_TAG = "YK"
"""Tag with the kind of support: split, spanning or short."""

MAPPING_QUALITY = 60
"""Of a read on the junction that it was given to; what BWA-MEM gives to a unique place."""

AMBIGUOUS_QUALITY = 0
"""Of one that another known junction explains about as well."""

COMMENT = (
    f"contigs whose name begins with JUNCTION are fusion transcripts; {JUNCTION_TAG}: junction that the read "
    f"supports; {KIND_TAG}: split, spanning or short"
)


_NONE = math.inf, ""
"""Number and records of no further fragment."""


class Supporting(NamedTuple):
    """A supporting fragment and the contig of its junction."""

    read: CalledRead
    contig: JunctionContig


def run_tag(
    panel_directory: Path,
    aligned: Path | Records,
    calls: Path | CallsFile,
    output: Path,
    reference: Path,
    *,
    sample: Sample | None = None,
    session: Path | None = None,
    threads: int = 1,
    force: bool = False,
) -> int:
    """Write the BAM of a sample for a genome viewer, and the FASTA that it is looked at against.

    Args:
        panel_directory: that the sample was aligned to.
        aligned: BAM written by `aspsfusion align`, or the records.
        calls: JSON written by `aspsfusion call`, or what it holds.
        output: BAM to write, sorted by coordinate, its index beside it.
        reference: FASTA to write, its index beside it.
        sample: settled fragments, of which there are no records.
        session: IGV session to write, which opens both at the junction.
        threads: that sort.
        force: replace existing files.

    Returns:
        The number of supporting fragments that were tagged.

    Raises:
        ReadsError: BAM and calls are not of the same sample and panel, or cannot be read.
    """
    panel = load_panel(panel_directory)
    record = calls if isinstance(calls, CallsFile) else read_calls(calls)
    contigs = junction_contigs(panel, record)
    supporting = _supporting(record, contigs)
    with (
        replacing(output, force=force) as draft,
        replacing(reference, force=force) as fasta,
        scratch_directory() as scratch,
    ):
        unsorted = scratch / "unsorted.sam"
        records = aligned if isinstance(aligned, Records) else records_in(panel, aligned)
        kept = sample.labels if sample else {}
        names = read_names(labels_of(records.lines()) | kept)
        thinned = sample is not None and len(kept) < sample.settled.rows.size
        header = pysam.AlignmentHeader.from_dict(
            _header(records.header, contigs, record, [SAMPLE_COMMENT] if thinned else [])
        )
        group = str(header.to_dict()["RG"][0]["ID"])
        settled = sample.records(names, group) if sample else iter(())
        # As text, which is made and parsed in a fifth of the time that records take.
        with writing(unsorted), unsorted.open("w", encoding="utf-8", newline="\n") as out:
            out.write(str(header))
            held = _pass_on(records.lines(), settled, supporting, names, out)
            _require_all(held, supporting, aligned)
            for number, fragment in supporting.items():
                # Bound to the new header: a mate without a place may be put beside a junction.
                bound = [pysam.AlignedSegment.fromstring(line, header) for line in held[number]]
                records_with = _with_window if record.long_reads else _supporting_records
                for segment in records_with(bound, fragment, header):
                    out.write(f"{renamed(segment.to_string(), names[number])}\n")
        sort_bam(unsorted, draft, scratch, "-@", str(threads - 1), remedy="run 'aspsfusion tag' again")
        index_beside(pysam.index, draft)
        with fasta.open("w", encoding="ascii", newline="\n") as text:
            text.writelines(fasta_lines(panel, contigs))
        index_beside(pysam.faidx, fasta)
        if session:
            with replacing(session, force=force) as xml:
                locus = locus_of(panel, record, contigs)
                xml.write_text(session_text(session, output, reference, locus), encoding="utf-8")
        Path(f"{draft}.bai").replace(f"{output}.bai")
        Path(f"{fasta}.fai").replace(f"{reference}.fai")
    return len(supporting)


def _supporting(record: CallsFile, contigs: list[JunctionContig]) -> dict[int, Supporting]:
    """Return the supporting fragments by number; each supports one junction."""
    return {
        read.number: Supporting(read, contig)
        for junction, contig in zip(record.calls.junctions, contigs, strict=True)
        for read in junction.reads
    }


def _header(
    header: Mapping[str, Any], contigs: list[JunctionContig], record: CallsFile, comments: Sequence[str]
) -> dict[str, Any]:
    """Return the aligner's header with the junctions after the panel's sequences, and what was done since.

    It holds no paths and no threads, so that it is the same wherever the sample was analysed.
    """
    thresholds = option_list(record.parameters.model_dump())
    call = program("call", thresholds, header["PG"][-1])
    programs = [*header["PG"], call, program("tag", (), call)]
    added = [{"SN": c.name, "LN": len(c.sequence), "DS": c.description} for c in contigs]
    notes = [*header.get("CO", []), COMMENT, *comments]
    return {**header, "SQ": [*header["SQ"], *added], "PG": programs, "CO": notes}


def _pass_on(
    lines: Iterable[str],
    settled: Iterator[tuple[int, str]],
    supporting: Mapping[int, Supporting],
    names: Mapping[int, str],
    out: TextIO,
) -> dict[int, list[str]]:
    """Write the records of all other fragments by number, and return those of the supporting ones."""
    held: dict[int, list[str]] = {}
    waiting, text = next(settled, _NONE)
    for line in lines:
        number = int(line[: line.index("\t")])
        while waiting < number:
            out.write(text)
            waiting, text = next(settled, _NONE)
        if number in supporting:
            held.setdefault(number, []).append(line)
        else:
            out.write(f"{renamed(line, names[number])}\n")
    out.write(text)
    out.writelines(text for _, text in settled)
    return held


def _require_all(
    held: Mapping[int, Sequence[str]], supporting: Mapping[int, Supporting], aligned: Path | Records
) -> None:
    """Refuse records that lack a read of the calls."""
    for number, fragment in supporting.items():
        flags = [int(line.split("\t", 2)[1]) for line in held.get(number, ())]
        mates = {2 if flag & pysam.FREAD2 else 1 for flag in flags}
        if not mates or not mates.issuperset(place.number for place in fragment.read.places):
            raise ReadsError(
                f"does not hold read {fragment.read.label}, which the calls name",
                path=aligned if isinstance(aligned, Path) else None,
                remedy="give the BAM and the calls of the same sample",
            )


def _number(record: pysam.AlignedSegment) -> int:
    return 2 if record.is_read2 else 1


def _supporting_records(
    records: RecordGroup, fragment: Supporting, header: pysam.AlignmentHeader
) -> Iterator[pysam.AlignedSegment]:
    """Yield a supporting fragment's records: the aligner's, tagged, and those on the junction's contig."""
    places = {place.number: place for place in fragment.read.places}
    primaries: list[RecordGroup] = []
    any_aligned = False
    for number in sorted({_number(record) for record in records}):
        mate = [record for record in records if _number(record) == number]
        primary = primary_record(mate)
        aligned = _on_junction(primary, places.get(number), fragment, header)
        # A read without a place on the junction keeps its primary record.
        primaries.append([aligned or primary])
        any_aligned = any_aligned or aligned is not None
        for record in mate:
            record.is_secondary = aligned is not None
            _tag(record, fragment)
            if aligned or record is not primary:
                yield record
    if any_aligned and len(primaries) == BOTH_ENDS:
        join_mates(primaries)
    for mate in primaries:
        yield from mate


def _with_window(
    records: RecordGroup, fragment: Supporting, header: pysam.AlignmentHeader
) -> Iterator[pysam.AlignedSegment]:
    """Yield a long read's records, tagged, and that of its window on the junction's contig."""
    for record in records:
        _tag(record, fragment)
        yield record
    bases, (place,) = fragment.read.sequence, fragment.read.places
    primary = primary_record(records)
    window = _aligned(bases, None, primary, place, fragment, header)
    if window is not None:
        window.is_reverse = primary.is_reverse
        window.is_supplementary = True
        yield window


def _on_junction(
    primary: pysam.AlignedSegment,
    place: MatePlace | None,
    fragment: Supporting,
    header: pysam.AlignmentHeader,
) -> pysam.AlignedSegment | None:
    """Return a read's record on the junction's contig; None when it has no place there."""
    if place is None:
        return None
    bases = as_sequenced(primary)
    qualities = primary.query_qualities
    if qualities is not None and primary.is_reverse != place.reverse:
        qualities = qualities[::-1]
    if place.reverse:
        bases = reverse_complement(bases)
    return _aligned(bases, qualities, primary, place, fragment, header)


def _aligned(
    bases: str,
    qualities: "array[int] | None",
    primary: pysam.AlignedSegment,
    place: MatePlace,
    fragment: Supporting,
    header: pysam.AlignmentHeader,
) -> pysam.AlignedSegment | None:
    """Return the record of bases in sense on the junction's contig; None where they do not fit there."""
    contig = fragment.contig
    aligned = align_to_contig(bases, contig.sequence, contig.junction + place.start, place.edits)
    if aligned is None:
        return None
    record = pysam.AlignedSegment(header)
    record.query_name = primary.query_name
    record.query_sequence = bases
    record.query_qualities = qualities
    record.reference_id = header.get_tid(contig.name)
    record.reference_start = aligned.start
    record.cigarstring = aligned.cigar
    record.is_reverse = place.reverse
    record.mapping_quality = MAPPING_QUALITY if fragment.read.typable else AMBIGUOUS_QUALITY
    record.set_tag("NM", aligned.edits)
    for tag in ("RG", LABEL_TAG, UMI_TAG, MERGED_TAG):
        if primary.has_tag(tag):
            record.set_tag(tag, primary.get_tag(tag))
    _tag(record, fragment)
    return record


def _tag(record: pysam.AlignedSegment, fragment: Supporting) -> None:
    record.set_tag(JUNCTION_TAG, fragment.contig.name)
    record.set_tag(KIND_TAG, fragment.read.kind)
