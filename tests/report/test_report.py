"""report.json, its schema and fusions.tsv."""

import csv
import json
from pathlib import Path

import jsonschema
import pytest

from aspsfusion.errors import AspsfusionError, ReportError
from aspsfusion.report.files import WRITERS, report_schema_text
from aspsfusion.report.json_tsv import read_report, write_fusions_tsv, write_json
from aspsfusion.report.models import Report
from report_factory import confirmed_report, excluded_report, indeterminate_report
from repository import ROOT

SCHEMA = ROOT / "resources" / "report.schema.json"
REPORTS = [confirmed_report(), excluded_report(), indeterminate_report()]
NAMES = [report.verdict.call for report in REPORTS]


def read_tsv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, dialect="excel-tab"))


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_a_report_read_back_is_the_same(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "s" / "s.report.json"
    write_json(report, path)
    assert read_report(path) == report
    assert path.read_bytes().endswith(b"}\n")
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_a_second_writing_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    written = []
    for again in (report, Report.model_validate_json(report.model_dump_json())):
        for suffix, write in {**WRITERS, ".json": write_json}.items():
            if suffix != ".report.pdf":
                write(again, tmp_path / f"s{suffix}")
        written.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == len(WRITERS) + 1, "all but the PDF, and the index of the VCF"


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_a_report_validates_against_the_shipped_schema(report: Report, tmp_path: Path) -> None:
    write_json(report, tmp_path / "r.json")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema)
    data["fusions"] = "none"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


def test_the_shipped_schema_is_that_of_the_model() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == report_schema_text(), (
        "write it again with 'python -m aspsfusion.report.files resources/report.schema.json'"
    )


def test_a_report_of_the_first_edition_is_read_or_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    data = json.loads(confirmed_report().model_dump_json())
    for later in ("inputs", "assay", "unexplained_bridges", "internal_events", "filtered_one_sided"):
        del data[later]
    path.write_text(json.dumps(data))
    assert read_report(path).verdict.call == "CONFIRMED"
    del data["qc"]["gc_fraction"]  # of its first days
    path.write_text(json.dumps(data))
    with pytest.raises(ReportError, match=r"key qc.gc_fraction: .*; it was written by another version"):
        read_report(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", ["line 1", "is not valid JSON"]),
        ("[]", ["is not a report of aspsfusion"]),
        ('{"panel": "x"}', ["key schema_version", "is not a report of aspsfusion"]),
        ('{"schema_version": "9.0.0"}', ["version 9.0.0"]),
        ('{"schema_version": "1.0.0"}', ["key sample_id", "field required", "another version or changed"]),
        (b"\xff\xfe", ["not a text file"]),
    ],
)
def test_a_foreign_file_is_named_with_its_key(content: str | bytes, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ReportError) as caught:
        read_report(path)
    for word in [str(path), *words]:
        assert word in caught.value.sentence()


def test_a_damaged_value_is_named_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    write_json(confirmed_report(), path)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["fusions"][0]["five_prime"]["pos"] = "here"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ReportError, match=r"key fusions\.0\.five_prime\.pos: .*integer"):
        read_report(path)


def test_a_report_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AspsfusionError, match="cannot be read"):
        read_report(tmp_path / "none.json")


def test_fusions_tsv_has_a_row_for_each_fusion_and_candidate(tmp_path: Path) -> None:
    path = tmp_path / "fusions.tsv"
    write_fusions_tsv(confirmed_report(), path)
    reported, filtered = read_tsv(path)
    expected = {
        "sample_id": "type1_strong",
        "status": "reported",
        "name": "ASPSCR1::TFE3",
        "type": "type 1",
        "is_target": "true",
        "reciprocal": "false",
        "five_prime_gene": "ASPSCR1",
        "five_prime_exon": "7",
        "five_prime_chrom": "chr17",
        "five_prime_pos": "81996846",
        "five_prime_strand": "+",
        "three_prime_transcript": "NM_006521.6",
        "three_prime_pos": "49034251",
        "hgvs": "NM_024083.4:r.?_933::NM_006521.6:r.886_?",
        "in_frame": "true",
        "split_reads": "26",
        "spanning_pairs": "9",
        "fragments": "35",
        "fraction_three_prime": "0.382",
        "confidence": "high",
        "catalogue_id": "asps-type1",
    }
    assert {name: reported[name] for name in expected} == expected
    assert reported["junction_sequence"].count("|") == 1
    assert filtered["status"] == "filtered"
    assert filtered["name"] == "TFE3::CLTC"
    assert filtered["three_prime_exon"] == ""
    assert filtered["reasons"] == "FEW_FRAGMENTS: 1 unique split fragment; 3 are needed"


def test_fusions_tsv_without_fusions_has_its_header(tmp_path: Path) -> None:
    path = tmp_path / "fusions.tsv"
    write_fusions_tsv(excluded_report(), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("sample_id\tstatus\tname\ttype\tis_target\treciprocal\tfive_prime_gene\t")


def test_fusions_tsv_leaves_unknown_values_empty(tmp_path: Path) -> None:
    path = tmp_path / "fusions.tsv"
    write_fusions_tsv(indeterminate_report(), path)
    row = read_tsv(path)[0]
    assert row["catalogue_id"] == ""
    assert row["fraction_three_prime"] == ""
    assert row["reasons"].startswith("the junction is listed")
