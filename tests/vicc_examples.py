"""Prints assayed fusions of every shape as JSON, for `make fusor`; its validator has its own environment."""

import json

from aspsfusion.report.vicc import assayed_fusion
from report_factory import ASPSCR1, PRCC, TFE3_EXON_5, confirmed_report, make_fusion

OFF_BORDER = ASPSCR1.model_copy(update={"tx_pos": 948})
INTRON = ASPSCR1.model_copy(update={"exon": None, "tx_pos": None})

FUSIONS = [
    make_fusion(),
    make_fusion(PRCC, TFE3_EXON_5, is_target=False),
    make_fusion(OFF_BORDER).model_copy(update={"inserted_sequence": "acgtt", "in_frame": None}),
    make_fusion(INTRON),
]

if __name__ == "__main__":
    report = confirmed_report()
    print(json.dumps([assayed_fusion(fusion, report) for fusion in FUSIONS]))
