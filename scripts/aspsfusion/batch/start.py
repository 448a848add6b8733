"""Starts the workflow that comes with the program, from any directory."""

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import yaml

from aspsfusion.batch.on_screen import SNAKEMAKE_OPTIONS
from aspsfusion.config import check_configuration, numbers
from aspsfusion.errors import ParameterError
from aspsfusion.io.files import write_text
from aspsfusion.io.permissions import mode_text, stated_mode
from aspsfusion.io.shipped import CONFIG_SCHEMA, PROFILES, SNAKEFILE, shipped
from aspsfusion.io.temporary import run_child

SHEET, CONFIG = "samples.tsv", "config.yaml"
"""Names of the sample sheet and the configuration of a run, in its output directory."""

OF_OPTIONS = ("samples", "outdir", "genome_fasta", "genome_fetch", "panel_dir")
"""Keys that have options of their own, so that a run states them anew each time."""

DEFAULT_PROFILE = "default"
OWN_OPTIONS = ("--snakefile", "-s", "--configfile", "--configfiles", "--workflow-profile")
"""Options of `snakemake` that are given here, so that nobody else's can come after them."""

_STATUS_OF_A_SIGNAL = 128


def profile_directory(name: str) -> Path:
    """Return the directory of a profile: a bare name is one that comes with the program, a path is itself.

    Raises:
        ParameterError: there is no such profile.
    """
    packaged = shipped(PROFILES)
    known = sorted(path.name for path in packaged.iterdir() if path.is_dir())
    directory = packaged / name if name in known else Path(name)
    if not directory.is_dir() or (name not in known and "/" not in name):
        raise ParameterError(
            f"--profile {name}: there is no such profile",
            remedy=f"give {' or '.join(known)}, or the path of a directory, such as ./{directory.name}",
        )
    return directory


def configuration(given: Mapping[str, str], entries: Sequence[str]) -> dict[str, object]:
    """Return a configuration of the workflow that is proved as far as it can be without looking at files.

    Beside the keys that are given by options of their own there are entries `KEY=VALUE` with values in YAML.

    Raises:
        ParameterError: an entry or a value is wrong, or a key is given twice.
    """
    config: dict[str, object] = dict(given)
    for entry in entries:
        key, sign, text = entry.partition("=")
        if not key or not sign:
            raise ParameterError(
                f"--config {entry}: this is no KEY=VALUE",
                remedy="write for example --config 'classify={min_fragments: 4}'",
            )
        if key in config:
            raise ParameterError(
                f"--config {key} is given twice", remedy="give it once, as an option where there is one"
            )
        config[key] = _read(entry, text)
    mode = mode_text(config.get("file_mode") or stated_mode())
    check_configuration({**config, "file_mode": mode}, _schema())
    return config


def _read(entry: str, text: str) -> object:
    """Return the value of an entry; `{margin:3}` is YAML too, but of one word that nobody means."""
    unreadable = ParameterError(
        f"--config {entry}: the value cannot be read as YAML",
        remedy="put it in quotes, with a space after each colon: 'classify={min_fragments: 4}'",
    )
    try:
        value: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise unreadable from error
    if isinstance(value, dict) and any(":" in str(key) for key in value):
        raise unreadable
    return value


def require_former_values(config: Mapping[str, object], former: Path) -> None:
    """Refuse to leave a value to its default that the last run into an output directory was given.

    With another value every sample is made anew and verdicts may change, which nobody would have asked for.

    Args:
        config: what this run is given.
        former: configuration of the last run, which need not be there.

    Raises:
        ParameterError: a value is left out, or the file is no configuration.
    """
    if not former.is_file():
        return
    try:
        before = _values(yaml.safe_load(former.read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise ParameterError(
            "is no configuration of a run", path=former, remedy="remove it or name another --output"
        ) from error
    schema, named = _schema(), _values(config)
    defaults = {place: _default(place, schema) for place in before if place[0] not in OF_OPTIONS}
    left_out = {
        place: before[place]
        for place, default in defaults.items()
        if place not in named and before[place] not in (None, default)
    }
    if left_out:
        values = ", ".join(f"{'.'.join(place)} {_in_yaml(value)}" for place, value in left_out.items())
        default_words = _words({place: defaults[place] for place in left_out}, config)
        raise ParameterError(
            f"the last run was given {values}, which this command leaves out",
            path=former,
            remedy=f"add {_words(left_out, config)} to keep it, or {default_words} for the default",
        )


def _values(config: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return the values of a configuration by key, or by section and key."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in config.items():
        section = numbers(value)
        found |= (
            {(key, name): v for name, v in section.items()} if isinstance(section, dict) else {(key,): value}
        )
    return found


def _default(place: Sequence[str], schema: Mapping[str, Any]) -> object:
    for key in place:
        schema = schema.get("properties", {}).get(key, {})
    return schema.get("default")


def _words(values: Mapping[tuple[str, ...], object], config: Mapping[str, Any]) -> str:
    """Return values as `--config` takes them, those of a section with what is given of it already."""
    words: dict[str, Any] = {}
    for (key, *name), value in values.items():
        words[key] = {**(words.get(key) or config.get(key) or {}), name[0]: value} if name else value
    return shlex.join(["--config", *(f"{key}={_in_yaml(value)}" for key, value in words.items())])


def _in_yaml(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def _schema() -> Any:
    return yaml.safe_load(shipped(CONFIG_SCHEMA).read_text(encoding="utf-8"))


def write_configuration(config: Mapping[str, object], path: Path) -> None:
    """Write a configuration; `snakemake --configfile` in a clone gives the same results with it."""
    write_text(path, yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))


def run_workflow(
    config: Path,
    arguments: Sequence[str],
    *,
    profile: str = DEFAULT_PROFILE,
    directory: Path | None = None,
    said: IO[str] | None = None,
) -> int:
    """Run Snakemake on the workflow and return its exit status, 128 and the signal's number after a signal.

    It runs, and keeps its notes in `.snakemake`, in a directory, here by default; `said` takes what it says,
    which is shown by default.

    Raises:
        ParameterError: there is no such profile, or an argument would replace what is given here.
    """
    for word in arguments:
        if word.partition("=")[0] in OWN_OPTIONS:
            raise ParameterError(
                f"{word} cannot be passed on to Snakemake", remedy="use --config KEY=VALUE or --profile"
            )
    # By paths, and with -P: what is in the directory that it runs in, be it a profile or a module of the same
    # name, is not what was asked for.
    own = ["--snakefile", shipped(SNAKEFILE), "--workflow-profile", profile_directory(profile).resolve()]
    own += [*SNAKEMAKE_OPTIONS, "--configfile", config.resolve()]
    command = [sys.executable, "-P", "-m", "snakemake", *map(str, own)]
    status = run_child(
        [*command, *arguments],
        own_group=True,
        cwd=directory,
        stdout=said,
        stderr=None if said is None else subprocess.STDOUT,
    ).returncode
    return status if status >= 0 else _STATUS_OF_A_SIGNAL - status
