"""Proves that a reference is what the panel states: splice sites, reading frames, published junctions, bases.

A genome of another build, a shifted locus or a masked chromosome passes none of these by chance, whatever
its file is called. The checks are the same for every source of sequence.
"""

from collections.abc import Set
from dataclasses import dataclass

from Bio.Seq import translate

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.genome import GenomePieces, Region, transcript_region
from aspsfusion.panel.known_bases import BASES_OF_CODE, known_stretches
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.spec import JunctionSpec, PanelSpec

DONORS = ("GT", "GC")
ACCEPTOR = "AG"
MINOR_INTRON = ("AT", "AC")
"""Ends of the rare introns of the minor (U12) spliceosome, which is no sign of a wrong reference."""

MAX_UNUSUAL_INTRONS = 0.1
"""Share of introns of a non-target transcript that may have other ends: single exceptions exist in real
annotation, while a shifted reference breaks nearly all of them."""

MIN_INTRONS_OF_A_SHIFT = 3
"""Introns that a transcript needs for a majority of odd ends to mean a wrong reference: annotated alternative
transcripts of one or two introns may be odd by themselves."""

STOP_CODONS = ("TAA", "TAG", "TGA")

EXACT_AT_JUNCTION = 12
"""Bases next to a published junction that must be identical: they say which exon end is meant."""

MAX_SUBSTITUTIONS = 1
"""Substitutions allowed in the rest of one side of a published sequence: it is one patient's, and may carry
a variant."""

MAX_VARIANTS = 0.002
"""Share of known bases that may differ for variants of a person to explain it: one of 600 to 750 bases of a
genome differs from the reference (4 to 5 million sites, 1000 Genomes Project 2015, Nature 526:68)."""


@dataclass(frozen=True)
class Check:
    """One thing proved or disproved of the reference.

    Attributes:
        name: stable name of the kind of check.
        text: what was found, one sentence.
        essential: whether a failure refuses the reference.
    """

    name: str
    passed: bool
    text: str
    essential: bool


def covered(spec: PanelSpec, genome: GenomePieces) -> tuple[PanelSpec, list[Check]]:
    """Leave out the transcripts that a FASTA of loci does not cover, with a failed check for each.

    Primary transcripts are covered, or `read_regions` would have refused the FASTA.
    """
    genes, left_out = [], []
    for gene in spec.genes:
        kept = []
        for transcript in gene.transcripts:
            if genome.holds(transcript_region(transcript)):
                kept.append(transcript)
            else:
                text = f"{gene.symbol}|{transcript.id}: reaches beyond the locus given, left out"
                left_out.append(Check("transcriptcovered", False, text, False))
        genes.append(gene.model_copy(update={"transcripts": kept}))
    return spec.model_copy(update={"genes": genes}), left_out


def prove(panel: Panel, genome: GenomePieces, stated: Set[str]) -> list[Check]:
    """Run every check on a panel.

    A failure is essential where the verdict rests on it: primary transcripts of target genes and published
    junctions of the target fusion. Exons that came from an annotation are allowed its odd introns, unlike
    those of the genes that the panel YAML itself has `stated`.
    """
    targets = set(panel.spec.genes_with_role("target"))
    checks = []
    for transcript in panel.transcripts.values():
        essential = transcript.primary and transcript.gene in targets & stated
        uncalled = check_called_bases(transcript, essential=essential)
        if uncalled:
            checks.append(uncalled)
        if len(transcript.exons) > 1:
            checks.append(check_introns(transcript, genome, essential=essential))
        if transcript.cds and transcript.primary:
            checks.append(check_reading_frame(transcript, essential=essential))
        if transcript.primary:
            # A chromosome whose checksum is right is right, whatever is believed to be known of it.
            sure = any(contig.authenticated and contig.chrom == transcript.chrom for contig in genome.contigs)
            known = check_known_bases(transcript, panel.spec.genome.build, essential=essential and not sure)
            checks += [known] if known else []
    for location, junction in panel.catalogue.items():
        if junction.sequence is None:
            continue
        five, three = panel.joined_sequences(location)
        essential = junction.fusion == panel.spec.target.fusion
        checks.append(check_junction(junction, five, three, essential=essential))
    return checks


def check_introns(transcript: Transcript, genome: GenomePieces, *, essential: bool) -> Check:
    """Check that the introns of a transcript begin with GT or GC and end with AG, or are minor introns.

    None may be an exception where the verdict rests on the transcript.
    """
    unusual = []
    for number, (low, high) in enumerate(transcript.introns, start=1):
        sides = (Region(transcript.chrom, low, low + 2), Region(transcript.chrom, high - 2, high))
        donor, acceptor = sides if transcript.strand == "+" else sides[::-1]
        ends = tuple(genome.fetch_sense(side, transcript.strand).upper() for side in (donor, acceptor))
        if not ((ends[0] in DONORS and ends[1] == ACCEPTOR) or ends == MINOR_INTRON):
            unusual.append(f"intron {number} {ends[0]}..{ends[1]}")
    introns = len(transcript.exons) - 1
    allowed = 0 if essential else int(introns * MAX_UNUSUAL_INTRONS)
    text = f"{transcript.key}: {introns - len(unusual)} of {introns} introns run from GT or GC to AG"
    if unusual:
        text += f" ({', '.join(unusual[:3])}{' ...' if len(unusual) > 3 else ''})"
    shifted = transcript.primary and introns >= MIN_INTRONS_OF_A_SHIFT and len(unusual) * 2 > introns
    return Check("intron_ends", len(unusual) <= allowed, text, essential or shifted)


def check_reading_frame(transcript: Transcript, *, essential: bool) -> Check:
    """Check that the stated reading frame begins with ATG and ends at its first stop codon."""
    assert transcript.cds is not None
    start, end = transcript.cds
    coding = transcript.sequence[start:end]
    codons = [coding[i : i + 3] for i in range(0, len(coding), 3)]
    stop = next((i for i, codon in enumerate(codons) if codon in STOP_CODONS), None)
    passed, text = False, f"open reading frame of {len(coding)} nt"
    if codons[0] != "ATG":
        text = f"reading frame begins with {codons[0]}, not ATG"
    elif stop is None:
        text = "reading frame has no stop codon"
    elif stop != len(codons) - 1:
        text = f"reading frame stops at codon {stop + 1} of {len(codons)}"
    else:
        passed = True
    return Check("reading_frame", passed, f"{transcript.key}: {text}", essential)


def check_called_bases(transcript: Transcript, *, essential: bool) -> Check | None:
    """Return a failed check when a transcript holds bases that are not called, None when it holds none.

    A masked or patchy reference may have all splice sites and still lack the bases between them.
    """
    missing = len(transcript.sequence) - sum(map(transcript.sequence.count, "ACGT"))
    if not missing:
        return None
    text = f"{transcript.key}: {missing} of {len(transcript.sequence)} bases are not called (N)"
    return Check("called_bases", False, text, essential)


def check_known_bases(transcript: Transcript, build: str, *, essential: bool) -> Check | None:
    """Compare a transcript with the real bases that are known; None when none of its bases is.

    Bases that were seen in a single read prove nothing, and where people differ each of their bases is right.
    """
    expected = list(transcript.sequence)
    places, asked = [], 0
    first = min(exon.start for exon in transcript.exons)
    end = max(exon.end for exon in transcript.exons)
    for chrom, start, bases in known_stretches(build):
        beside = chrom != transcript.chrom or start >= end or start + len(bases) <= first
        for position, code in () if beside else enumerate(bases, start):
            tx_pos = transcript.from_genome(position)
            if tx_pos is None or code.islower():
                continue
            asked += 1
            allowed = BASES_OF_CODE[code]
            allowed = allowed if transcript.strand == "+" else reverse_complement(allowed)
            if expected[tx_pos] not in allowed:
                exon = transcript.exon_at(tx_pos).number
                found = f"{expected[tx_pos]} instead of {' or '.join(allowed)}"
                places.append(f"{found} in exon {exon} ({chrom}:{position + 1})")
                expected[tx_pos] = allowed[0]
    if not asked:
        return None
    text = f"{transcript.key}: {asked - len(places)} of {asked} known bases found in place"
    if places:
        begin, stop = transcript.cds or (0, 0)
        proteins = {translate("".join(bases[begin:stop])) for bases in (transcript.sequence, expected)}
        text += f"; {places[0]}{', ...' if len(places) > 1 else ''}, "
        text += "which changes the protein" if len(proteins) > 1 else "which leaves the protein as it is"
        few = len(places) <= max(1, MAX_VARIANTS * asked)
        text += (
            " and may be a variant of a person" if few else " and is more than variants of a person explain"
        )
    return Check("known_bases", not places, text, essential)


def check_junction(junction: JunctionSpec, five_prime: str, three_prime: str, *, essential: bool) -> Check:
    """Check a published junction sequence against the transcripts to and from the joined bases."""
    assert junction.sequence is not None
    left, right = junction.sequence.split("|")
    problems = []
    for side, published, reference in (
        ("5'", left[::-1], five_prime[::-1]),
        ("3'", right, three_prime),
    ):
        compared = reference[: len(published)].ljust(len(published), "-")
        different = [i for i, (a, b) in enumerate(zip(published, compared, strict=True)) if a != b]
        if len(different) > MAX_SUBSTITUTIONS or any(i < EXACT_AT_JUNCTION for i in different):
            problems.append(f"{len(different)} of {len(published)} bases differ on the {side} side")
    text = f"{junction.id}: published sequence of {len(left)} + {len(right)} nt "
    text += f"not found at the stated exon ends ({'; '.join(problems)})" if problems else "found in place"
    return Check("published_junction", not problems, text, essential)
