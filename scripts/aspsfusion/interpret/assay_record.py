"""Describes the assay for the report: what it is declared and seen to be, its primers, UMIs and molecules."""

from collections import Counter
from collections.abc import Iterator, Sequence

from aspsfusion.call.calls_file import CallsFile
from aspsfusion.evidence.fixed_ends import MIN_FRAGMENTS, MIN_SHARE
from aspsfusion.evidence.long_reads import INFORMATIVE_ANCHOR, TRUNCATED
from aspsfusion.evidence.primers import Primer, PrimerPlace
from aspsfusion.interpret.exclusion import AMPLICON, ANCHORED, Findings
from aspsfusion.interpret.primed import Primed, described_places
from aspsfusion.panel.panel import Panel
from aspsfusion.report.assay import (
    Assay,
    AssayPrimer,
    AssayUmi,
    FixedEnds,
    FixedJunction,
    FusionIsoform,
    LongReadAssay,
    PrimedPlace,
    Seen,
)
from aspsfusion.report.findings import Fusion
from aspsfusion.report.words import count, listed, plural

WINDOWS = (
    "Of long reads the pile-up of a junction, and its contig in the BAM file, show windows: more than 20 nt "
    "from the junction the bases are those of the panel that the read is aligned to."
)


def assay_of(
    panel: Panel, record: CallsFile, findings: Findings, library: str | None, structures: Sequence[str]
) -> Assay:
    """Return the assay block of a report; library and structures of the reads are as declared."""
    seen = _seen(record, findings)
    return Assay(
        library=library,
        seen=seen,
        primers=[_primer(panel, primer, findings) for primer in record.primers],
        umi=AssayUmi(source=record.umi_source, structures=list(structures)),
        fixed_ends=FixedEnds(
            both_ends=dict(findings.fixed_ends),
            one_end=dict(findings.anchored),
            junctions=[_fixed(fusion) for fusion in findings.fusions if fusion.fixed_ends],
        ),
        molecules_by=_molecules_by(record),
        informs=_informs(panel, findings, seen, long=record.long_reads is not None),
        notes=[
            *(_notes(panel, findings) if findings.primed else ()),
            *([WINDOWS] if record.long_reads else ()),
        ],
        long_reads=long_read_assay(record, findings.fusions),
    )


def long_read_assay(record: CallsFile, fusions: Sequence[Fusion]) -> LongReadAssay | None:
    """Describe a sample of long reads; None for short ones. The fusions are in the order of the calls."""
    long = record.long_reads
    if long is None:
        return None
    reported = [called for called in record.calls.junctions if not called.rejections]
    shown = Counter(
        (fusion.full_name, long.exons[read.number])
        for fusion, called in zip(fusions, reported, strict=True)
        for read in called.reads
    )
    supporting = {read.number for called in reported for read in called.reads}
    artefacts = Counter(long.artefacts)
    artefacts.update(name for number, name in long.suspected.items() if number not in supporting)
    return LongReadAssay(
        platform=long.platform,
        error_rate=long.error_rate,
        margin=record.parameters.margin,
        artefacts=dict(sorted(artefacts.items())),
        isoforms=[
            FusionIsoform(fusion=name, exons=exons, reads=number)
            for (name, exons), number in sorted(shown.items(), key=lambda item: (-item[1], item[0]))
        ],
    )


def joining(long_reads: LongReadAssay | None) -> dict[str, int]:
    """Return the reads of each artefact that joins what are no parts of one molecule."""
    found = long_reads.artefacts if long_reads else {}
    return {name: number for name, number in found.items() if name != TRUNCATED}


def _seen(record: CallsFile, findings: Findings) -> Seen:
    if record.long_reads:
        return "not determined"  # whole transcripts have their ends in common
    if any(findings.fixed_ends.values()):
        return "amplicons"
    if any(findings.anchored.values()) or _begin_at_primers(findings):
        return "anchored PCR"
    enough = max(record.calls.coverage.informative.values(), default=0) >= MIN_FRAGMENTS
    return "ends anywhere" if enough else "not determined"


def _begin_at_primers(findings: Findings) -> bool:
    """Whether most molecules across an acceptor begin at primers, which may be many."""
    primed = findings.primed if findings.library == ANCHORED else None
    return primed is not None and any(
        number >= MIN_FRAGMENTS and number >= MIN_SHARE * (number + primed.elsewhere.get(key, 0))
        for key, number in primed.informative.items()
    )


def _fixed(fusion: Fusion) -> FixedJunction:
    return FixedJunction(
        name=fusion.full_name,
        molecules=fusion.fragments,
        reads=fusion.fragments_with_duplicates,
        shared=fusion.fixed_ends,
    )


def _primer(panel: Panel, primer: Primer, findings: Findings) -> AssayPrimer:
    primed = findings.primed or Primed()
    if findings.library == ANCHORED:
        could_show = [key for key, names in primed.kept.items() if primer.name in names]
    else:
        could_show = [
            key for key, pairs in primed.pairs.items() if any(primer.name in pair for pair in pairs)
        ]
    return AssayPrimer(
        name=primer.name,
        sequence=primer.sequence,
        tail=primer.tail,
        places=[_place(panel, place) for place in described_places(panel, primer)],
        could_show=could_show,
        molecules={
            key: counts[primer.name] for key, counts in primed.molecules.items() if primer.name in counts
        }
        if findings.library == ANCHORED
        else {},
    )


def _place(panel: Panel, place: PrimerPlace) -> PrimedPlace:
    transcript = panel.transcripts.get(place.contig)
    first, last = place.start + 1, place.end
    return PrimedPlace(
        gene=place.gene,
        transcript=place.contig.split("|", 1)[1],
        exon=transcript.exon_at(place.start if place.reverse else place.end - 1).number
        if transcript
        else None,
        first=last if place.reverse else first,
        last=first if place.reverse else last,
        direction="antisense" if place.reverse else "sense",
        mismatches=place.mismatches,
    )


def _molecules_by(record: CallsFile) -> str:
    if record.long_reads:
        return (
            "UMI"
            if record.umi
            else "each read is counted as a molecule; copies made by PCR are not recognised"
        )
    ends = "where their reads begin"
    if record.primers:
        ends = "where their reads begin, but for an end at a primer where the other end is at none"
    return f"UMI and {ends}" if record.umi else ends


def _informs(panel: Panel, findings: Findings, seen: Seen, *, long: bool) -> str:
    target = panel.spec.target
    if long and findings.library not in (AMPLICON, ANCHORED):
        return (
            f"Wild-type reads of {target.three_prime} that reach across the acceptor by "
            f"{INFORMATIVE_ANCHOR} nt on both sides, for each acceptor."
        )
    if findings.library == AMPLICON or seen == "amplicons":
        return (
            f"No wild-type molecule: between two primers of one gene nothing of {target.fusion} can be seen."
        )
    if findings.library == ANCHORED and findings.primed:
        return (
            f"Wild-type molecules of {target.three_prime} that begin at a declared primer downstream of the "
            "acceptor and extend across it, for each acceptor."
        )
    if findings.library == ANCHORED or seen == "anchored PCR":
        return (
            f"No wild-type molecule: which of them were primed where {target.fusion} would have been is "
            "not known without the primers."
        )
    return f"Wild-type fragments of {target.three_prime} with a read across the acceptor, for each acceptor."


def _notes(panel: Panel, findings: Findings) -> Iterator[str]:
    """Yield what else is to be known of declared primers."""
    primed, target = findings.primed or Primed(), panel.spec.target
    if nowhere := [primer.name for primer in primed.primers if not primer.places]:
        yield f"{plural(len(nowhere), 'primer fits', 'primers fit')} nowhere on the panel: {listed(nowhere)}."
    for primer in primed.primers:
        if len(primer.genes) > 1:
            yield f"{primer.name} fits {listed(primer.genes)} about equally well."
    if tailed := [f"{primer.name} ({primer.tail})" for primer in primed.primers if primer.tail]:
        yield f"Bases at the 5' end that fit nowhere are taken for tails: {listed(tailed)}."
    if findings.library != ANCHORED:
        pairs = dict.fromkeys(pair for pairs in primed.pairs.values() for pair in pairs)
        if pairs:
            yield f"Could span {target.fusion}: {listed([' with '.join(pair) for pair in pairs])}."
        return
    of_gene = [primer.name for primer in primed.primers if target.three_prime in primer.genes]
    for key, names in primed.kept.items():
        if unable := [name for name in of_gene if name not in names]:
            yield (
                f"Could not show {target.fusion} at {key}, not being antisense and downstream of it: "
                f"{listed(unable)}."
            )
        if other := primed.elsewhere.get(key, 0):
            yield (
                f"{count(other)} of {count(other + primed.informative[key])} molecules across the start of "
                f"{key} began at no primer that could show it or are between two, and do not inform."
            )
        if single := primed.one_end.get(key, 0):
            yield (
                f"{plural(single, 'molecule')} across the start of {key} show{'' if single > 1 else 's'} one "
                "end alone, as single reads do, and may be between two primers: they do not inform."
            )
