"""The sample sheet: what it accepts, and one sentence for each mistake."""

import shlex
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspsfusion.batch.samples import (
    CONTROLS,
    LIBRARIES,
    NAME_PATTERN,
    RESERVED_NAMES,
    Sample,
    read_samples,
)
from aspsfusion.batch.sheet import COLUMNS, read_table
from aspsfusion.errors import AspsfusionError, SampleSheetError
from repository import ROOT

SCHEMA = ROOT / "workflow/schemas/samples.schema.yaml"


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a working directory with the files that the sheets below name."""
    monkeypatch.chdir(tmp_path)
    for name in ("a_1.fq", "a_2.fq", "b_1.fq", "b_2.fq", "c.fq", "d.bam", "e.bam"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.fq").symlink_to("a_1.fq")
    return tmp_path


def sheet(directory: Path, *rows: str) -> Path:
    """Write a sheet; spaces in the given rows become tabs, `.` becomes an empty cell."""
    lines = ["\t".join("" if cell == "." else cell for cell in row.split(" ")) for row in rows]
    path = directory / "samples.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_lanes_of_one_sample_are_joined_in_order(reads: Path) -> None:
    path = sheet(
        reads,
        "sample_id fastq_1 fastq_2 control tumour_fraction batch library",
        "S1 a_1.fq a_2.fq positive 0.3 run7 polyA",
        "S2 c.fq . . . . .",
        "S1 b_1.fq b_2.fq positive 0.3 run7 polyA",
    )
    first, second = read_samples(path)
    assert first == Sample(
        "S1",
        ("a_1.fq", "a_2.fq", "b_1.fq", "b_2.fq"),
        paired=True,
        tumour_fraction=0.3,
        library="polyA",
        as_given={"batch": "run7", "control": "positive", "library": "polyA", "tumour_fraction": "0.3"},
    )
    assert second == Sample("S2", ("c.fq",))


def test_spreadsheet_habits_are_accepted(reads: Path) -> None:
    path = reads / "samples.tsv"
    path.write_bytes(
        b"\xef\xbb\xbfsample_id\tfastq_1\tlibrary\r\nNA\tc.fq \r\n\t\t\r\n\r\n007\ta_1.fq\ttotal\r\n"
    )
    assert [sample.sample_id for sample in read_samples(path)] == ["NA", "007"]


def test_what_a_spreadsheet_leaves_is_taken(reads: Path) -> None:
    path = reads / "samples.tsv"
    path.write_bytes(
        b"\xef\xbb\xbfsample_id\tfastq_1\tspecimen\tcase\trun\tremark\t\t\r\n"
        b'S1\tc.fq\tblock 7\tC, 12\t\t"says ""again"", twice"\t\t\t\r\n\t\t\t\t\t\t\t\r\n'
    )
    as_given = {"specimen": "block 7", "case": "C, 12", "remark": 'says "again", twice'}
    assert read_samples(path) == (Sample("S1", ("c.fq",), as_given=as_given),)
    _, (row,) = read_table(path)
    assert (row["specimen"], row["case"], row["remark"]) == ("block 7", "C, 12", 'says "again", twice')


def test_bam_is_read_where_it_is_supported(reads: Path) -> None:
    (sample,) = read_samples(sheet(reads, "sample_id bam", "S1 d.bam"))
    assert sample == Sample("S1", ("d.bam",), bam="d.bam")


def test_library_and_read_structures_become_options(reads: Path) -> None:
    path = reads / "samples.tsv"
    header = "sample_id\tfastq_1\tfastq_2\tlibrary\tumi"
    lanes = [f"S1\t{x}_1.fq\t{x}_2.fq\tanchored\t8M13S+T  +T" for x in "ab"]
    single = "S2\tc.fq\t\tamplicon\t12M+T"
    path.write_text("\n".join([header, *lanes, single]) + "\n")
    first, second = read_samples(path)
    assert first.umi == ("8M13S+T", "+T")
    declared = ["--library", "anchored", "--umi", "8M13S+T", "+T"]
    assert shlex.split(first.declared) == declared
    assert second.umi == ("12M+T",)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("8X+T +T", "row 2: umi: '8X+T' is no read structure"),
        ("8M +T", "row 2: umi: the read structure '8M' has no templates (T)"),
        ("3T8M+T +T", "row 2: umi: the read structure '3T8M+T' has 2 templates (T)"),
        ("+T +T +T", "row 2: umi: 3 read structures are given"),
        ("8M+T", "row 2: umi '8M+T' is one read structure, and the reads are pairs"),
    ],
)
def test_a_wrong_read_structure_is_one_sentence(reads: Path, cell: str, problem: str) -> None:
    path = reads / "samples.tsv"
    path.write_text(f"sample_id\tfastq_1\tfastq_2\tumi\nS1\ta_1.fq\ta_2.fq\t{cell}\n")
    with pytest.raises(SampleSheetError) as caught:
        read_samples(path)
    assert problem in caught.value.sentence()
    assert "8M13S+T +T" in caught.value.sentence()


PRIMERS = ">P\nACGTACGTACGTACGTACGT\n"


def primed_sheet(directory: Path, library: str, primers: str) -> Path:
    """Write a sheet of one sample with a file of primers."""
    path = directory / "samples.tsv"
    path.write_text(f"sample_id\tfastq_1\tlibrary\tprimers\nS1\tc.fq\t{library}\t{primers}\n")
    return path


@pytest.mark.parametrize("library", ["amplicon", "anchored"])
def test_primers_become_an_option_and_a_file(reads: Path, library: str) -> None:
    (reads / "my primers.fa").write_text(PRIMERS)
    (sample,) = read_samples(primed_sheet(reads, library, "my primers.fa"))
    assert sample.primer_files == ("my primers.fa",)
    assert shlex.split(sample.declared) == ["--library", library, "--primers", "my primers.fa"]


@pytest.mark.parametrize(
    ("library", "text", "problem"),
    [
        ("capture", PRIMERS, "row 2: primers are given, and library is capture; write amplicon or anchored"),
        ("", PRIMERS, "row 2: primers are given, and library is empty"),
        ("anchored", None, "row 2: primers 'p.fa' does not exist"),
        ("anchored", ">P\nACGT\n", "p.fa, record 1 (P): has 4 bases"),
    ],
)
def test_wrong_primers_are_one_sentence(reads: Path, library: str, text: str | None, problem: str) -> None:
    if text is not None:
        (reads / "p.fa").write_text(text)
    with pytest.raises(AspsfusionError) as caught:
        read_samples(primed_sheet(reads, library, "p.fa"))
    assert problem in caught.value.sentence()


HEADER = "sample_id fastq_1 fastq_2 bam control tumour_fraction batch library"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([], "is empty", id="empty file"),
        pytest.param([HEADER], "holds no samples", id="header only"),
        pytest.param(["sample_id,fastq_1", "S1,c.fq"], "use tabs between the columns", id="commas"),
        pytest.param(["sample_id fastq1", "S1 c.fq"], "column 'fastq1' is not known", id="unknown column"),
        pytest.param(["sample_id fastq_1 fastq_1", "S1 c.fq ."], "is given twice", id="column twice"),
        pytest.param(["fastq_1", "c.fq"], "lacks the column sample_id", id="no sample_id"),
        pytest.param(["sample_id fastq_2", "S1 c.fq"], "lacks the column fastq_1", id="no reads column"),
        pytest.param(["sample_id . fastq_1", "S1 . c.fq"], "column 2 has no name", id="nameless column"),
        pytest.param([HEADER, "S1 {sample}_1.fq"], "which Snakemake would replace", id="wildcard"),
        pytest.param([HEADER, "reference c.fq"], "is used by the output directory", id="name of loci"),
        pytest.param(["sample_id fastq_1", "S1 c.fq x"], "row 2: has more columns", id="wide row"),
        pytest.param([HEADER, ". c.fq"], "row 2: has no sample_id", id="no name"),
        pytest.param([HEADER, "-S1 c.fq"], "row 2: sample_id '-S1' is not a plain name", id="leading dash"),
        pytest.param([HEADER, "a/b c.fq"], "row 2: sample_id 'a/b' is not a plain name", id="slash"),
        pytest.param([HEADER, "panel c.fq"], "is used by the output directory", id="reserved name"),
        pytest.param([HEADER, "S1 c.fq", "S2 no.fq"], "row 3: fastq_1 'no.fq' does not exist", id="missing"),
        pytest.param(
            [HEADER, f"S1 {'c' * 300}.fq"],
            "ccc.fq' cannot be found (file name too long); correct the path",
            id="long name",
        ),
        pytest.param([HEADER, "S1 folder"], "row 2: fastq_1 'folder' is a directory", id="directory"),
        pytest.param([HEADER, "S1"], "row 2: names no reads", id="no reads"),
        pytest.param([HEADER, "S1 . c.fq"], "row 2: names fastq_2 without fastq_1", id="second mates only"),
        pytest.param([HEADER, "S1 c.fq . d.bam"], "row 2: names both FASTQ and BAM", id="fastq and bam"),
        pytest.param(
            ["sample_id bam", "S1 d.bam", "S1 e.bam"],
            "row 3: sample S1 has a BAM file in row 2 already",
            id="bam twice",
        ),
        pytest.param([HEADER, "S1 c.fq . . maybe"], "row 2: control 'maybe' is not known", id="control"),
        pytest.param([HEADER, "S1 c.fq . . . . . rna"], "row 2: library 'rna' is not known", id="library"),
        pytest.param([HEADER, "S1 c.fq . . . 30"], "write 0.3 for 30 percent", id="percent"),
        pytest.param([HEADER, "S1 c.fq . . . nan"], "tumour_fraction 'nan' is not a number", id="nan"),
        pytest.param([HEADER, "S1 c.fq . . . . x/y"], "row 2: batch 'x/y' is not a plain name", id="batch"),
        pytest.param([HEADER, "S1 c.fq", "S1 c.fq"], "row 3: repeats row 2", id="row twice"),
        pytest.param(
            [HEADER, "S1 a_1.fq a_2.fq", "S2 b_1.fq link.fq"],
            "row 3: fastq_2 'link.fq' is the file of fastq_1 in row 2",
            id="same file by a link",
        ),
        pytest.param([HEADER, "S1 c.fq c.fq"], "row 2: fastq_2 'c.fq' is the file of fastq_1", id="R1 as R2"),
        pytest.param(
            [HEADER, "S1 a_1.fq a_2.fq", "S1 c.fq"], "row 3: sample S1 mixes paired and single", id="mixed"
        ),
        pytest.param(
            [HEADER, "S1 c.fq . . positive", "S1 a_1.fq"],
            "row 3: control of sample S1 differs from row 2",
            id="lanes disagree",
        ),
    ],
)
def test_a_mistake_is_one_sentence(reads: Path, rows: list[str], message: str) -> None:
    path = sheet(reads, *rows) if rows else reads / "samples.tsv"
    if not rows:
        path.write_text("")
    with pytest.raises(SampleSheetError) as caught:
        read_samples(path)
    sentence = caught.value.sentence()
    assert message in sentence
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    assert caught.value.remedy


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_name_that_the_batch_uses_is_refused(reads: Path, name: str) -> None:
    with pytest.raises(SampleSheetError, match="is used by the output directory"):
        read_samples(sheet(reads, HEADER, f"{name} c.fq"))


def test_a_name_that_snakemake_would_replace_is_refused(reads: Path) -> None:
    """A row for {sample}_R1.fastq.gz once got the reads of another patient, and a verdict."""
    for character in "{}<>":
        name = f"{character}sample.fq"
        (reads / name).write_text("")
        with pytest.raises(SampleSheetError) as caught:
            read_samples(sheet(reads, HEADER, f"S1 {name}"))
        assert f"row 2: fastq_1 '{name}' holds '{character}', which Snakemake would" in str(caught.value)


def test_files_of_the_home_directory(reads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(reads))
    (sample,) = read_samples(sheet(reads, HEADER, "S1 ~/c.fq"))
    assert sample.reads == (f"{reads}/c.fq",)


def test_a_name_with_a_space_is_refused(reads: Path) -> None:
    path = reads / "samples.tsv"
    path.write_text("sample_id\tfastq_1\nS 1\tc.fq\n")
    with pytest.raises(SampleSheetError, match="row 2: sample_id 'S 1' is not a plain name"):
        read_samples(path)


def test_sheet_that_is_missing(reads: Path) -> None:
    with pytest.raises(SampleSheetError, match="does not exist"):
        read_samples(reads / "none.tsv")


def test_a_job_reads_the_sheet_and_not_its_files(reads: Path) -> None:
    path = sheet(reads, "sample_id bam primers library", "S1 gone.bam gone.fa amplicon")
    (sample,) = read_samples(path, files=False)
    assert (sample.bam, sample.primers) == ("gone.bam", "gone.fa")
    with pytest.raises(SampleSheetError, match=r"bam 'gone.bam' does not exist"):
        read_samples(path)
    with pytest.raises(SampleSheetError, match=r"holds '\{'"):
        read_samples(sheet(reads, HEADER, "S1 {sample}.fq"), files=False)


def test_sheet_that_is_no_text(reads: Path) -> None:
    path = reads / "samples.tsv"
    path.write_text("sample_id\tfastq_1\n", encoding="utf-16")
    with pytest.raises(SampleSheetError, match="not a UTF-8 text file"):
        read_samples(path)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=5), raw=st.binary(max_size=40))
def test_garbage_is_refused_in_words(reads: Path, cells: list[list[str]], raw: bytes) -> None:
    path = reads / "samples.tsv"
    table = "sample_id\tfastq_1\n" + "\n".join("\t".join(row) for row in cells)
    for content in (table.encode("utf-8", "surrogatepass"), raw):
        path.write_bytes(content)
        with pytest.raises(SampleSheetError):
            read_samples(path)


def test_the_published_schema_says_the_same() -> None:
    schema = yaml.safe_load(SCHEMA.read_text())
    properties = schema["properties"]
    assert list(properties) == list(COLUMNS)
    assert properties["sample_id"]["pattern"] == NAME_PATTERN
    assert properties["control"]["enum"] == list(CONTROLS)
    assert properties["library"]["enum"] == list(LIBRARIES)
    assert schema["additionalProperties"] is False
    assert all(column["description"] for column in properties.values())
