"""Every way to install the program gives the versions of constraints.txt, and where pip does it, hashes.

No conda and no container engine runs here: what is tested is what the files say, not that they build.
"""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from aspsfusion import __version__
from aspsfusion.native.build import build
from repository import ROOT

DOCKERFILE, APPTAINER = ROOT / "envs" / "Dockerfile", ROOT / "envs" / "aspsfusion.def"
CONDA_NAMES = {"isal": "python-isal", "snakemake": "snakemake-minimal"}
"""Packages that have another name in conda's channels."""
CONDA_PYTHON = {"extra": "", "python_version": "3.11", "python_full_version": "3.11.7"}
"""For which Python the conda environment is made, whichever runs the test."""
NOT_IN_RULES = {"snakemake", "snakemake-interface-logger-plugins"}
"""What the workflow needs and the program does not: it runs outside the rules' environment."""
PYTHONS = ("3.11", "3.12", "3.13")
LOCKS = {
    "requirements.txt": ("slurm",),
    "requirements-dev.txt": ("slurm", "long", "dev"),
}
"""The locks with hashes and the extras of the program that they hold."""


def pins(lines: list[str]) -> dict[str, str]:
    """Return exact versions by canonical name.

    >>> pins(["PyYAML==6.0.3", "typing_extensions==4.16.0", "# a comment"])
    {'pyyaml': '6.0.3', 'typing-extensions': '4.16.0'}
    """
    split = [line.split("==") for line in lines if line.strip() and not line.startswith("#")]
    return {str(canonicalize_name(name)): version.strip() for name, version in split}


def closure(names: set[str], python: dict[str, str] = CONDA_PYTHON) -> set[str]:
    """Return packages with all that they need on a version of Python, by canonical name."""
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
            if requirement.marker is None or requirement.marker.evaluate(python):
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
    assert f"\nFROM {base}\n" in DOCKERFILE.read_text()
    assert f"\nBootstrap: docker\nFrom: {base}\n" in APPTAINER.read_text()


def test_recipe_has_the_versions_of_the_lock(lock: dict[str, str]) -> None:
    recipe = yaml.safe_load((ROOT / "envs" / "bioconda" / "meta.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert recipe["package"] == {"name": project["name"], "version": __version__}
    assert recipe["about"]["license_file"] == project["license-files"]
    assert recipe["build"]["entry_points"] == [
        f"{name} = {call}" for name, call in project["scripts"].items()
    ]
    python, *libraries = recipe["requirements"]["run"]
    needed = {Requirement(text).name for text in project["dependencies"]}
    versions = {name: version for name, _, version in (text.partition(" ==") for text in libraries)}
    assert {CONDA_NAMES.get(name, name) for name in needed} <= set(versions)
    own_names = {conda: name for name, conda in CONDA_NAMES.items()}
    assert versions == {name: lock[str(canonicalize_name(own_names.get(name, name)))] for name in versions}
    assert libraries == sorted(libraries)
    assert python in recipe["requirements"]["host"]
    (hatchling,) = [text for text in recipe["requirements"]["host"] if text.startswith("hatchling ")]
    assert hatchling == f"hatchling =={hashed(ROOT / 'envs/requirements.txt')['hatchling'][0]}"


def planned(target: str, environment: Path) -> str:
    """Return what make would do for a target without an environment."""
    command = ["make", "--dry-run", target, f"VENV={environment}"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_users_get_the_program_and_developers_their_tools(tmp_path: Path) -> None:
    for target in ("install", "demo"):
        steps = planned(target, tmp_path / "none")
        assert " -r envs/requirements.txt\n" in steps
        assert "requirements-dev.txt" not in steps
    for target in ("dev", "test", "lint"):
        steps = planned(target, tmp_path / "none")
        program, tools = (steps.index(f" -r envs/requirements{kind}.txt\n") for kind in ("", "-dev"))
        assert program < tools


def test_hooks_before_a_commit_are_the_checks_of_make_lint() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    hooks = [hook["entry"] for hook in local["hooks"]]
    makefile = (ROOT / "Makefile").read_text().split("\nlint: $(DEV)\n")[1].split("\n\n")[0]
    checks = re.findall(r"\$\(BIN\)/([^;\n]+)", makefile)
    assert hooks == [f".venv/bin/{check}" for check in checks]


def docker_steps() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, lines joined."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def apptainer_sections() -> dict[str, list[str]]:
    """Return the lines of each section of the Apptainer definition, without comments."""
    sections: dict[str, list[str]] = {"header": []}
    name = "header"
    for line in APPTAINER.read_text().splitlines():
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
        "scripts",
        project["readme"],
        *project["license-files"],
    } <= docker
    assert {"workflow", "config", "resources", "envs"} <= docker


def test_images_install_the_lock() -> None:
    (words,) = [words for step, words in docker_steps() if step == "RUN"]
    steps = [" ".join(step.split()) for step in words.split(" && ")]
    assert steps == [line for line in apptainer_sections()["post"] if not line.startswith("cd ")]
    libraries, program, _, long = (step for step in steps if step.startswith("pip "))
    assert "--require-hashes -r envs/requirements.txt -r envs/requirements-zig.txt" in libraries
    assert program.endswith("--no-deps --no-build-isolation .")
    assert long.endswith("--require-hashes -r envs/requirements-long.txt")


def test_images_name_no_cache_that_users_share() -> None:
    """Apptainer mounts the home directory and, with those of all users, the one for temporary files."""
    assert "environment" not in apptainer_sections()
    (given,) = [words for step, words in docker_steps() if step == "ENV"]
    (directory,) = [words for step, words in docker_steps() if step == "WORKDIR"][1:]
    assert given == f"XDG_CACHE_HOME={directory}/.cache"


def hashed(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Return version and hashes of each package of a lock, by canonical name."""
    text = re.sub(r"\\\n\s*", "", path.read_text())
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        entry = re.fullmatch(r"([\w.-]+)==([\w.!+]+)( ; [^#]+?)?((?: ?--hash=sha256:[0-9a-f]{64})+)", line)
        assert entry, f"{path.name}: {line[:80]}"
        found[str(canonicalize_name(entry[1]))] = (entry[2], entry[4].split())
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_all_that_is_needed(name: str, lock: dict[str, str]) -> None:
    versions = {package: version for package, (version, _) in hashed(ROOT / "envs" / name).items()}
    assert {package: lock[package] for package in versions if package in lock} == {
        package: version for package, version in versions.items() if package in lock
    }, "constraints.txt and the lock differ: run `make lock`"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stated = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in LOCKS[name]:
        stated += project["project"]["optional-dependencies"][extra]
    requirements = {canonicalize_name(one.name): one.specifier for one in map(Requirement, stated)}
    for package, specifier in requirements.items():
        assert specifier.contains(versions[str(package)]), f"{package}: run `make lock`"
    for python in PYTHONS:
        given = CONDA_PYTHON | {"python_version": python, "python_full_version": f"{python}.0"}
        assert closure(set(map(str, requirements)), given) <= set(versions), "run `make lock`"


def test_locks_name_no_place_to_fetch_from() -> None:
    """Where packages come from is for the machine to say; what they must be is for the lock."""
    for path in [*(ROOT / "envs").glob("requirements*.txt"), ROOT / "constraints.txt"]:
        text = path.read_text()
        assert "://" not in text, path.name
        assert not re.search(r"^-", text, re.MULTILINE), path.name
    assert set(hashed(ROOT / "envs" / "requirements-zig.txt")) == {"ziglang"}


def test_images_have_the_libraries_for_long_reads_that_are_tested() -> None:
    long, dev = (hashed(ROOT / "envs" / f"requirements-{name}.txt") for name in ("long", "dev"))
    assert set(long) == {"edlib", "mappy"}
    assert long == {name: dev[name] for name in long}


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.name
)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


def test_compiled_code_is_readable_by_all_users_of_an_installation(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    library = tmp_path / "library.so"
    before = os.umask(0o077)
    try:
        build(library, [compiler], ["-O0"], ["scalar"])
    finally:
        os.umask(before)
    assert library.stat().st_mode & 0o777 == 0o755
