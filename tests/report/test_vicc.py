"""Assayed fusions of the VICC Gene Fusion Specification."""

import json
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.report.models import Report
from aspsfusion.report.vicc import assayed_fusion, vicc_fusions, write_vicc
from report_factory import (
    ASPSCR1,
    DEMONSTRATION,
    TFE3_EXON_6,
    confirmed_report,
    excluded_report,
    indeterminate_report,
    make_fusion,
)


def fusion_of(report: Report, **changes: Any) -> dict[str, Any]:
    return assayed_fusion(report.fusions[0].model_copy(update=changes), report)


def test_type_1_is_two_segments() -> None:
    fusion = fusion_of(confirmed_report())
    assert fusion["viccNomenclature"] == "NM_024083.4(ASPSCR1):e.7::NM_006521.6(TFE3):e.6"
    five, three = fusion["structure"]
    assert five == {
        "type": "TranscriptSegmentElement",
        "transcript": "refseq:NM_024083.4",
        "transcriptStatus": "longest_compatible_remaining",
        "strand": 1,
        "exonEnd": 7,
        "exonEndOffset": 0,
        "gene": {
            "conceptType": "Gene",
            "name": "ASPSCR1",
            "primaryCoding": {
                "id": "hgnc:13825",
                "code": "HGNC:13825",
                "system": "https://www.genenames.org/data/gene-symbol-report/#!/hgnc_id/",
            },
        },
        # The last base is 81996846, 1-based: its end between bases has the same number.
        "elementGenomicEnd": {
            "type": "SequenceLocation",
            "sequenceReference": "GRCh38:chr17",
            "end": 81996846,
        },
    }
    # On the minus strand the first base, 49034251, ends the interval.
    assert three["elementGenomicStart"]["end"] == 49034251
    assert (three["exonStart"], three["exonStartOffset"]) == (6, 0)
    assert fusion["readingFramePreserved"] is True
    assert fusion["readData"]["split"]["splitReads"] == 26


@pytest.mark.parametrize(
    ("five", "three", "name"),
    [
        ({"tx_pos": 948}, {"tx_pos": 1021}, "NM_024083.4(ASPSCR1):e.7-3::NM_006521.6(TFE3):e.6+4"),
        ({"exon": None, "tx_pos": None}, {}, "ASPSCR1(hgnc:13825)::NM_006521.6(TFE3):e.6"),
        ({"exon": None, "tx_pos": None, "hgnc": ""}, {}, "ASPSCR1::NM_006521.6(TFE3):e.6"),
    ],
)
def test_places_off_the_borders(five: dict[str, Any], three: dict[str, Any], name: str) -> None:
    fusion = fusion_of(
        confirmed_report(),
        five_prime=ASPSCR1.model_copy(update=five),
        three_prime=TFE3_EXON_6.model_copy(update=three),
    )
    assert fusion["viccNomenclature"] == name


def test_inserted_bases_are_a_linker() -> None:
    fusion = fusion_of(confirmed_report(), inserted_sequence="acg", in_frame=None)
    assert fusion["structure"][1] == {
        "type": "LinkerSequenceElement",
        "linkerSequence": {"type": "LiteralSequenceExpression", "sequence": "ACG"},
    }
    assert fusion["viccNomenclature"].split("::")[1] == "ACG"
    assert "readingFramePreserved" not in fusion


def test_the_file_has_every_reported_fusion_and_the_warnings(tmp_path: Path) -> None:
    report = indeterminate_report()
    report = report.model_copy(update={"fusions": [*report.fusions, make_fusion()]})
    write_vicc(report, tmp_path / "x.json")
    found = json.loads((tmp_path / "x.json").read_text())
    assert len(found["fusions"]) == 2
    assert found["verdict"] == "INDETERMINATE: another TFE3 fusion found, PRCC::TFE3"
    assert found["notices"][0] == DEMONSTRATION
    assert found["notices"][-1].startswith("For professional interpretation")
    for fusion in found["fusions"]:
        assert DEMONSTRATION in fusion["assay"]["assayName"]
    assert vicc_fusions(excluded_report())["fusions"] == []
