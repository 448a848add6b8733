"""The tests of the compiled loops, and damaged input, on a library that watches every access to memory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aspsfusion import native
from aspsfusion.native.build import build

HERE = Path(__file__).parent
FLAGS = ("-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
VARIANT = native.BEST_VARIANT.replace("-", "_")
"""The others differ from it in the instructions, not in what they access."""

TESTS = (
    "test_align_loops.py",
    "test_copies.py",
    "test_damaged_input.py",
    "test_place.py",
    "test_scan_fastq.py::test_damaged_records",
    "test_scan_fastq.py::test_mates_number_around_the_end_of_a_load",
    "test_scan_fastq.py::test_records_of_any_lengths_and_forms",
    "test_write_fragments.py",
)
"""What is done in some ten seconds of a processor; watched loops and arrays are slow."""


@pytest.fixture(scope="module")
def runtime() -> Path:
    """The compiler's run-time library, which has to be loaded before everything else."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc here, whose sanitizers are used")
    named = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(named).is_absolute():
        pytest.skip("gcc has no sanitizers here (Debian has them in libgcc-dev)")
    return Path(named).resolve()


@pytest.fixture(scope="module")
def variant() -> None:
    """Stands in for the fixture that repeats the tests of this directory: the one below does that itself."""


def test_no_loop_leaves_its_arrays(runtime: Path, tmp_path: Path) -> None:
    library = tmp_path / "watched.so"
    build(library, ["gcc"], FLAGS, (VARIANT,))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        f"--confcutdir={HERE}",
        f"--native-library={library}",
    ]
    done = subprocess.run(
        [*command, *(str(HERE / name) for name in TESTS)],
        cwd=HERE.parents[1],
        env={
            **os.environ,
            "LD_PRELOAD": str(runtime),
            # Python keeps what it once allocated; its own allocator hides small pieces from the sanitizer.
            "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",
            "PYTHONMALLOC": "malloc",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
