"""Compiles the C files of `scripts/aspsfusion/native` when the package is built, and gives wheels their data.

Takes the system's C compiler, or the one that the environment variable CC names. Where none works it takes
that of Zig, which the build tool fetches as the wheel `ziglang`. ASPSFUSION_COMPILER=zig asks for Zig in any
case: what it makes needs no C library newer than that of 2012, and the wheel's tag says so.
"""

import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path("scripts", "aspsfusion", "native")
LIBRARY = "_native.so"

SHIPPED = ("workflow", "config", "resources", "envs/aspsfusion.yaml")
"""What a wheel has of the repository beside the package; `aspsfusion.io.shipped` finds it."""

ZIG = "ziglang>=0.13,<0.18"

GLIBC = (2, 17)
"""The oldest C library that Zig compiles for; that of manylinux2014."""

PROBE = "#include <stdint.h>\n#include <stdlib.h>\n#include <string.h>\nint64_t probe(void) { return 0; }\n"


def system_compiler() -> list[str] | None:
    """Return a C compiler that makes shared libraries and has the C library's headers, or None.

    A CC that does not work is an error and not passed over: whoever sets it wants that compiler.
    """
    named = os.environ.get("CC")
    if named:
        if not _works(shlex.split(named)):
            raise RuntimeError(f"the compiler that CC names does not work: {named}")
        return shlex.split(named)
    for name in ("cc", "gcc", "clang"):
        path = shutil.which(name)
        if path and _works([path]):
            return [path]
    return None


def _works(compiler: list[str]) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "probe.c")
        source.write_text(PROBE)
        command = [
            *compiler,
            "-std=c11",
            "-fPIC",
            "-shared",
            str(source),
            "-o",
            str(Path(scratch, "probe.so")),
        ]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False


def wanted_compiler() -> list[str] | None:
    """Return the system's compiler, or None where Zig's is asked for or the only one."""
    asked = os.environ.get("ASPSFUSION_COMPILER", "")
    if asked not in ("", "zig"):
        raise RuntimeError(f"ASPSFUSION_COMPILER is {asked!r}: it may be 'zig'; CC names other compilers")
    return None if asked == "zig" else system_compiler()


def zig_compiler() -> list[str]:
    """Return Zig's C compiler with a target: without one it compiles for the processor it runs on."""
    glibc = ".".join(map(str, GLIBC))
    return [sys.executable, "-m", "ziglang", "cc", "-target", f"{platform.machine()}-linux-gnu.{glibc}"]


def wheel_tag(*, built_by_zig: bool) -> str:
    """Return the tag: any Python 3, since the library knows nothing of Python, on one kind of machine."""
    if built_by_zig:
        system = f"manylinux_{GLIBC[0]}_{GLIBC[1]}_{platform.machine()}"
    else:
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"py3-none-{system}"


class NativeBuildHook(BuildHookInterface[Any]):
    """Adds to the wheel the compiled library and what is shipped."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling."""
        return [] if wanted_compiler() else [ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the library, for an editable installation in its place, else outside of the sources."""
        compiler = wanted_compiler()
        build = runpy.run_path(str(Path(self.root, NATIVE, "build.py")))["build"]
        in_place = Path(self.root, NATIVE, LIBRARY)
        if version == "editable":
            # Renamed when it is whole: a process that has the old one loaded keeps it.
            output = in_place.with_suffix(".new")
            build(output, compiler or zig_compiler())
            output.replace(in_place)
        else:
            self._scratch = tempfile.TemporaryDirectory()
            output = Path(self._scratch.name, LIBRARY)
            build(output, compiler or zig_compiler())
            build_data["force_include"][str(output)] = f"aspsfusion/native/{LIBRARY}"
            build_data["force_include"] |= {
                str(Path(self.root, name)): f"aspsfusion/shipped/{name}" for name in SHIPPED
            }
        build_data["pure_python"] = False
        build_data["tag"] = wheel_tag(built_by_zig=compiler is None)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled outside of the sources."""
        if version != "editable":
            self._scratch.cleanup()
