"""Refuses a panel directory of which a file is not as `panel build` wrote it.

`panel.json` holds the SHA-256 of every other file, and one of its own content. They show damage, and a panel
that was put together from two; whoever may write to the directory can write checksums as well.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aspsfusion import __version__
from aspsfusion.errors import PanelError
from aspsfusion.io.checksums import content_of
from aspsfusion.panel.layout import BUILD_AGAIN, BUILD_WITH, PROVENANCE, damage_named, require_files

FILES = "files"
"""Key of panel.json: SHA-256 by file name."""

OWN = "sha256"
"""Key of panel.json: SHA-256 of all its other content."""


def write_provenance(directory: Path, provenance: Mapping[str, Any]) -> None:
    """Write panel.json, the last file of a panel directory, with the checksums of all files there."""
    names = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    files = {name: content_of(directory / name).sha256 for name in names if name != PROVENANCE}
    whole = {key: value for key, value in provenance.items() if key != OWN} | {FILES: files}
    text = json.dumps({**whole, OWN: _own(whole)}, indent=1) + "\n"
    (directory / PROVENANCE).write_text(text, encoding="utf-8")


def read_provenance(directory: Path) -> dict[str, Any]:
    """Read panel.json.

    Raises:
        PanelError: it is missing, damaged or changed, or without checksums, as other versions wrote it.
    """
    require_files(directory, [PROVENANCE])
    path = directory / PROVENANCE
    with damage_named(path):
        provenance: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
    if not isinstance(provenance.get(FILES), dict) or OWN not in provenance:
        raise PanelError("was written by another version of aspsfusion", path=path, remedy=BUILD_AGAIN)
    if provenance.pop(OWN) != _own(provenance):
        raise _changed(path)
    return provenance


def require_intact(directory: Path, provenance: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse a panel of which one of these files is not as it was built.

    Raises:
        PanelError: names the first file that is missing, changed, or of another panel.
    """
    for name in names:
        path, built = directory / name, provenance[FILES].get(name)
        if built is None and not path.exists():
            continue
        require_files(directory, [name])
        if content_of(path).sha256 != built:
            raise _changed(path)


def require_built(directory: Path, yaml_path: Path) -> None:
    """Refuse a directory that is not the panel that this program would build from a panel YAML.

    Raises:
        PanelError: it is no panel, of another version or another YAML, or a file of it has changed.
    """
    if not directory.is_dir():
        raise PanelError("is no directory", path=directory, remedy=BUILD_WITH)
    provenance = read_provenance(directory)
    if provenance.get("software") != software():
        raise PanelError(
            f"was built by {provenance.get('software')}, and this is {software()}",
            path=directory,
            remedy=BUILD_AGAIN,
        )
    if provenance.get("checksum") != content_of(yaml_path).sha256:
        raise PanelError(
            f"was built from another panel YAML than {yaml_path}",
            path=directory,
            remedy=f"name the YAML that it was built from (configuration key panel), or {BUILD_AGAIN}",
        )
    require_intact(directory, provenance, provenance[FILES])


def software() -> str:
    """Return what panel.json says of the program that built it."""
    return f"aspsfusion {__version__}"


def _own(provenance: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a panel.json's content, however it is formatted."""
    text = json.dumps(provenance, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _changed(path: Path) -> PanelError:
    return PanelError("has changed since the panel was built", path=path, remedy=BUILD_AGAIN)
