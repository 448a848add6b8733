"""Every way to install the program gives the versions of constraints.txt.

No conda and no container engine runs here: what is tested is what the files say, not that they build.
"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from repository import ROOT

CONDA_PYTHON = {"extra": "", "python_version": "3.11", "python_full_version": "3.11.7"}
"""For which Python the conda environment is made, whichever runs the test."""
NOT_IN_RULES = {"snakemake"}
"""What the workflow needs and the program does not: it runs outside the rules' environment."""


def pins(lines: list[str]) -> dict[str, str]:
    """Return exact versions by canonical name.

    >>> pins(["PyYAML==6.0.3", "typing_extensions==4.16.0", "# a comment"])
    {'pyyaml': '6.0.3', 'typing-extensions': '4.16.0'}
    """
    split = [line.split("==") for line in lines if line.strip() and not line.startswith("#")]
    return {str(canonicalize_name(name)): version.strip() for name, version in split}


def closure(names: set[str]) -> set[str]:
    """Return packages with all that they need, by canonical name."""
    found: set[str] = set()
    waiting = {str(canonicalize_name(name)) for name in names}
    while waiting:
        name = waiting.pop()
        found.add(name)
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue  # not needed by this version of Python
        for text in needed:
            requirement = Requirement(text)
            # A marker that asks for an extra is false without one.
            if requirement.marker is None or requirement.marker.evaluate(CONDA_PYTHON):
                waiting |= {str(canonicalize_name(requirement.name))} - found
    return found


@pytest.fixture(scope="module")
def lock() -> dict[str, str]:
    """Return the versions that pip installs."""
    return pins((ROOT / "constraints.txt").read_text().splitlines())


@pytest.fixture(scope="module")
def needed() -> set[str]:
    """Return the packages that pyproject.toml names as dependencies of the program itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {Requirement(text).name for text in project["dependencies"]} - NOT_IN_RULES


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.name)
def test_conda_environment_is_the_lock(path: Path, lock: dict[str, str], needed: set[str]) -> None:
    environment = yaml.safe_load(path.read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    *from_conda, from_pip = environment["dependencies"]
    assert all(re.fullmatch(r"[a-z]+=\d+(\.\d+)+", package) for package in from_conda), "exact versions"
    given = pins(from_pip["pip"])
    wanted = {name: lock[name] for name in closure(needed)}
    assert given == wanted, "constraints.txt and the environment differ: copy the versions of constraints.txt"
    assert from_pip["pip"] == sorted(from_pip["pip"], key=str.lower)


def test_all_ways_use_one_python() -> None:
    conda = yaml.safe_load((ROOT / "envs" / "aspsfusion.yaml").read_text())["dependencies"]
    (version,) = [package.removeprefix("python=") for package in conda if str(package).startswith("python=")]
    assert version == CONDA_PYTHON["python_full_version"]
    base = f"python:{version}-slim-bookworm"
    assert f"\nFROM {base}\n" in (ROOT / "Dockerfile").read_text()
    assert f"\nBootstrap: docker\nFrom: {base}\n" in (ROOT / "aspsfusion.def").read_text()


def docker_steps() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def apptainer_sections() -> dict[str, list[str]]:
    """Return the lines of each section of the Apptainer definition, without comments."""
    sections: dict[str, list[str]] = {"header": []}
    name = "header"
    for line in (ROOT / "aspsfusion.def").read_text().splitlines():
        if line.startswith("%"):
            name = line.removeprefix("%")
            sections[name] = []
        elif line.strip() and not line.strip().startswith("#"):
            sections[name].append(line.strip())
    return sections


def test_images_hold_the_same_files() -> None:
    docker = {source for step, words in docker_steps() if step == "COPY" for source in words.split()[:-1]}
    apptainer = {}
    for line in apptainer_sections()["files"]:
        source, target = line.split()
        apptainer[source] = target
    assert docker == set(apptainer)
    for source, target in apptainer.items():
        assert (ROOT / source).exists()
        assert target == f"/opt/aspsfusion/{source}"
    # What pip needs to build the program, and what the workflow reads.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {
        "pyproject.toml",
        "hatch_build.py",
        "constraints.txt",
        "scripts",
        project["readme"],
        *project["license-files"],
    } <= docker
    assert {"workflow", "config", "resources", "envs"} <= docker


def test_images_install_the_lock() -> None:
    (docker,) = [words for step, words in docker_steps() if step == "RUN"]
    (apptainer,) = [line for line in apptainer_sections()["post"] if line.startswith("pip ")]
    assert docker == apptainer
    words = docker.split()
    assert words[:2] == ["pip", "install"]
    assert words[words.index("-c") + 1] == "constraints.txt"
    assert words[-1] == '".[slurm]"'


def test_images_name_no_cache_that_users_share() -> None:
    """Apptainer mounts the home directory and, with those of all users, the one for temporary files."""
    assert "environment" not in apptainer_sections()
    (given,) = [words for step, words in docker_steps() if step == "ENV"]
    (directory,) = [words for step, words in docker_steps() if step == "WORKDIR"][1:]
    assert given == f"XDG_CACHE_HOME={directory}/.cache"
