"""What comes with the program is found, and a wheel holds all of it."""

import runpy
import zipfile
from pathlib import Path

import pytest
import yaml

from aspsfusion.errors import InstallationError
from aspsfusion.io.shipped import PANEL, PROFILES, SNAKEFILE, shipped, shipped_file
from aspsfusion.simulate.demo import DEFINITION
from repository import ROOT

COMPILER = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
: > "$2"
"""
"""Stands in for a C compiler: the list of files is the same, and it takes no time."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Build the wheel, with an empty library."""
    builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is missing: run `make dev`")
    directory = tmp_path_factory.mktemp("wheel")
    compiler = directory / "cc"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CC", str(compiler))
        patch.delenv("ASPSFUSION_COMPILER", raising=False)
        (path,) = builders.WheelBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    return zipfile.Path(path)


def files_of(name: str) -> set[str]:
    """Return the files of the repository that are shipped by a name, as paths below its root."""
    path = ROOT / name
    found = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return {one.relative_to(ROOT).as_posix() for one in found}


def test_a_wheel_holds_the_program_with_all_that_it_runs_on(wheel: zipfile.Path) -> None:
    names = {name for name in wheel.root.namelist() if not name.endswith("/")}
    shipped_names = runpy.run_path(str(ROOT / "hatch_build.py"))["SHIPPED"]
    wanted = {name for shipped_name in shipped_names for name in files_of(shipped_name)}
    held = {name.removeprefix("aspsfusion/shipped/") for name in names if "/shipped/" in name}
    assert held == wanted
    assert {SNAKEFILE, PANEL, DEFINITION, f"{PROFILES}/default/config.yaml", "config/config.yaml"} <= held
    assert {"resources/report.schema.json", "workflow/schemas/config.schema.yaml"} <= held
    code = {f"aspsfusion/{path}" for path in files_below(ROOT / "scripts" / "aspsfusion")}
    assert code | {"aspsfusion/native/_native.so"} <= names
    assert not [name for name in names if name.endswith((".c", ".h", ".pyc"))]


def files_below(directory: Path) -> list[str]:
    """Return the modules and templates below a directory."""
    return [
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.suffix in (".py", ".j2", ".css")
    ]


def test_everything_has_one_place(wheel: zipfile.Path) -> None:
    """What the workflow names beside itself is in a wheel under the same relative path."""
    settings = yaml.safe_load((wheel / "aspsfusion/shipped/config/config.yaml").read_text())
    assert (wheel / "aspsfusion/shipped" / settings["panel"]).exists()
    assert (wheel / "aspsfusion/shipped/envs/aspsfusion.yaml").exists()


def test_a_file_of_a_configuration_is_the_one_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped_file(PANEL) == str(ROOT / PANEL) == str(shipped(PANEL))
    assert shipped_file("elsewhere.yaml") == "elsewhere.yaml"
    own = tmp_path / PANEL
    own.parent.mkdir(parents=True)
    own.touch()
    assert shipped_file(PANEL) == PANEL


def test_what_is_missing_is_one_sentence() -> None:
    with pytest.raises(InstallationError, match=r"nothing\.yaml: is missing; install the package again"):
        shipped("resources/nothing.yaml")
