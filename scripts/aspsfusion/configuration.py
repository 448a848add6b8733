"""The workflow's configuration: one sentence for the first thing that is wrong with it.

Snakemake validates a configuration against the same schema, but answers a misspelt key with a dump of the
schema; a lab needs the key and the remedy.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError

from aspsfusion.errors import ParameterError


def check_configuration(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Prove a configuration against its JSON Schema.

    Args:
        config: the merged configuration.
        schema: the schema, every object in it with `properties` and `additionalProperties: false`.

    Raises:
        ParameterError: a key is unknown or a value is outside what the schema allows.
    """
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(error.path))
    if errors:
        raise _in_words(errors[0])


def _in_words(error: ValidationError) -> ParameterError:
    place = [str(part) for part in error.path]
    # jsonschema types it for schemas that are `true` or `false` too; this one holds none.
    schema = cast(Mapping[str, Any], error.schema)
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        unknown = next(str(key) for key in cast(Mapping[str, Any], error.instance) if key not in known)
        close = difflib.get_close_matches(unknown, known, n=1)
        remedy = f"did you mean '{close[0]}'?" if close else f"known keys are {', '.join(known)}"
        return ParameterError(
            f"configuration key '{'.'.join([*place, unknown])}' is not known", remedy=remedy
        )
    name = ".".join(place)
    meaning = schema.get("description")
    return ParameterError(
        f"configuration key '{name}': {error.message}" if name else f"configuration: {error.message}",
        remedy=f"it is the {meaning}" if meaning else "see config/README.md",
    )


def configured_file(config: Mapping[str, Any], key: str, missing: str | None = None) -> str | None:
    """Return the path that a configuration key names, after looking whether it is there.

    Args:
        config: the configuration.
        key: the key that holds the path.
        missing: what to do when the key is not set, for a key that must be.

    Returns:
        The path, or None when the key is not set and need not be.

    Raises:
        ParameterError: the key is needed and not set, or names no readable file.
    """
    value = config.get(key)
    if value is None:
        if missing is None:
            return None
        raise ParameterError(f"configuration key '{key}' is not set", remedy=missing)
    path = Path(str(value))
    if not path.is_file():
        start = "" if path.is_absolute() else f" (relative paths start at {Path.cwd()})"
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise ParameterError(
            f"configuration key '{key}': {path} {problem}", remedy=f"correct the path{start}"
        )
    return str(path)


def configured_files(config: Mapping[str, Any], key: str) -> list[str]:
    """Return the paths of a configuration key that names any number of files, see `configured_file`.

    Raises:
        ParameterError: one is no readable file.
    """
    return [path for value in config.get(key) or () if (path := configured_file({key: value}, key))]


def require_one_genome(config: Mapping[str, Any], neither: str) -> None:
    """Refuse a configuration that does not say in exactly one way where the genome comes from.

    Args:
        config: the configuration.
        neither: what to do when neither key is set.

    Raises:
        ParameterError: `genome_fasta` and `genome_fetch` are both set, or neither is.
    """
    given = [key for key in ("genome_fasta", "genome_fetch") if config.get(key) is not None]
    if len(given) > 1:
        raise ParameterError(
            "configuration keys 'genome_fasta' and 'genome_fetch' are both set",
            remedy="keep genome_fasta for a genome of your own, or genome_fetch to download the panel's loci",
        )
    if not given:
        raise ParameterError("configuration key 'genome_fasta' is not set", remedy=neither)


def numbers(thresholds: object) -> object:
    """Return a section of thresholds with its values as numbers.

    Snakemake leaves the values of `--config call="{min_anchor: 12}"` as text, unlike those of a file.

    >>> numbers({"min_anchor": "12", "margin": 2, "confidence": "high"})
    {'min_anchor': 12, 'margin': 2, 'confidence': 'high'}
    """
    if not isinstance(thresholds, Mapping):
        return thresholds
    return {key: _number(value) if isinstance(value, str) else value for key, value in thresholds.items()}


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def option_list(thresholds: Mapping[str, int | float] | None) -> Sequence[str]:
    """Return a section of thresholds as options of the command that takes them.

    >>> option_list({"min_anchor": 12, "max_edit_rate": 0.05})
    ['--min-anchor', '12', '--max-edit-rate', '0.05']
    """
    return [
        part
        for key, value in (thresholds or {}).items()
        for part in (f"--{key.replace('_', '-')}", str(value))
    ]
