"""The file that MultiQC reads: YAML in comments, then a table."""

import csv
import io
from pathlib import Path

import yaml

from aspsfusion.batch.multiqc import COLUMNS, multiqc_text, write_multiqc
from aspsfusion.batch.summary import BatchSample, SummaryRow, summary_row
from report_factory import confirmed_report, excluded_report


def rows() -> list[SummaryRow]:
    reports = [confirmed_report(), excluded_report()]
    found = [
        summary_row(BatchSample(r.sample_id, r, None), "positive", directory=Path(), ntc_max_fragments=10)
        for r in reports
    ]
    return [*found, SummaryRow("broken", "FAILED", "", "a.fq is cut off")]


def test_the_settings_are_yaml_and_name_every_column() -> None:
    comments, _, table = multiqc_text(rows()).partition("\nSample")
    settings = yaml.safe_load("\n".join(line.removeprefix("# ") for line in comments.splitlines()))
    assert (settings["id"], settings["plot_type"]) == ("aspsfusion", "table")
    assert list(settings["headers"]) == [column.name for column in COLUMNS]
    verdict = settings["headers"]["verdict"]
    colours = {name: colour for one in verdict["cond_formatting_colours"] for name, colour in one.items()}
    assert set(colours) == set(verdict["cond_formatting_rules"])
    assert colours["confirmed"] != colours["excluded"]
    assert "DEMONSTRATION REFERENCE" in settings["description"]
    assert table.splitlines()[0].split("\t")[1:] == [column.name for column in COLUMNS]


def test_the_table_has_a_row_for_each_sample(tmp_path: Path) -> None:
    path = tmp_path / "aspsfusion_mqc.tsv"
    write_multiqc(rows(), path)
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    found = list(csv.DictReader(io.StringIO("\n".join(lines)), delimiter="\t"))
    assert [row["Sample"] for row in found] == ["type1_strong", "wild_type_deep", "broken"]
    assert [row["verdict"] for row in found] == ["CONFIRMED", "EXCLUDED", "FAILED"]
    assert (found[0]["fragments"], found[0]["detectable_percent"]) == ("35", "6.9")
    assert (found[0]["share_percent"], found[0]["duplicate_percent"]) == ("38.2", "8.72")
    assert [row["control"] for row in found] == ["positive as declared", "positive NOT as declared", ""]
    assert found[2]["total_reads"] == ""
