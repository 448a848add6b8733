"""Writes the checksums of a batch's results, and compares the results with them.

`manifest.sha256` is a file as `sha256sum` writes it, so that `sha256sum -c manifest.sha256` reads it too. It
does not hold logs, benchmarks and what the workflow keeps of its jobs, which have times in them, nor reads
between two jobs, which are temporary.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from aspsfusion.batch.outcomes import CANDIDATES_SUFFIX, OUTCOME_SUFFIX
from aspsfusion.batch.start import CONFIG, SHEET
from aspsfusion.errors import AspsfusionError, reason_of
from aspsfusion.io.checksums import content_of
from aspsfusion.io.files import replacing

MANIFEST = "manifest.sha256"

VOLATILE = ("logs", "benchmarks")
"""Directories of an output directory whose files say how a run went."""

NO_RESULTS = {MANIFEST, SHEET, CONFIG}
"""Files beside the results: the manifest itself, and what `aspsfusion run` was given."""

_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^\\\n]+)")


class ManifestError(AspsfusionError):
    """A manifest cannot be written, is missing or damaged, or results are not as it says."""


def write_manifest(outdir: Path, results: Iterable[Path]) -> int:
    """Write the manifest of an output directory and return the number of its files.

    `results` are files below it, and directories of which every file is a result.

    Raises:
        ManifestError: a file cannot be read, or has a name that cannot be listed.
    """
    files = sorted({name for result in results for name in _files(outdir, result)})
    for name in files:
        if not _LINE.fullmatch(f"{'0' * 64}  {name}"):
            raise ManifestError("has a name that cannot be listed", path=outdir / name, remedy="rename it")
    lines = [f"{_sha256(outdir / name)}  {name}\n" for name in files]
    with replacing(outdir / MANIFEST, force=True) as draft:
        draft.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
    return len(files)


def read_manifest(outdir: Path) -> dict[str, str]:
    """Read the manifest of an output directory: SHA-256 by the path of each file below it.

    Raises:
        ManifestError: there is none, or a line is none.
    """
    path = outdir / MANIFEST
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise ManifestError(
            f"cannot be read ({reason_of(error)})",
            path=path,
            remedy="run the workflow, which writes it when every sample has a result",
        ) from error
    listed = {}
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None or found[2].startswith("/") or ".." in PurePosixPath(found[2]).parts:
            raise ManifestError(
                "is not a checksum and a file below this directory",
                path=path,
                where=f"line {number}",
                remedy=f"remove {MANIFEST} and run the workflow again",
            )
        listed[found[2]] = found[1]
    return listed


def differences(outdir: Path, listed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each file that is not as its manifest says, and what of it: `missing`, `changed` or `not listed`.

    Files beside the listed ones, and in the same subdirectories, have to be listed too.
    """
    subdirectories = {PurePosixPath(name).parts[0] for name in listed if "/" in name}
    beside = [path for path in outdir.iterdir() if path.is_file() or path.name in subdirectories]
    there = {name for result in beside for name in _files(outdir, result)} - NO_RESULTS
    for name in sorted(there.union(listed)):
        if not (outdir / name).is_file():
            yield name, "missing"
        elif name not in listed:
            yield name, "not listed"
        elif _sha256(outdir / name) != listed[name]:
            yield name, "changed"


def _files(outdir: Path, result: Path) -> Iterator[str]:
    """Yield the paths of a result's files below the output directory, without hidden and volatile ones."""
    for path in result.rglob("*") if result.is_dir() else [result]:
        name = path.relative_to(outdir)
        volatile = name.parts[0] in VOLATILE or name.name.endswith((OUTCOME_SUFFIX, CANDIDATES_SUFFIX))
        if path.is_file() and not volatile and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix()


def _sha256(path: Path) -> str:
    try:
        return content_of(path).sha256
    except OSError as error:
        raise ManifestError(f"cannot be read ({reason_of(error)})", path=path, remedy="allow it") from error
