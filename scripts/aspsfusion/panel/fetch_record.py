"""The record beside a downloaded FASTA: what it holds, where it came from, and its checksum."""

import json
from pathlib import Path
from typing import Any

from aspsfusion.errors import ParameterError
from aspsfusion.io.checksums import content_of
from aspsfusion.io.files import write_text

RECORD_SUFFIX = ".json"


def record_of(fasta: Path) -> Path:
    """Return the record of a FASTA."""
    return fasta.with_name(fasta.name + RECORD_SUFFIX)


def write_record(fasta: Path, request: dict[str, Any]) -> None:
    """Write the record of a FASTA that is complete and answers a request."""
    text = json.dumps({**request, "sha256": content_of(fasta).sha256}, indent=1) + "\n"
    write_text(record_of(fasta), text)


def require_the_same(fasta: Path, request: dict[str, Any]) -> None:
    """Accept an existing FASTA that is whole and answers the same request.

    Raises:
        ParameterError: it has no record, or another one, or has changed since.
    """
    record = record_of(fasta)
    remedy = "give --force to download it again, or name another file"
    try:
        held = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ParameterError(
            f"exists already, and {record.name} does not say what it holds", path=fasta, remedy=remedy
        ) from error
    checksum = held.pop("sha256", None) if isinstance(held, dict) else None
    if held != request:
        raise ParameterError("exists with other loci or from another source", path=fasta, remedy=remedy)
    if content_of(fasta).sha256 != checksum:
        raise ParameterError(f"has changed since {record.name} was written", path=fasta, remedy=remedy)


def require_unharmed(fasta: Path) -> None:
    """Refuse a FASTA with a record whose checksum it does not have; one without a record is accepted.

    Raises:
        ParameterError: it has changed since it was downloaded.
    """
    record = record_of(fasta)
    try:
        held = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    # A file of this name may be of somebody else and about anything.
    downloaded = isinstance(held, dict) and set(held) == {"source", "build", "loci", "sha256"}
    if downloaded and content_of(fasta).sha256 != held["sha256"]:
        raise ParameterError(
            f"has changed since {record.name} was written",
            path=fasta,
            remedy="remove both and download again",
        )
