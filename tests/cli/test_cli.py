"""The command line itself: exit status, one-line errors, help."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import aspsfusion
from aspsfusion import __version__
from aspsfusion.cli import COMMANDS, GROUPS, WIDTH, build_parser, main
from aspsfusion.cli.options import refuse_existing
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.errors import AspsfusionError, ParameterError
from aspsfusion.native import LIBRARY
from aspsfusion.report.json_tsv import write_json
from report_factory import confirmed_report, judged
from repository import SHIPPED_PANEL


def test_an_error_is_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "panel"
    status = main(["evidence", "--panel", str(missing), "--bam", "x.bam", "--output", str(tmp_path / "e.gz")])
    assert status == 1
    error = capsys.readouterr().err
    assert error == (
        f"aspsfusion: error: {missing}: lacks panel.json; build the panel with 'aspsfusion panel build'\n"
    )


def test_what_does_not_fit_into_memory_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_big(path: Path) -> None:
        raise MemoryError("Unable to allocate 9.00 GiB")

    monkeypatch.setattr("aspsfusion.interpret.agreement.read_report", too_big)
    report = tmp_path / "r.json"
    report.write_text(" " * 200_000)
    assert main(["explain", str(report)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"aspsfusion: error: {report}: not enough memory for a file of 0.2 MB (")
    assert "MB were used: Unable to allocate 9.00 GiB); give it more memory" in error


def test_a_case_that_nobody_thought_of_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path) -> None:
        raise KeyError("gene")

    monkeypatch.setattr("aspsfusion.interpret.agreement.read_report", fails)
    assert main(["explain", "r.json"]) == 1
    assert "(KeyError: 'gene'); run again with --debug and report" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    write_json(judged(confirmed_report()), tmp_path / "r.json")
    command = [sys.executable, "-m", "aspsfusion", "explain", str(tmp_path / "r.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\tb", "a\x1b[2J", "\udcff"])
def test_what_is_no_sample_name_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--panel", "p", "--reads", "r", "--screen", "s", "--output", "o"]
    with pytest.raises(SystemExit, match="2"):
        main(["analyse", "--sample", name, *words])
    assert "is no sample name" in capsys.readouterr().err


def test_debug_shows_the_traceback_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["call", "--panel", str(tmp_path), "--evidence", "e.gz", "--output", str(tmp_path / "c.json")]
    assert main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert main(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["panel", "--debug", "build"], ["panel", "build", "--debug"], ["panel", "build"]]
)
def test_debug_is_taken_before_and_after_the_part_of_a_command(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--panel", str(tmp_path / "none.yaml"), "--genome", "g.fa", "--output", str(tmp_path / "out")]
    assert main([*arguments, *files]) == 1
    assert ("Traceback" in capsys.readouterr().err) == ("--debug" in arguments)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["screen"], ["call", "--min-anchor", "many"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"aspsfusion {name}" in text.split("\nexample")[1]
    titles = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert len(titles) == len(set(titles)), "two groups of options have one title"


def test_the_program_runs_as_a_module() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "aspsfusion", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("aspsfusion ")


def imported_by(*arguments: str) -> set[str]:
    """Return the modules that a command line has imported when it ends, in a process of its own."""
    code = (
        "import atexit, sys; from aspsfusion.cli import main; "
        "atexit.register(lambda: print(chr(10) + '#', *sys.modules)); sys.exit(main(sys.argv[1:]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(result.stdout.rpartition("\n# ")[2].split())


HEAVY = {"numpy", "pandas", "pysam", "snakemake", "Bio"}
"""Libraries that take a tenth of a second or more to load."""

DECIDING = {"numpy", "pysam"}
"""What the code that decides a verdict loads: the verdict of a report is checked when it is read."""


@pytest.mark.parametrize(
    ("command", "besides"),
    [("screen", {"pydantic", "importlib.metadata"}), ("call", {"yaml"}), ("", {"pydantic"})],
)
def test_a_command_that_is_asked_for_help_imports_no_other(command: str, besides: set[str]) -> None:
    modules = imported_by(*([command] if command else []), "--help")
    of_commands = {f"aspsfusion.cli.{module}" for module, _ in COMMANDS.values()}
    assert of_commands & modules == ({f"aspsfusion.cli.{COMMANDS[command][0]}"} if command else set())
    assert not (HEAVY | besides) & modules


def test_reads_are_screened_without_the_libraries_of_other_stages(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    reads = tmp_path / "reads.fastq"
    reads.write_text(f"@r\n{'ACGT' * 25}\n+\n{'I' * 100}\n")
    files = ["--output", str(tmp_path / "kept.fastq.gz"), "--metrics", str(tmp_path / "screen.json")]
    modules = imported_by("screen", "--panel", str(demo_panel_directory), str(reads), *files)
    assert not (HEAVY | {"pydantic", "yaml", "jinja2", "cutadapt", "pybwa", "rich", "xopen"}) & modules


@pytest.mark.parametrize(("content", "problem"), [(None, "is missing"), (b"x", "cannot be loaded (")])
def test_a_missing_or_damaged_library_is_one_error(
    content: bytes | None, problem: str, tmp_path: Path
) -> None:
    source = Path(aspsfusion.__file__).parent
    package = shutil.copytree(source, tmp_path / "aspsfusion", ignore=shutil.ignore_patterns("*.so"))
    library = package / "native" / LIBRARY.name
    if content:
        library.write_bytes(content)
    command = [sys.executable, "-m", "aspsfusion", "screen", "--panel", "p", "r", "--output", "o"]
    ran = subprocess.run(
        [*command, "--metrics", "m"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"aspsfusion: error: {library}: {problem}")
    build = package / "native" / "build.py"
    assert ran.stderr.endswith(f"; install the package again, or compile it with 'python {build}'\n")
    assert ran.stderr.count("\n") == 1


def test_a_report_is_written_without_the_libraries_of_the_stages(tmp_path: Path) -> None:
    record = tmp_path / "sample.report.json"
    write_json(judged(confirmed_report()), record)
    modules = imported_by("report", "--from", str(record), "--html", str(tmp_path / "sample.report.html"))
    assert not (HEAVY - DECIDING | {"pybwa", "cutadapt", "yaml"}) & modules


def test_the_version_is_that_of_the_installation() -> None:
    assert version("aspsfusion") == __version__


def test_the_help_lists_every_command_with_its_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    written = capsys.readouterr().out
    assert max(map(len, written.splitlines())) <= WIDTH
    text = " ".join(written.split())
    for name, (_, does) in COMMANDS.items():
        assert text.count(f"{name} {does}") == 1
    listed = [name for names in GROUPS.values() for name in names]
    assert len(set(listed)) == len(listed)
    assert set(COMMANDS) <= set(listed)
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert capsys.readouterr().err == written, "who gives no command sees the same"
    places = [text.index(f" {title}: ") for title in GROUPS]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("option", "value"), [("--min-anchor", "5"), ("--max-edit-rate", "0.5"), ("--margin", "0")]
)
def test_a_threshold_out_of_range_is_refused(
    option: str, value: str, demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--panel", str(demo_panel_directory), "--evidence", "e.gz", "--output", str(tmp_path / "c")]
    assert main(["call", *arguments, option, value]) == 1
    assert f"{option} {value}" in capsys.readouterr().err


def test_every_threshold_is_an_option_with_its_default() -> None:
    parser = build_parser()
    common = ["--panel", "p", "--output", "o"]
    call = parser.parse_args(["call", *common, "--evidence", "e"])
    for name, field in CallParameters.model_fields.items():
        assert getattr(call, name) == field.default
    files = ["--screen", "s", "--align", "a", "--calls", "c", "--json", "j"]
    report = parser.parse_args(["report", "--panel", "p", "--sample", "x", *files])
    for name, field in ClassifyParameters.model_fields.items():
        assert getattr(report, name) == field.default


@pytest.mark.parametrize("words", ["demo-reference", "panel fetch", "panel build --genome g"])
def test_the_shipped_panel_is_the_default(words: str) -> None:
    args = build_parser().parse_args([*words.split(), "--output", "o"])
    assert args.panel == SHIPPED_PANEL


def test_existing_outputs_are_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(ParameterError, match="there: exists already; name another file, or give --force"):
        refuse_existing([None, tmp_path / "new", tmp_path / "there"], force=False)
    refuse_existing([tmp_path / "there"], force=True)


def test_an_error_names_place_problem_and_remedy_in_one_line() -> None:
    error = AspsfusionError("has\ntwo lines", path="a.txt", where="line 7", remedy="correct it")
    assert str(error) == "a.txt, line 7: has two lines; correct it"
    assert str(AspsfusionError("is wrong")) == "is wrong"
