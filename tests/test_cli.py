"""The command line itself: exit status, one-line errors, help."""

import subprocess
import sys
from pathlib import Path

import pytest

from aspsfusion.cli import COMMANDS, build_parser, command_name, main
from aspsfusion.cli.options import refuse_existing
from aspsfusion.errors import AspsfusionError, ParameterError
from aspsfusion.parameters import CallParameters, ClassifyParameters


def test_an_error_is_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "panel"
    status = main(["evidence", "--panel", str(missing), "--bam", "x.bam", "--output", str(tmp_path / "e.gz")])
    assert status == 1
    error = capsys.readouterr().err
    assert error == (
        f"aspsfusion: error: {missing}: lacks panel.json; build the panel with 'aspsfusion panel build'\n"
    )


def test_debug_shows_the_traceback_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["call", "--panel", str(tmp_path), "--evidence", "e.gz", "--output", str(tmp_path / "c.json")]
    assert main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert main(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["screen"], ["call", "--min-anchor", "many"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command_name(name), *(["build"] if name == "panel" else []), "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"aspsfusion {command_name(name)}" in text.split("\nexample")[1]


def test_the_program_runs_as_a_module() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "aspsfusion", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("aspsfusion ")


def test_starting_the_program_loads_no_heavy_library() -> None:
    code = "import sys, aspsfusion.cli as c; c.build_parser(); print(sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for library in ("numba", "pandas", "matplotlib", "pysam", "snakemake"):
        assert f"'{library}'" not in result.stdout


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


def test_existing_outputs_are_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(ParameterError, match="there: exists already; name another file, or give --force"):
        refuse_existing([None, tmp_path / "new", tmp_path / "there"], force=False)
    refuse_existing([tmp_path / "there"], force=True)


def test_an_error_names_place_problem_and_remedy_in_one_line() -> None:
    error = AspsfusionError("has\ntwo lines", path="a.txt", where="line 7", remedy="mend it")
    assert str(error) == "a.txt, line 7: has two lines; mend it"
    assert str(AspsfusionError("is wrong")) == "is wrong"
