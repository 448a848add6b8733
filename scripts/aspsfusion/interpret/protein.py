"""Deduces what a fusion transcript codes for: reading frame, peptide across the junction, protein domains.

All of it comes from the reference: the part of the 5' gene upstream of the junction, read from its own start
codon, runs on through inserted bases into the 3' gene. Of the patient's variants only indels beside the
junction are known (`variants`). Positions are genomic and 0-based: of the last joined base of the 5' gene and
the first joined base of the 3' gene.
"""

from aspsfusion.panel.gene_spec import DomainSpec
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.report.findings import DomainStatus, FusionPeptide

PEPTIDE_FLANK = 20
"""Residues on each side of the junction in the report; enough to be found in a protein database."""

CODON = 3
MOST_OF_A_CODON = 2


def _coding_bases_before(transcript: Transcript, position: int, *, after: bool) -> int | None:
    """Return the number of coding bases before a boundary, None outside the reading frame.

    The boundary is `after` the base (5' side) or before it (3' side).
    """
    tx_pos = transcript.from_genome(position)
    if tx_pos is None or transcript.cds is None or not transcript.cds[0] <= tx_pos < transcript.cds[1]:
        return None
    return tx_pos - transcript.cds[0] + after


def _coding_bases_upstream(transcript: Transcript, position: int, *, after: bool) -> int | None:
    """Return the number of coding bases upstream of a boundary, wherever it lies.

    Unlike `_coding_bases_before` this counts in introns and untranslated regions too: whole exons upstream.
    0 upstream of the reading frame, its whole length downstream of it, None without one.
    """
    if transcript.cds is None:
        return None
    tx_pos = transcript.from_genome(position)
    if tx_pos is None:
        sense = 1 if transcript.strand == "+" else -1
        upstream = [
            exon.tx_end
            for exon in transcript.exons
            if (position - transcript.to_genome(exon.tx_end - 1)) * sense > 0
        ]
        boundary = max(upstream, default=0)
    else:
        boundary = tx_pos + after
    start, end = transcript.cds
    return min(max(boundary, start), end) - start


def in_frame(
    five: Transcript, five_pos: int, three: Transcript, three_pos: int, inserted: str = ""
) -> bool | None:
    """Return whether the 3' gene is read in its own frame; None where a breakpoint is not coding.

    A stop codon upstream of it, among inserted bases for example, is not looked at here.
    """
    before = _coding_bases_before(five, five_pos, after=True)
    skipped = _coding_bases_before(three, three_pos, after=False)
    if before is None or skipped is None:
        return None
    return (before + len(inserted)) % CODON == skipped % CODON


def missing_product(five: Transcript, five_pos: int, three: Transcript, three_pos: int) -> str:
    """Say why a junction makes no protein of both genes, empty where it can make one.

    A junction downstream of the 5' gene's stop codon leaves that gene's own protein; one upstream of its
    start codon leaves no part of it, and one downstream of the 3' gene's stop codon no part of that gene.
    Without a reading frame nothing is said.
    """
    kept, skipped = (
        _coding_bases_upstream(five, five_pos, after=True),
        _coding_bases_upstream(three, three_pos, after=False),
    )
    if kept is None or skipped is None or five.cds is None or three.cds is None:
        return ""
    if kept == five.cds[1] - five.cds[0]:
        return f"the junction lies downstream of the stop codon of {five.gene}"
    if kept == 0:
        return f"the junction lies upstream of the start codon of {five.gene}"
    if skipped == three.cds[1] - three.cds[0]:
        return f"the junction lies downstream of the stop codon of {three.gene}"
    return ""


def fusion_peptide(
    five: Transcript, five_pos: int, three: Transcript, three_pos: int, inserted: str = ""
) -> FusionPeptide | None:
    """Translate the fusion transcript from the start codon of the 5' gene to the first stop codon.

    None where a breakpoint is not coding, so that nothing is deduced from introns.
    """
    before = _coding_bases_before(five, five_pos, after=True)
    skipped = _coding_bases_before(three, three_pos, after=False)
    if before is None or skipped is None or five.cds is None or three.cds is None:
        return None
    head = five.sequence[five.cds[0] : five.cds[0] + before]
    coding = head + inserted + three.sequence[three.cds[0] + skipped :]
    from Bio.Seq import Seq  # takes 60 ms, and only a fusion of two coding parts needs it

    protein = str(Seq(coding[: len(coding) // CODON * CODON]).translate())
    stop = protein.find("*")
    protein = protein if stop < 0 else protein[: stop + 1]
    whole, shared = divmod(before, CODON)
    bar = whole + (1 if shared >= MOST_OF_A_CODON else 0)
    kept_frame = (before + len(inserted)) % CODON == skipped % CODON
    left = protein[max(0, bar - PEPTIDE_FLANK) : bar]
    # Codons with inserted bases are between the two genes.
    resumes = -(-(before + len(inserted)) // CODON) if inserted else bar
    between, right = protein[bar:resumes], protein[resumes : resumes + PEPTIDE_FLANK]
    if not kept_frame:
        right = right.lower()
    return FusionPeptide(
        sequence=f"{left}|{between}|{right}" if inserted else f"{left}|{right}",
        length=len(protein.rstrip("*")),
        residues_five_prime=min(whole, len(protein.rstrip("*"))),
        first_residue_three_prime=-(-skipped // CODON) + 1 if kept_frame else None,
    )


def domain_status(
    panel: Panel, five_gene: str, five_pos: int, three_gene: str, three_pos: int
) -> list[DomainStatus]:
    """Return what the fusion keeps of each listed domain of its two genes.

    Domains are given on the primary transcripts; what is kept of the 5' gene lies upstream of its breakpoint,
    what is kept of the 3' gene downstream. Whether the frame is kept is `in_frame`.
    """
    five = _coding_bases_upstream(panel.primary[five_gene], five_pos, after=True)
    three = _coding_bases_upstream(panel.primary[three_gene], three_pos, after=False)
    result = []
    for domain in panel.spec.domains:
        first, last = domain.first_residue, domain.last_residue
        if domain.gene == five_gene and five is not None:
            kept = min(last, five // CODON) - first + 1
        elif domain.gene == three_gene and three is not None:
            kept = last - max(first, -(-three // CODON) + 1) + 1
        else:
            continue
        result.append(_status(domain, kept))
    return result


def _status(domain: DomainSpec, kept: int) -> DomainStatus:
    whole = domain.last_residue - domain.first_residue + 1
    return DomainStatus(
        gene=domain.gene,
        name=domain.name,
        first_residue=domain.first_residue,
        last_residue=domain.last_residue,
        status="kept" if kept >= whole else "lost" if kept <= 0 else "partly kept",
    )
