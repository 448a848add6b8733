"""Writes the reported fusions as assayed fusions of the VICC Gene Fusion Specification.

Fields are those of its reference implementation, `fusor` 0.10. A place is an exon of a transcript, the bases
from its border, and the position on the chromosome, between bases (0-based). A junction in an intron names
its gene alone, since exons are known by their lengths here. What caused the fusion is left open: RNA does not
show it.
"""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from aspsfusion.report.findings import Fusion, FusionSide
from aspsfusion.report.json_tsv import write_export
from aspsfusion.report.models import GeneModel, Report
from aspsfusion.report.words import SIGNATURE

RNA_SEQ = "obi:OBI_0001271"
"""The term "RNA-seq assay" of the Ontology for Biomedical Investigations."""

STATUS = "longest_compatible_remaining"
"""What `fusor` has for transcripts that are not known to be of MANE: a report does not say."""

HGNC = "https://www.genenames.org/data/gene-symbol-report/#!/hgnc_id/"

Json = dict[str, Any]


def write_vicc(report: Report, path: Path) -> None:
    """Write the fusions. The same report always gives the same bytes; an existing file is replaced."""
    write_export(vicc_fusions(report), path)


def vicc_fusions(report: Report) -> Json:
    """Return the assayed fusions of a report, with what has to be read beside them."""
    return {
        "sample": report.sample_id,
        "verdict": report.verdict.headline or report.verdict.call,
        "notices": [*report.notices, SIGNATURE],
        "fusions": [assayed_fusion(fusion, report) for fusion in report.fusions],
    }


def assayed_fusion(fusion: Fusion, report: Report) -> Json:
    """Return a fusion as an `AssayedFusion`; the notices of the report are in the name of its assay."""
    five, three = fusion.five_prime, fusion.three_prime
    elements = [_segment(five, report, leaves=True), _segment(three, report, leaves=False)]
    if inserted := fusion.inserted_sequence.upper():
        linker = {"type": "LiteralSequenceExpression", "sequence": inserted}
        elements.insert(1, {"type": "LinkerSequenceElement", "linkerSequence": linker})
    name = f"RNA sequencing, aspsfusion {report.software.get('aspsfusion', '')}".strip()
    return {
        "type": "AssayedFusion",
        "structure": elements,
        **({} if fusion.in_frame is None else {"readingFramePreserved": fusion.in_frame}),
        "viccNomenclature": "::".join(map(_nomenclature, elements)),
        "assay": {
            "type": "Assay",
            "assayName": "; ".join([name, *report.notices]),
            "assayId": RNA_SEQ,
            "fusionDetection": "observed",
        },
        "readData": {
            "type": "ReadData",
            "split": {"type": "SplitReads", "splitReads": fusion.split_reads},
            "spanning": {"type": "SpanningReads", "spanningReads": fusion.spanning_pairs},
        },
    }


def _segment(side: FusionSide, report: Report, *, leaves: bool) -> Json:
    """Return one side of a junction; `leaves` where the fusion leaves the gene, as its 5' gene."""
    gene: Json = {"conceptType": "Gene", "name": side.gene}
    if side.hgnc:
        gene["primaryCoding"] = {"id": side.hgnc.lower(), "code": side.hgnc, "system": HGNC}
    offset = _offset(side, report.gene_models, leaves=leaves)
    if offset is None:
        return {"type": "GeneElement", "gene": gene}
    edge = "End" if leaves else "Start"
    # The last base of the 5' gene ends an interval, the first one of the 3' gene begins one; on the minus
    # strand the other way round.
    border = {"end": side.pos} if leaves == (side.strand == "+") else {"start": side.pos - 1}
    return {
        "type": "TranscriptSegmentElement",
        "transcript": f"{'ensembl' if side.transcript.startswith('ENST') else 'refseq'}:{side.transcript}",
        "transcriptStatus": STATUS,
        "strand": 1 if side.strand == "+" else -1,
        f"exon{edge}": side.exon,
        f"exon{edge}Offset": offset,
        "gene": gene,
        f"elementGenomic{edge}": {
            "type": "SequenceLocation",
            "sequenceReference": f"{report.panel.build}:{side.chrom}",
            **border,
        },
    }


def _offset(side: FusionSide, models: Sequence[GeneModel], *, leaves: bool) -> int | None:
    """Return the bases from the exon's border to the junction, negative upstream; None outside an exon."""
    model = next((m for m in models if (m.gene, m.transcript) == (side.gene, side.transcript)), None)
    if model is None or side.exon is None or side.tx_pos is None:
        return None
    ends = [0, *accumulate(model.exon_lengths)]
    return side.tx_pos - (ends[side.exon] if leaves else ends[side.exon - 1] + 1)


def _nomenclature(element: Json) -> str:
    """Return an element as the specification writes it in one line."""
    if element["type"] == "LinkerSequenceElement":
        return str(element["linkerSequence"]["sequence"])
    gene = element["gene"]
    if element["type"] == "GeneElement":
        return f"{gene['name']}({gene['primaryCoding']['id']})" if "primaryCoding" in gene else gene["name"]
    edge = "End" if "exonEnd" in element else "Start"
    offset = element[f"exon{edge}Offset"]
    transcript = element["transcript"].partition(":")[2]
    return f"{transcript}({gene['name']}):e.{element[f'exon{edge}']}{f'{offset:+d}' if offset else ''}"
