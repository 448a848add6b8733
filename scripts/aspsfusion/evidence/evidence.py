"""Collects the evidence of a sample: counts what the wild type explains, hands on the open fragments.

A fragment that one gene explains with at most one edit in each read cannot support a junction, because a
junction must win by the margin of two edits; it is counted as wild type and done with. All others go to
`call`, which decides between the wild type and every candidate junction. Duplicates are removed first, so
that every number counts molecules.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pysam

from aspsfusion.config import CallParameters
from aspsfusion.errors import ReadsError
from aspsfusion.evidence.border_words import BorderWords
from aspsfusion.evidence.coverage import Coverage, WildTypeRules, count_wild_type
from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.evidence.molecules import Molecule, MoleculeFinder
from aspsfusion.evidence.placements import (
    DECLARED_UMIS,
    MERGED_TAG,
    ContigBases,
    RecordGroup,
    as_sequenced,
    fragment_number,
    label_of,
    primary_record,
    read_placements,
    require_same_panel,
    says_nothing,
)
from aspsfusion.evidence.primers import Primer, load_primers
from aspsfusion.evidence.settled import SettledFragments
from aspsfusion.evidence.settled_coverage import count_settled
from aspsfusion.evidence.strand import count_direction, exon_borders
from aspsfusion.evidence.twice import TwiceEdited, edited_twice
from aspsfusion.io.bam import sort_bam
from aspsfusion.io.files import replacing
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.transcripts import DECOY

LONG_INSERT, BEYOND_LONG = 0.99, 1.25
"""Length that this share of wild-type fragments does not exceed, and how much longer those of a junction may
be: pairs that bridge one without touching it are the longest ones of their sample."""

MIN_INSERTS = 20
"""Fragments whose lengths tell those of the sample; with fewer the configured longest one holds."""


def run_evidence(
    panel_directory: Path,
    bam: Path,
    output: Path,
    parameters: CallParameters,
    *,
    primers: Path | None = None,
    settled: SettledFragments | None = None,
    force: bool = False,
) -> Evidence:
    """Collect the evidence of one sample's panel BAM and write it.

    Args:
        panel_directory: that the BAM was aligned to.
        bam: BAM written by `aspsfusion align`; with `settled` that of all others.
        output: gzip JSON to write.
        parameters: thresholds of the call.
        primers: FASTA of the library's gene-specific primers.
        settled: fragments that were settled without an alignment.
        force: replace an existing file.

    Raises:
        ReadsError: the BAM cannot be read or belongs to another panel.
        ParameterError: the primers cannot be used.
    """
    panel = load_panel(panel_directory)
    placed = load_primers(primers, panel) if primers else ()
    require_same_panel(panel, _contigs_of(bam), bam)
    with scratch_directory() as scratch:
        by_number = bam
        if settled is None or not settled.others_in_order:
            by_number = scratch / "by_number.bam"
            sort_bam(bam, by_number, scratch, "-n", "-l", "1", remedy="run 'aspsfusion align' again")
        evidence = collect_evidence(panel, by_number, parameters, placed, settled)
    with replacing(output, force=force) as draft:
        write_evidence(evidence, draft)
    return evidence


def collect_evidence(
    panel: Panel,
    bam: Path,
    parameters: CallParameters,
    primers: tuple[Primer, ...] = (),
    settled: SettledFragments | None = None,
) -> Evidence:
    """Collect the evidence of a panel BAM whose records are in the order of fragments, and of settled ones.

    Returns:
        Counts, and the fragments that `call` has to decide on.
    """
    contigs, ranks = ContigBases(panel), panel.contig_ranks
    rules = WildTypeRules.of(panel, parameters)
    coverage = Coverage(parameters.min_anchor)
    coverage.informative = {place.key: 0 for places in rules.informative.values() for place in places}
    finder = _find_molecules(bam, EndFinder(panel, primers), settled)
    molecules = finder.molecules()
    borders = exon_borders(panel.transcripts.values())
    words = BorderWords(panel, parameters.min_anchor)
    still_open: list[Fragment] = []
    inserts: list[int] = []
    for number, mates in _fragments(bam):
        molecule = molecules.found.get(number)
        if molecule is None:
            continue
        fragment = _fragment(number, mates, molecule, contigs, ranks, words)
        if not any(mate.placements for mate in fragment.mates):
            continue
        if not _explained(fragment, parameters.margin):
            still_open.append(fragment)
            continue
        placements = count_wild_type(coverage, fragment, rules)
        if placements and placements[0].gene == DECOY:
            continue
        count_direction(coverage.direction, fragment, placements, borders, panel.unspliced)
        insert = insert_length(panel, fragment, placements)
        if insert is not None:
            inserts.append(insert)
    twice = None
    if settled and settled.rows.size:
        rows = settled.rows
        kept = np.isin(rows["number"], molecules.numbers())
        inserts += count_settled(coverage, settled.text, rows, kept, rules, panel, borders).tolist()
        twice = TwiceEdited(settled.text, rows[kept & edited_twice(rows)])
    return Evidence(
        coverage,
        still_open,
        candidates=finder.total,
        duplicates=finder.total - molecules.total,
        median_insert=int(statistics.median(inserts)) if inserts else None,
        umi_source=finder.umi_source,
        unused_umi=finder.unused_umi,
        misread_runs=finder.misread_runs,
        long_insert=long_insert(inserts),
        primers=primers,
        twice=twice,
    )


def long_insert(inserts: Sequence[int]) -> int | None:
    """Return the length in nt that hardly any fragment of a sample exceeds; None for too few to tell.

    >>> long_insert(range(100, 300)), long_insert([200] * 19)
    (371, None)
    """
    if len(inserts) < MIN_INSERTS:
        return None
    return int(BEYOND_LONG * sorted(inserts)[int(LONG_INSERT * (len(inserts) - 1))])


def _find_molecules(bam: Path, ends: EndFinder, settled: SettledFragments | None) -> MoleculeFinder:
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        comments = stream.header.to_dict().get("CO", [])
    finder = MoleculeFinder(ends, declared_umis=any(text.startswith(DECLARED_UMIS) for text in comments))
    for number, mates in _fragments(bam):
        finder.add(number, label_of(mates[0][0]), mates)
    if settled is not None:
        finder.add_settled(settled)
    return finder


def _fragments(bam: Path) -> Iterator[tuple[int, list[RecordGroup]]]:
    """Yield number and records by read of each fragment, whose records must follow each other in the BAM.

    Raises:
        ReadsError: a record is not named by a number.
    """
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        for number, records in groupby(stream, key=lambda record: fragment_number(record, bam)):
            first: RecordGroup = []
            second: RecordGroup = []
            for record in records:
                (second if record.is_read2 else first).append(record)
            mates = [mate for mate in (first, second) if mate]
            # A mate that says nothing must not silence the other one: what is left is a single read.
            yield number, [mate for mate in mates if not says_nothing(mate)] or mates[:1]


def _fragment(
    number: int,
    mates: list[RecordGroup],
    molecule: Molecule,
    contigs: ContigBases,
    ranks: Mapping[str, int],
    words: BorderWords,
) -> Fragment:
    """Return a fragment with all placements of its reads, or the borders in them that the aligner misses."""
    reads = []
    for records in mates:
        bases = as_sequenced(primary_record(records))
        placements = read_placements(records, contigs, ranks) or words.placements(bases, contigs)
        reads.append(Mate(2 if records[0].is_read2 else 1, bases, placements))
    return Fragment(
        number,
        label_of(mates[0][0]),
        molecule.copies,
        tuple(reads),
        merged=primary_record(mates[0]).has_tag(MERGED_TAG),
        umis=molecule.umis,
    )


def _explained(fragment: Fragment, margin: int) -> bool:
    """Whether no junction can beat the wild type for a fragment.

    True when one gene holds every read with fewer edits than the margin: a junction would need a negative
    number of edits to win a read, and reads that share a gene are no spanning pair.
    """
    common: set[str] | None = None
    for mate in fragment.mates:
        genes = {gene for gene, edits in mate.edits_by_gene.items() if edits < margin}
        common = genes if common is None else common & genes
    return bool(common)


def insert_length(panel: Panel, fragment: Fragment, placements: list[Placement]) -> int | None:
    """Return the length of a fragment in nt; None unless both of its ends are on one transcript."""
    if not placements or not (fragment.merged or len(placements) == BOTH_ENDS):
        return None
    if not placements[0].contig == placements[-1].contig in panel.transcripts:
        return None
    return max(p.end for p in placements) - min(p.start for p in placements)


def _contigs_of(bam: Path) -> list[str]:
    try:
        with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
            return list(stream.references)
    except (OSError, ValueError) as error:
        raise ReadsError(
            f"cannot be read ({error})", path=bam, remedy="run 'aspsfusion align' again"
        ) from error
