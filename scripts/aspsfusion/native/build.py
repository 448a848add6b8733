"""Compiles the C files beside it into one shared library.

Needs nothing but Python, so that it also runs while the package is being built: `hatch_build.py` loads it by
its path. By hand: `python scripts/aspsfusion/native/build.py [--check] [COMPILER ...]`.
"""

import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent

LIBRARY = HERE / "_native.so"

FLAGS = ("-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra")

STRICT = ("-Wshadow", "-Wconversion", "-Werror")

ONCE = ("variants.c",)
"""Files that are compiled once; all others are compiled for each kind of processor."""

SCALAR = {"scalar": ("-DSCALAR_ONLY",)}
X86_64 = {
    "x86_64": (),
    # The level's parts by name: compilers before GCC 11 do not know x86-64-v3.
    "x86_64_v3": ("-mavx2", "-mbmi", "-mbmi2", "-mlzcnt", "-mpopcnt", "-mfma", "-mmovbe"),
}
"""For each variant the flags that choose its processors."""


def variants(machine: str, compiler: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the variants that are compiled for a kind of machine, with their flags."""
    if machine not in ("x86_64", "AMD64"):
        return dict(SCALAR)
    # Named, since distributions set a newer level in their compilers. Zig has names of its own, and begins
    # with this level where a target is given.
    every = () if "ziglang" in compiler else ("-march=x86-64",)
    return {name: (*every, *flags) for name, flags in {**SCALAR, **X86_64}.items()}


def build(
    output: Path, compiler: Sequence[str], extra_flags: Sequence[str] = (), only: Sequence[str] = ()
) -> None:
    """Compile all sources into a shared library.

    Args:
        output: the library to write.
        compiler: command of a C compiler, for example `["cc"]`.
        extra_flags: for compiling and linking.
        only: variants to compile, all by default; for tests.

    Raises:
        subprocess.CalledProcessError: the compiler failed.
    """
    jobs = [(HERE / name, "once", ()) for name in ONCE] + [
        (source, variant, (f"-DVARIANT={variant}", *flags))
        for variant, flags in variants(platform.machine(), compiler).items()
        for source in sorted(HERE.glob("*.c"))
        if source.name not in ONCE and (not only or variant in only)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        objects = []
        for source, variant, flags in jobs:
            objects.append(str(Path(scratch, f"{source.stem}_{variant}.o")))
            _run([*compiler, *FLAGS, *flags, *extra_flags, "-c", str(source), "-o", objects[-1]])
        _run([*compiler, "-shared", "-s", *extra_flags, *objects, "-o", str(output)])
    output.chmod(0o755)  # all users of an installation load it, whatever the umask of who made it


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)


def check(compiler: Sequence[str]) -> None:
    """Compile all sources and keep nothing; every warning is an error.

    Raises:
        subprocess.CalledProcessError: there are warnings.
    """
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch, LIBRARY.name), compiler, STRICT)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        check(sys.argv[2:] or ["cc"])
    else:
        build(LIBRARY, sys.argv[1:] or ["cc"])
