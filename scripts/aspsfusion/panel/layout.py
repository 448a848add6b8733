"""Names the files of a panel directory, and reports one that is missing or damaged."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aspsfusion.errors import PanelError

TRANSCRIPTS_FASTA = "transcripts.fa"
UNSPLICED_FASTA = "introns.fa"
DECOYS_FASTA = "decoys.fa"
EXONS_TABLE = "exons.tsv"
PROVENANCE = "panel.json"
KMER_TABLE = "kmers.npz"
SPECIFICITY_TABLE = "specificity.npz"
"""Only in a panel that was built from whole chromosomes."""

INDEX_PREFIX = "index/panel.fa"
INDEX_FILES = (
    "index/panel.dict",
    *(INDEX_PREFIX + suffix for suffix in ("", ".amb", ".ann", ".bwt", ".pac", ".sa")),
)

BUILD_AGAIN = "build the panel again"
BUILD_WITH = "build the panel with 'aspsfusion panel build'"


def require_files(directory: Path, names: Iterable[str]) -> None:
    """Refuse a panel directory that lacks a file.

    Raises:
        PanelError: names the first one that is not there.
    """
    for name in names:
        if not (directory / name).is_file():
            raise PanelError(f"lacks {name}", path=directory, remedy=BUILD_WITH)


def file_states(paths: Iterable[Path]) -> tuple[tuple[int, ...], ...]:
    """Return what changes with every writing to one of these files, of those that are there.

    The time of a file's change of state is not for whoever writes to choose.
    """
    states = [path.stat() for path in paths if path.is_file()]
    return tuple((s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in states)


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what a damaged file of a panel directory raises into a PanelError that names it."""
    try:
        yield
    except (ValueError, LookupError, TypeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise PanelError("is damaged", path=path, remedy=BUILD_AGAIN) from error
