"""Writes the reported fusions as `fusions.vcf.gz`: two paired breakend (BND) records for each fusion.

A fusion joins the last base of the 5' gene to the first base of the 3' gene in the direction of
transcription, while VCF describes a breakend on the plus strand of the genome. Which part of the
chromosome stays at a breakend follows from the strand alone:

====================  ======  =====================================
side of the junction  strand  genomic bases that belong to the fusion
====================  ======  =====================================
5' gene               ``+``   up to the joined base (left of it)
5' gene               ``-``   from the joined base on (right of it)
3' gene               ``+``   from the joined base on (right of it)
3' gene               ``-``   up to the joined base (left of it)
====================  ======  =====================================

A record whose own bases lie on the left reads ``base, bracket``, else ``bracket, base``. The bracket is
``]`` when the mate's bases lie on the left of the mate's position and ``[`` when they lie on its right
(VCF 4.3, section 5.4).

The sample's own counts are in its column too, and records are named by their places: `bcftools merge` joins
the records of one junction, keeps INFO of the first file and FORMAT of each, and mates stay mates.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pysam

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.files import replacing, writing
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.report.findings import Fusion, FusionSide
from aspsfusion.report.models import Contig, Report

VCF_VERSION = "VCFv4.3"
CONTAMINATION_FILTER = "POSSIBLE_CONTAMINATION"

Value = str | int | float | bool | None
SideName = Literal["five_prime", "three_prime"]


@dataclass(frozen=True)
class InfoField:
    """Declaration of an INFO field."""

    name: str
    number: str
    type: str
    description: str


INFO_FIELDS = (
    InfoField("SVTYPE", "1", "String", "Type of structural variant"),
    InfoField("MATEID", ".", "String", "ID of the mate breakend"),
    InfoField("EVENT", "1", "String", "ID of the fusion that both breakends belong to"),
    InfoField("FUSION", "1", "String", "Name of the fusion, 5' gene first"),
    InfoField("FUSION_TYPE", "1", "String", "Name of the junction in the literature"),
    InfoField("SIDE", "1", "String", "Side of the fusion transcript: five_prime or three_prime"),
    InfoField("GENE", "1", "String", "Gene at this breakend"),
    InfoField("GENE_STRAND", "1", "String", "Strand of the gene at this breakend"),
    InfoField("TRANSCRIPT", "1", "String", "Transcript that EXON and HGVS refer to"),
    InfoField("EXON", "1", "Integer", "Exon number at this breakend; absent inside an intron"),
    InfoField("SITE", "1", "String", "Place of the joined base in the gene"),
    InfoField("SPLIT_READS", "1", "Integer", "Unique fragments with a read across the junction"),
    InfoField("SPANNING_PAIRS", "1", "Integer", "Unique fragments whose mates lie on the two sides"),
    InfoField("FRAGMENTS", "1", "Integer", "Unique supporting fragments"),
    InfoField("WILD_TYPE", "1", "Integer", "Unique wild-type fragments at this breakend"),
    InfoField("FRACTION", "1", "Float", "Share of the 3' gene's transcripts that carry the junction"),
    InfoField("CONFIDENCE", "1", "String", "Confidence in the fusion: high, medium or low"),
    InfoField("IN_FRAME", "1", "String", "Whether the reading frame is kept: yes, no or unknown"),
    InfoField("INSERTED", "1", "String", "Bases of neither gene at the junction, in the sense of the fusion"),
    InfoField("DEVIATION", "1", "String", "What distinguishes the junction from the known one"),
    InfoField("HGVS", "1", "String", "HGVS description of the fusion RNA"),
    InfoField("PEPTIDE", "1", "String", "Residues around the junction, deduced from the reference"),
    InfoField("TRANSLOCATION", "1", "String", "ISCN notation of a translocation between the genes' bands"),
    InfoField("CATALOGUE_ID", "1", "String", "Junction of the panel's catalogue"),
    InfoField("TARGET", "0", "Flag", "The fusion that the verdict is about"),
    InfoField("RECIPROCAL", "0", "Flag", "Reciprocal transcript of the target fusion"),
)
"""Every INFO field, in the order in which records carry them."""

FORMAT_FIELDS = (
    InfoField("GT", "1", "String", "./1 where the junction is seen; RNA does not show the other allele"),
    *(
        field
        for field in INFO_FIELDS
        if field.name in {"SPLIT_READS", "SPANNING_PAIRS", "FRAGMENTS", "WILD_TYPE", "FRACTION"}
    ),
)
"""What the column of the sample holds."""

SEEN = "./1"

_RESERVED = re.compile(r"[%;=,\t\r\n]")


@dataclass(frozen=True)
class Breakend:
    """One record of the VCF; `position` is 1-based."""

    chrom: str
    position: int
    identifier: str
    reference: str
    alternative: str
    info: str
    sample: str
    filter: str

    def line(self) -> str:
        """Return the record as a line of the VCF."""
        columns = (self.chrom, str(self.position), self.identifier, self.reference, self.alternative)
        names = ":".join(field.name for field in FORMAT_FIELDS)
        return "\t".join((*columns, ".", self.filter, self.info, names, self.sample))


def write_vcf(report: Report, path: Path) -> None:
    """Write the reported fusions as a bgzip-compressed VCF with a tabix index beside it (`.tbi` appended).

    Without fusions the file is valid and empty. The same report always gives the same bytes.
    """
    with scratch_directory() as directory:
        plain = directory / "fusions.vcf"
        plain.write_text(vcf_text(report), encoding="utf-8", newline="\n")
        # htslib itself compresses and indexes, so that every tool built on it can read the pair.
        packed = plain.with_name("fusions.vcf.gz")
        with writing(packed):
            pysam.tabix_compress(str(plain), str(packed), force=True)
            pysam.tabix_index(str(packed), preset="vcf", force=True)
        index = packed.with_name(packed.name + ".tbi")
        # The index goes last: a reader that checks its age finds it younger than the file.
        for source, target in ((packed, path), (index, path.with_name(path.name + ".tbi"))):
            with replacing(target, force=True) as temporary:
                temporary.write_bytes(source.read_bytes())


def vcf_text(report: Report) -> str:
    """Return the VCF as text; see `write_vcf`."""
    chromosomes = {contig.name: contig for contig in report.panel.contigs}
    used = {side.chrom for fusion in report.fusions for side in (fusion.five_prime, fusion.three_prime)}
    contigs = sorted({*chromosomes, *used}, key=chromosome_order)
    records = [record for fusion in report.fusions for record in breakends(fusion)]
    rank = {name: number for number, name in enumerate(contigs)}
    records.sort(key=lambda record: (rank[record.chrom], record.position, record.identifier))
    lines = _header(report, contigs, chromosomes) + [record.line() for record in records]
    return "\n".join(lines) + "\n"


def chromosome_order(name: str) -> tuple[int, str]:
    """Return the sort key of a chromosome: 1 to 22, X, Y, M, then the others by name.

    >>> sorted(["chrX", "chr17", "chr2", "chrUn_1", "chrM"], key=chromosome_order)
    ['chr2', 'chr17', 'chrX', 'chrM', 'chrUn_1']
    """
    short = name.removeprefix("chr")
    if short.isdecimal():
        return int(short), name
    return {"X": 1000, "Y": 1001, "M": 1002, "MT": 1002}.get(short, 1003), name


def breakends(fusion: Fusion) -> tuple[Breakend, Breakend]:
    """Return the two records of a fusion, that of the 5' gene first.

    They are named by the junction, so that it has the same names in every sample of a cohort.
    """
    return _breakend(fusion, "five_prime"), _breakend(fusion, "three_prime")


def _breakend(fusion: Fusion, name: SideName) -> Breakend:
    five, three = fusion.five_prime, fusion.three_prime
    places = [f"{five.gene}_{five.pos}", fusion.inserted_sequence, f"{three.gene}_{three.pos}"]
    event = "_".join(filter(None, places))
    before, _, after = fusion.junction_parts
    is_five = name == "five_prime"
    if is_five:
        side, mate, mate_name, base = five, three, "three_prime", before[-1:] or "N"
    else:
        side, mate, mate_name, base = three, five, "five_prime", after[:1] or "N"
    inserted = fusion.inserted_sequence
    if side.strand == "-":
        base, inserted = reverse_complement(base), reverse_complement(inserted)
    # Whether the bases of the fusion are on the left of each place, see the table at the top.
    own_left, mate_left = is_five == (side.strand == "+"), is_five == (mate.strand == "-")
    bracket = "]" if mate_left else "["
    place = f"{bracket}{mate.chrom}:{mate.pos}{bracket}"
    # Inserted bases are part of the replacement string, beside the joined base (VCF 4.3, section 5.4.1).
    values = _values(fusion, side, event, name, f"{event}_{mate_name}")
    entries = (
        field.name if field.type == "Flag" else f"{field.name}={escape(str(values[field.name]))}"
        for field in INFO_FIELDS
        if values[field.name] is not None and values[field.name] is not False
    )
    cells = ("." if values[field.name] is None else str(values[field.name]) for field in FORMAT_FIELDS)
    return Breakend(
        side.chrom,
        side.pos,
        f"{event}_{name}",
        base,
        f"{base}{inserted}{place}" if own_left else f"{place}{inserted}{base}",
        ";".join(entries),
        ":".join(cells),
        CONTAMINATION_FILTER if fusion.contamination else "PASS",
    )


def _values(fusion: Fusion, side: FusionSide, event: str, name: SideName, mate: str) -> dict[str, Value]:
    return {
        "GT": SEEN,
        "SVTYPE": "BND",
        "MATEID": mate,
        "EVENT": event,
        "FUSION": fusion.name,
        "FUSION_TYPE": fusion.type or None,
        "SIDE": name,
        "GENE": side.gene,
        "GENE_STRAND": side.strand,
        "TRANSCRIPT": side.transcript,
        "EXON": side.exon,
        "SITE": side.site or None,
        "SPLIT_READS": fusion.split_reads,
        "SPANNING_PAIRS": fusion.spanning_pairs,
        "FRAGMENTS": fusion.fragments,
        "WILD_TYPE": fusion.wild_type_five_prime if name == "five_prime" else fusion.wild_type_three_prime,
        "FRACTION": fusion.fraction_three_prime,
        "CONFIDENCE": fusion.confidence,
        "IN_FRAME": {True: "yes", False: "no", None: "unknown"}[fusion.in_frame],
        "INSERTED": fusion.inserted_sequence or None,
        "DEVIATION": fusion.deviation or None,
        "HGVS": fusion.hgvs,
        "PEPTIDE": fusion.peptide.sequence if fusion.peptide else None,
        "TRANSLOCATION": fusion.translocation or None,
        "CATALOGUE_ID": fusion.catalogue_id,
        "TARGET": fusion.is_target,
        "RECIPROCAL": fusion.reciprocal,
    }


def escape(value: str) -> str:
    """Percent-encode the characters that have a meaning in INFO (VCF 4.3, section 1.2); spaces have none.

    >>> escape("type 1; 50%")
    'type 1%3B 50%25'
    """
    return _RESERVED.sub(lambda match: f"%{ord(match.group()):02X}", value)


def _header(report: Report, contigs: Sequence[str], chromosomes: Mapping[str, Contig]) -> list[str]:
    software = report.software.get("aspsfusion", "")
    lines = [
        f"##fileformat={VCF_VERSION}",
        f"##source={_one_line(f'aspsfusion {software}')}",
        f"##reference={_one_line(report.reference.file)}",
        f"##aspsfusion_sample={_one_line(report.sample_id)}",
        f"##aspsfusion_panel={_one_line(f'{report.panel.name} {report.panel.version}')}",
        *(f"##aspsfusion_notice={_one_line(notice)}" for notice in report.notices),
        '##FILTER=<ID=PASS,Description="All filters passed">',
        f"##FILTER=<ID={CONTAMINATION_FILTER},"
        'Description="The junction may come from another sample of the batch">',
    ]
    lines += [
        f"##{kind}=<ID={field.name},Number={field.number},Type={field.type},"
        f'Description="{field.description}">'
        for kind, declared in (("INFO", INFO_FIELDS), ("FORMAT", FORMAT_FIELDS))
        for field in declared
    ]
    for name in contigs:
        parts = [f"ID={name}"]
        if name in chromosomes and chromosomes[name].length:
            parts.append(f"length={chromosomes[name].length}")
        # Only of a chromosome that was there whole.
        if name in report.reference.checksums:
            parts.append(f"md5={report.reference.checksums[name]}")
        lines.append(f"##contig=<{','.join(parts)},assembly={escape(report.panel.build)}>")
    # A sample's name may hold blanks, and nothing that would end the cell.
    name = _one_line(report.sample_id)
    return [*lines, f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{name}"]


def _one_line(text: str) -> str:
    return " ".join(text.split())
