"""Finds what comes with the program: workflow, profiles, schemas, panels, samples of the demonstration.

Each of these files has one place, in the repository. The build hook (`hatch_build.py`) puts copies into
wheels, below `shipped` in the package; an installation in place reads the repository.
"""

from pathlib import Path

from aspsfusion.errors import InstallationError

_PACKAGE = Path(__file__).parents[1]
_IN_WHEELS = _PACKAGE / "shipped"
ROOT = _IN_WHEELS if _IN_WHEELS.is_dir() else _PACKAGE.parents[1]
"""Directory with the tree of the repository, or with what a wheel has of it."""

PANEL = "resources/panels/aspscr1_tfe3.yaml"
SNAKEFILE = "workflow/Snakefile"
PROFILES = "workflow/profiles"
CONFIG_SCHEMA = "workflow/schemas/config.schema.yaml"


def shipped(name: str) -> Path:
    """Return the path of a file or directory that comes with the program, named from the repository's root.

    Raises:
        InstallationError: it is not there.
    """
    path = ROOT / name
    if not path.exists():
        raise InstallationError("is missing", path=path, remedy="install the package again")
    return path


def shipped_file(name: str) -> str:
    """Return the path of a file of a configuration: one of this name here, else one that is shipped."""
    if Path(name).exists() or not (ROOT / name).is_file():
        return name
    return str(ROOT / name)
