"""Keeps compiled machine code on disk, in a directory that can be written to.

Code is kept beside the package; where that is read-only, in the user's cache directory; and where there is
none, as on a compute node without the user's home, among the temporary files. NUMBA_CACHE_DIR names another
place. Processes that start at the same time do not disturb each other: a file is written under a name of its
own and renamed.
"""

import contextlib
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from aspsfusion.errors import AspsfusionError
from aspsfusion.machine_code import MachineCode
from aspsfusion.writable import cache_of_the_user, can_write, is_own

FINGERPRINT_DIGITS = 32
"""Hexadecimal digits of a fingerprint in the name of a file: 128 bits."""

_BESIDE_PACKAGE = Path(__file__).parent / "__pycache__"
_LINE_END = b"\n"


def cache_directory(beside_package: Path) -> Path:
    """Return the directory for compiled code.

    Args:
        beside_package: the directory that is taken where it can be written to.

    Raises:
        AspsfusionError: the directory that the environment names can not be written to.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        if can_write(Path(chosen)):
            return Path(chosen)
        raise AspsfusionError(
            "no directory for compiled code can be written",
            remedy="set the environment variable NUMBA_CACHE_DIR to one that can",
        )
    if can_write(beside_package):
        return beside_package
    own = cache_of_the_user()
    return own if can_write(own) else _temporary_directory()


def _temporary_directory() -> Path:
    # Code is loaded from here: what another user put there is not taken.
    path = Path(tempfile.gettempdir()) / f"aspsfusion-{os.getuid()}"
    return path if is_own(path) else Path(tempfile.mkdtemp(prefix="aspsfusion-"))


@functools.cache
def _directory() -> Path:
    return cache_directory(_BESIDE_PACKAGE)


def _as_bytes(code: MachineCode) -> bytes:
    header = asdict(code) | {"object_code": hashlib.sha256(code.object_code).hexdigest()}
    return json.dumps(header).encode() + _LINE_END + code.object_code


def _from_bytes(kept: bytes) -> MachineCode | None:
    """Return what was kept, None where it is damaged."""
    header, _, object_code = kept.partition(_LINE_END)
    try:
        fields = json.loads(header)
        if fields.pop("object_code") != hashlib.sha256(object_code).hexdigest():
            return None
        returns = fields.pop("returns")
        needs = tuple(fields.pop("needs"))
        return MachineCode(object_code, returns=returns and tuple(returns), needs=needs, **fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def kept_code(name: str, fingerprint: str, make: Callable[[], MachineCode]) -> MachineCode:
    """Return the machine code of a loop from the disk, or make and keep it.

    Args:
        name: of the loop.
        fingerprint: what tells that the code is the right one.
        make: compiles it.

    Raises:
        AspsfusionError: there is no directory to keep it in.
    """
    file = f"{name}-{fingerprint[:FINGERPRINT_DIGITS]}.code"
    # What was compiled when a read-only installation was made is used as well.
    for directory in dict.fromkeys([_directory(), _BESIDE_PACKAGE]):
        with contextlib.suppress(OSError):
            found = _from_bytes((directory / file).read_bytes())
            if found is not None:
                return found
    made = make()
    # A full disk costs the next process time, and this one nothing.
    with contextlib.suppress(OSError):
        _write(_directory() / file, _as_bytes(made))
    return made


def _write(path: Path, content: bytes) -> None:
    # The name is unlike any other's, since nodes of a cluster may share the directory.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=path.name, delete=False) as draft:
        try:
            draft.write(content)
            draft.close()
            Path(draft.name).replace(path)
        except OSError:
            Path(draft.name).unlink(missing_ok=True)
            raise
