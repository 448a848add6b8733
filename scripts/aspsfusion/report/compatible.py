"""Writes the reported fusions in the columns of Arriba and of STAR-Fusion, for programs that read those.

Names, order and notation are those of Arriba's `fusions.tsv` (its documentation, page "Output files") and of
STAR-Fusion's `star-fusion.fusion_predictions.tsv`. What this program does not know, or counts in another way,
is a dot; docs/outputs.md says what each column holds.
"""

import json
import math
from collections import Counter
from pathlib import Path

from aspsfusion.io.tables import Cell, write_table
from aspsfusion.report.findings import DomainStatus, Fusion, FusionSide
from aspsfusion.report.models import Report

UNKNOWN = "."

ARRIBA_COLUMNS = (
    *("#gene1", "gene2", "strand1(gene/fusion)", "strand2(gene/fusion)", "breakpoint1", "breakpoint2"),
    *("site1", "site2", "type", "split_reads1", "split_reads2", "discordant_mates", "coverage1", "coverage2"),
    *("confidence", "reading_frame", "tags", "retained_protein_domains", "closest_genomic_breakpoint1"),
    *("closest_genomic_breakpoint2", "gene_id1", "gene_id2", "transcript_id1", "transcript_id2"),
    *("direction1", "direction2", "filters", "fusion_transcript", "peptide_sequence", "read_identifiers"),
)

STAR_FUSION_COLUMNS = (
    *("#FusionName", "JunctionReadCount", "SpanningFragCount", "est_J", "est_S", "SpliceType"),
    *("LeftGene", "LeftBreakpoint", "RightGene", "RightBreakpoint", "JunctionReads", "SpanningFrags"),
    *("LargeAnchorSupport", "FFPM", "LeftBreakDinuc", "LeftBreakEntropy", "RightBreakDinuc"),
    *("RightBreakEntropy", "annots"),
)

LARGE_ANCHOR = 25
"""Bases that a split read needs on both sides for STAR-Fusion's YES_LDAS (long double anchor support)."""

ENTROPY_BASES = 15
"""Exonic bases beside the breakpoint of which STAR-Fusion takes the Shannon entropy."""

DECIMALS = 4


def write_arriba(report: Report, path: Path) -> None:
    """Write the table in the columns of Arriba, which quotes no cells, replacing an existing one."""
    rows = [arriba_row(report, fusion) for fusion in report.fusions]
    write_table(path, ARRIBA_COLUMNS, rows, quoted=False)


def write_star_fusion(report: Report, path: Path) -> None:
    """Write the table in the columns of STAR-Fusion, whose last one holds quotation marks as they are."""
    rows = [star_fusion_row(report, fusion) for fusion in report.fusions]
    write_table(path, STAR_FUSION_COLUMNS, rows, quoted=False)


def arriba_row(report: Report, fusion: Fusion) -> dict[str, Cell]:
    """Return a fusion in Arriba's columns."""
    five, three = fusion.five_prime, fusion.three_prime
    split = [read for read in fusion.reads if read.kind == "split"]
    # Arriba counts split reads by the gene that most of their bases are in.
    mostly_five = sum(read.anchor_five_prime >= read.anchor_three_prime for read in split)
    copies = fusion.fragments_with_duplicates - fusion.fragments
    frames = {True: "in-frame", False: "out-of-frame", None: UNKNOWN}
    return {
        "#gene1": five.gene,
        "gene2": three.gene,
        "strand1(gene/fusion)": f"{five.strand}/{five.strand}",
        "strand2(gene/fusion)": f"{three.strand}/{three.strand}",
        "breakpoint1": f"{five.chrom}:{five.pos}",
        "breakpoint2": f"{three.chrom}:{three.pos}",
        "site1": _site(five),
        "site2": _site(three),
        "type": _event(five, three),
        "split_reads1": mostly_five,
        "split_reads2": fusion.split_reads - mostly_five,
        "discordant_mates": fusion.spanning_pairs,
        "coverage1": fusion.wild_type_five_prime + fusion.fragments,
        "coverage2": fusion.wild_type_three_prime + fusion.fragments,
        "confidence": fusion.confidence,
        "reading_frame": "stop-codon" if fusion.stops_early else frames[fusion.in_frame],
        "tags": fusion.catalogue_id or UNKNOWN,
        "retained_protein_domains": _domains(fusion),
        "closest_genomic_breakpoint1": UNKNOWN,
        "closest_genomic_breakpoint2": UNKNOWN,
        "gene_id1": _gene_id(report, five),
        "gene_id2": _gene_id(report, three),
        "transcript_id1": five.transcript,
        "transcript_id2": three.transcript,
        "direction1": "downstream" if five.strand == "+" else "upstream",
        "direction2": "upstream" if three.strand == "+" else "downstream",
        "filters": f"duplicates({copies})" if copies else UNKNOWN,
        "fusion_transcript": fusion.junction_sequence,
        "peptide_sequence": fusion.peptide.sequence if fusion.peptide else UNKNOWN,
        "read_identifiers": ",".join(read.name for read in fusion.reads) or UNKNOWN,
    }


def star_fusion_row(report: Report, fusion: Fusion) -> dict[str, Cell]:
    """Return a fusion in STAR-Fusion's columns."""
    five, three = fusion.five_prime, fusion.three_prime
    before, inserted, after = fusion.junction_parts
    place = (
        f"INTERCHROMOSOMAL[{five.chrom}--{three.chrom}]"
        if five.chrom != three.chrom
        else f"INTRACHROMOSOMAL[{five.chrom}:{abs(five.pos - three.pos) / 1e6:.2f}Mb]"
    )
    at_borders = five.at_exon_boundary and three.at_exon_boundary and not inserted
    long_anchors = any(
        min(read.anchor_five_prime, read.anchor_three_prime) >= LARGE_ANCHOR for read in fusion.reads
    )
    # A pair is one fragment; the share of overlapping mates is only known of pairs.
    sequenced = report.qc.total_reads / (1 if report.qc.overlap_fraction is None else 2)
    return {
        "#FusionName": f"{five.gene}--{three.gene}",
        "JunctionReadCount": fusion.split_reads,
        "SpanningFragCount": fusion.spanning_pairs,
        "est_J": f"{fusion.split_reads:.2f}",
        "est_S": f"{fusion.spanning_pairs:.2f}",
        "SpliceType": "ONLY_REF_SPLICE" if at_borders else "INCL_NON_REF_SPLICE",
        "LeftGene": f"{five.gene}^{_gene_id(report, five)}",
        "LeftBreakpoint": f"{five.chrom}:{five.pos}:{five.strand}",
        "RightGene": f"{three.gene}^{_gene_id(report, three)}",
        "RightBreakpoint": f"{three.chrom}:{three.pos}:{three.strand}",
        "JunctionReads": _names(fusion, "split"),
        "SpanningFrags": _names(fusion, "spanning"),
        "LargeAnchorSupport": "YES_LDAS" if long_anchors else "NO_LDAS",
        "FFPM": f"{fusion.fragments * 1e6 / sequenced:.{DECIMALS}f}" if sequenced else UNKNOWN,
        "LeftBreakDinuc": UNKNOWN,
        "LeftBreakEntropy": _entropy(before[-ENTROPY_BASES:]),
        "RightBreakDinuc": UNKNOWN,
        "RightBreakEntropy": _entropy(after[:ENTROPY_BASES]),
        "annots": json.dumps([place]),
    }


def _site(side: FusionSide) -> str:
    if side.region is None:
        return UNKNOWN
    return f"{side.region}/splice-site" if side.at_exon_boundary else side.region


def _event(five: FusionSide, three: FusionSide) -> str:
    """Return the event that the two places and strands mean, by Arriba's rules."""
    if five.chrom != three.chrom:
        return "translocation"
    if five.strand != three.strand:
        return "inversion"
    # Transcribed from the plus strand, a 5' gene on the left needs only the bases between them to be gone.
    in_order = (five.pos < three.pos) == (five.strand == "+")
    return "deletion" if in_order else "duplication"


def _domains(fusion: Fusion) -> str:
    """Return the kept domains of both genes, separated by a bar, with the share that is kept."""
    sides = [
        ",".join(
            f"{domain.name.replace(' ', '_')}({_kept_share(fusion, domain)})"
            for domain in fusion.retained_domains
            if domain.gene == gene and domain.status != "lost"
        )
        for gene in (fusion.five_prime.gene, fusion.three_prime.gene)
    ]
    return "|".join(sides) if fusion.retained_domains else UNKNOWN


def _kept_share(fusion: Fusion, domain: DomainStatus) -> str:
    """Return the share of a domain's residues that the fusion keeps, in percent; `partly` if not known."""
    if domain.status == "kept":
        return "100%"
    peptide = fusion.peptide
    if peptide is None or peptide.first_residue_three_prime is None:
        return "partly"
    first, last = domain.first_residue, domain.last_residue
    if domain.gene == fusion.five_prime.gene:
        last = min(last, peptide.residues_five_prime)
    else:
        first = max(first, peptide.first_residue_three_prime)
    return f"{100 * (last - first + 1) // (domain.last_residue - domain.first_residue + 1)}%"


def _gene_id(report: Report, side: FusionSide) -> str:
    return next((m.gene_id for m in report.gene_models if m.gene == side.gene), "") or UNKNOWN


def _names(fusion: Fusion, kind: str) -> str:
    return ",".join(read.name for read in fusion.reads if read.kind == kind) or UNKNOWN


def _entropy(bases: str) -> str:
    """Return the Shannon entropy of the bases in bits, 0 for one base alone and 2 for all alike.

    >>> _entropy("AAAAAAAAAAAAAAA"), _entropy("AAAAACCCCGGGTTT")
    ('0.0000', '1.9656')
    """
    if not bases:
        return UNKNOWN
    shares = [number / len(bases) for number in Counter(bases).values()]
    return f"{abs(sum(share * math.log2(share) for share in shares)):.{DECIMALS}f}"
