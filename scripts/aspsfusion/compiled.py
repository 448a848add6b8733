"""Compiles the inner loops, and finds a directory in which the compiled code can be kept.

Compiling takes seconds, loading what was compiled takes milliseconds. Compiled code is kept beside the
package; where that is read-only, in the user's cache directory; and where there is none, as on a compute
node without the user's home, among the temporary files. NUMBA_CACHE_DIR overrides all of this. Processes
that start at the same time do not disturb each other: numba writes a file under a temporary name and renames
it.
"""

import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from aspsfusion.writable import can_write, is_own

_BLAS = "scipy.linalg.cython_blas"


def _load_array_functions() -> None:
    """Load numba's array functions without SciPy's linear algebra.

    Loading them looks for a BLAS in SciPy, which no loop here needs: none multiplies matrices. SciPy itself
    is left as it was.
    """
    if _BLAS in sys.modules:
        return
    sys.modules[_BLAS] = None  # type: ignore[assignment]  # what Python's import system takes for "not there"
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules[_BLAS]


_load_array_functions()


def cache_directory(package: Path) -> Path | None:
    """Return the directory for compiled code; None for numba's own choice, `__pycache__` in the package.

    Args:
        package: directory of the package's files.
    """
    if can_write(package / "__pycache__"):
        return None
    cache = os.environ.get("XDG_CACHE_HOME")
    own = (Path(cache) if cache else Path("~/.cache").expanduser()) / "aspsfusion"
    return own if can_write(own) else _temporary_directory()


def _temporary_directory() -> Path:
    # Code is loaded from here: what another user put there is not taken.
    path = Path(tempfile.gettempdir()) / f"aspsfusion-{os.getuid()}"
    return path if is_own(path) else Path(tempfile.mkdtemp(prefix="aspsfusion-"))


_settings: Any = numba.config
if not _settings.CACHE_DIR:
    _settings.CACHE_DIR = str(cache_directory(Path(__file__).parent) or "")

compiled: Callable[[Callable[..., Any]], Any] = numba.njit(cache=True, nogil=True)
"""Decorator of every inner loop: compiled once, kept on disk, run without the interpreter's lock."""
