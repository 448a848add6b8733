"""Collects the evidence of a sample: counts what the wild type explains, hands on the open fragments.

A fragment that one gene explains with at most one edit in each read cannot support a junction, because a
junction must win by the margin of two edits; it is counted as wild type and done with. All others go to
`call`, which decides between the wild type and every candidate junction. Duplicates are removed first, so
that every number counts molecules.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aspsfusion.config import CallParameters
from aspsfusion.evidence.coverage import Coverage, WildTypeRules
from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.evidence.molecules import MoleculeFinder
from aspsfusion.evidence.parts import EndReader, PartCounter, PartSetup
from aspsfusion.evidence.placements import DECLARED_UMIS, records_by_number
from aspsfusion.evidence.primers import Primer, load_primers
from aspsfusion.evidence.settled import SettledFragments
from aspsfusion.evidence.settled_coverage import count_settled
from aspsfusion.evidence.strand import exon_borders
from aspsfusion.evidence.twice import TwiceEdited, edited_twice
from aspsfusion.io.files import replacing
from aspsfusion.io.records import Records
from aspsfusion.io.workers import Workers
from aspsfusion.panel.panel import Panel, load_panel

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
    force: bool = False,
) -> Evidence:
    """Collect the evidence of one sample's panel BAM and write it.

    Args:
        panel_directory: that the BAM was aligned to.
        bam: BAM written by `aspsfusion align`.
        output: gzip JSON to write.
        parameters: thresholds of the call.
        primers: FASTA of the library's gene-specific primers.
        force: replace an existing file.

    Raises:
        ReadsError: the BAM cannot be read or belongs to another panel.
        ParameterError: the primers cannot be used.
    """
    panel = load_panel(panel_directory)
    placed = load_primers(primers, panel) if primers else ()
    records = records_by_number(panel, bam)
    with Workers() as workers:
        evidence = collect_evidence(panel, records, parameters, workers, placed)
    with replacing(output, force=force) as draft:
        write_evidence(evidence, draft)
    return evidence


def collect_evidence(
    panel: Panel,
    records: Records,
    parameters: CallParameters,
    workers: Workers,
    primers: tuple[Primer, ...] = (),
    settled: SettledFragments | None = None,
) -> Evidence:
    """Collect the evidence of the fragments of a sample.

    Args:
        panel: that they are aligned to.
        records: of those that were aligned.
        parameters: thresholds of the call.
        workers: share the work.
        primers: of the library.
        settled: those that were settled without.

    Returns:
        Counts, and the fragments that `call` has to decide on.
    """
    setup = PartSetup(panel.directory, records.header, parameters, primers)
    comments = records.header.get("CO", [])
    finder = MoleculeFinder(
        EndFinder(panel, primers).primed,
        declared_umis=any(text.startswith(DECLARED_UMIS) for text in comments),
    )
    seen = list(workers.map(EndReader, setup, records.parts))
    for fragment in sorted((each for part in seen for each in part), key=lambda each: each.number):
        finder.add(fragment)
    if settled is not None:
        finder.add_settled(settled)
    molecules = finder.molecules()
    found = [
        {each.number: molecules.found[each.number] for each in part if each.number in molecules.found}
        for part in seen
    ]
    del seen
    rules = WildTypeRules.of(panel, parameters)
    coverage = Coverage(parameters.min_anchor)
    coverage.informative = {place.key: 0 for places in rules.informative.values() for place in places}
    still_open: list[Fragment] = []
    inserts: list[int] = []
    counted_parts = workers.map(PartCounter, setup, list(zip(records.parts, found, strict=True)))
    twice = None
    if settled and settled.rows.size:
        rows = settled.rows
        kept = np.isin(rows["number"], molecules.numbers())
        borders = exon_borders(panel.transcripts.values())
        inserts += count_settled(coverage, settled.text, rows, kept, rules, panel, borders).tolist()
        twice = TwiceEdited(settled.text, rows[kept & edited_twice(rows)])
    for counted in counted_parts:
        coverage.join(counted.coverage)
        still_open += counted.open
        inserts += counted.inserts
    return Evidence(
        coverage,
        sorted(still_open, key=lambda fragment: fragment.number),
        candidates=finder.total,
        duplicates=finder.total - molecules.total,
        median_insert=int(statistics.median(inserts)) if inserts else None,
        umi_source=finder.umi_source,
        umi_values=finder.umi_values,
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
