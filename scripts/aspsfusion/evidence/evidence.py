"""Fourth stage: counts what the wild type explains, and hands on the fragments that it does not.

A fragment that one gene explains with at most one edit in each read can not support a junction, because a
junction must win by the margin of two edits; it is counted as wild type and done with. All others go to
`call`, which decides between the wild type and every candidate junction. Duplicates are removed first, so
that every number counts molecules.
"""

import statistics
import tempfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import pysam

from aspsfusion.config import CallParameters
from aspsfusion.errors import ReadsError
from aspsfusion.evidence.coverage import Coverage, count_wild_type
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.fragments import Fragment, Mate
from aspsfusion.evidence.molecules import MERGED_TAG, Chosen, Molecules, RecordGroup, primary_record
from aspsfusion.evidence.placements import ContigBases, as_sequenced, read_placements
from aspsfusion.evidence.strand import count_direction, exon_borders
from aspsfusion.evidence.watch import watches_of
from aspsfusion.io.bam import sort_bam
from aspsfusion.io.files import replacing
from aspsfusion.panel.panel import Panel, load_panel


def _mates(records: RecordGroup) -> list[RecordGroup]:
    """Split the records of a fragment into those of its one or two reads."""
    first = [r for r in records if not r.is_read2]
    second = [r for r in records if r.is_read2]
    return [group for group in (first, second) if group]


def _fragments(bam: Path) -> Iterator[tuple[str, list[RecordGroup]]]:
    """Yield the records of each fragment; the BAM must be sorted by name."""
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        for name, records in groupby(stream, key=lambda record: record.query_name):
            yield str(name), _mates(list(records))


def find_molecules(bam: Path) -> Molecules:
    """Return the molecules of a name-sorted BAM."""
    found = Molecules()
    for name, mates in _fragments(bam):
        found.add(name, mates)
    return found


def explained(fragment: Fragment, parameters: CallParameters) -> bool:
    """Tell whether no junction can beat the wild type for a fragment.

    True when one gene holds every read with fewer edits than the margin: a junction would need a negative
    number of edits to win a read, and reads that share a gene are no spanning pair.
    """
    common: set[str] | None = None
    for mate in fragment.mates:
        genes = {gene for gene, edits in mate.edits_by_gene.items() if edits < parameters.margin}
        common = genes if common is None else common & genes
    return bool(common)


def fragment_of(
    name: str, mates: list[RecordGroup], molecule: Chosen, contigs: ContigBases, ranks: Mapping[str, int]
) -> Fragment:
    """Return a fragment with all placements of its reads.

    Args:
        name: read name.
        mates: its records by read.
        molecule: the molecule that it stands for.
        contigs: the panel's sequences.
        ranks: order of preference among equal contigs.
    """
    return Fragment(
        name,
        molecule.copies,
        tuple(
            Mate(
                2 if records[0].is_read2 else 1,
                as_sequenced(primary_record(records)),
                read_placements(records, contigs, ranks),
            )
            for records in mates
        ),
        merged=primary_record(mates[0]).has_tag(MERGED_TAG),
        umi=molecule.umi,
    )


def collect_evidence(panel: Panel, bam: Path, parameters: CallParameters) -> Evidence:
    """Collect the evidence of a name-sorted panel BAM.

    Args:
        panel: built panel.
        bam: records of each fragment one behind the other.
        parameters: thresholds.

    Returns:
        Counts, and the fragments that `call` has to decide on.
    """
    contigs, ranks = ContigBases(panel), panel.contig_ranks
    watches = watches_of(panel, parameters)
    evidence = Evidence(Coverage(parameters.min_anchor))
    for entries in watches.values():
        for watch in entries:
            evidence.coverage.informative[watch.key] = 0
    found = find_molecules(bam)
    chosen, evidence.candidates, evidence.umi = found.chosen(), found.total, found.have_umis
    evidence.duplicates = evidence.candidates - len(chosen)
    borders = exon_borders(panel.transcripts.values())
    inserts: list[int] = []
    for name, mates in _fragments(bam):
        molecule = chosen.get(name)
        if molecule is None:
            continue
        fragment = fragment_of(name, mates, molecule, contigs, ranks)
        if not any(mate.placements for mate in fragment.mates):
            continue
        if not explained(fragment, parameters):
            evidence.fragments.append(fragment)
            continue
        placements = count_wild_type(
            evidence.coverage, fragment, parameters, ranks, watches, panel.specificity
        )
        count_direction(evidence.coverage.direction, fragment, placements, borders, panel.unspliced)
        whole = fragment.merged or len(placements) == 2
        if whole and placements and placements[0].contig == placements[-1].contig in panel.transcripts:
            low, high = min(p.start for p in placements), max(p.end for p in placements)
            inserts.append(high - low)
    if inserts:
        evidence.median_insert = int(statistics.median(inserts))
    return evidence


def run_evidence(
    panel_directory: Path, bam: Path, output: Path, parameters: CallParameters, *, force: bool = False
) -> Evidence:
    """Collect the evidence of one sample's panel BAM and write it.

    Args:
        panel_directory: built panel.
        bam: BAM written by `aspsfusion align`.
        output: gzip JSON to write.
        parameters: thresholds.
        force: replace an existing file.

    Raises:
        ReadsError: the BAM can not be read or belongs to another panel.
    """
    panel = load_panel(panel_directory)
    require_same_panel(panel, bam)
    with tempfile.TemporaryDirectory(prefix="aspsfusion.") as scratch:
        by_name = Path(scratch) / "by_name.bam"
        sort_bam(bam, by_name, "-n", "-l", "1", remedy="run 'aspsfusion align' again")
        evidence = collect_evidence(panel, by_name, parameters)
    with replacing(output, force=force) as draft:
        write_evidence(evidence, draft)
    return evidence


def require_same_panel(panel: Panel, bam: Path) -> None:
    """Refuse a BAM whose sequences are not those of the panel.

    Raises:
        ReadsError: it is another file.
    """
    try:
        with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
            names = list(stream.references)
    except (OSError, ValueError) as error:
        raise ReadsError(
            f"can not be read ({error})", path=bam, remedy="run 'aspsfusion align' again"
        ) from error
    if names != [*panel.transcripts, *(u.key for u in panel.unspliced.values())]:
        raise ReadsError(
            "was aligned to another panel", path=bam, remedy="run 'aspsfusion align' with this panel"
        )
