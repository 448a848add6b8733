"""Machine code of the inner loops: what is kept of it on disk, when it is used, and what it computes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from aspsfusion import code_cache
from aspsfusion.code_cache import cache_directory, kept_code
from aspsfusion.compiled import compiled, intrinsic
from aspsfusion.errors import AspsfusionError
from aspsfusion.loop_source import fingerprint
from aspsfusion.machine_code import MachineCode, kinds_of

FACTOR = 3
INTEGERS = np.arange(10)


class Point(NamedTuple):
    values: npt.NDArray[np.int64]
    number: int


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for compiled code that nothing else uses."""
    monkeypatch.setattr(code_cache, "_directory", lambda: tmp_path)
    return tmp_path


@compiled
def total(values):  # type: ignore[no-untyped-def]
    found = np.int64(0)
    for value in values:
        found += value
    return found


@compiled
def total_and_first(point, factor, upwards):  # type: ignore[no-untyped-def]
    found = total(point.values) * point.number
    return found if upwards else -found, factor * point.values[0], point.values.size > 3


@compiled
def write_squares(values, out):  # type: ignore[no-untyped-def]
    for i in range(values.size):
        out[i] = values[i] * values[i] * FACTOR


@compiled
def share(part, whole):  # type: ignore[no-untyped-def]
    return part // whole


@compiled
def make_room(size):  # type: ignore[no-untyped-def]
    return np.empty(size, dtype=np.int64).size


@pytest.mark.parametrize("cut", [slice(None), slice(0, 0), slice(None, None, 3), slice(None, None, -1)])
def test_arrays_of_every_layout_are_read(directory: Path, cut: slice) -> None:
    assert total(INTEGERS[cut]) == INTEGERS[cut].sum()


def test_arrays_that_can_not_be_written_are_read(directory: Path) -> None:
    assert total(np.frombuffer(bytes(range(50)), dtype=np.uint8)) == sum(range(50))


def test_named_tuples_numbers_and_truth_values_go_in_and_out(directory: Path) -> None:
    point = Point(INTEGERS[4:], 2)
    assert total_and_first(point, 0.5, True) == (2 * 39, 2.0, True)
    assert total_and_first(Point(INTEGERS[7:], 2), np.float64(0.5), np.bool_(False)) == (-2 * 24, 3.5, False)


def test_a_loop_that_returns_nothing_writes_its_result(directory: Path) -> None:
    out = np.zeros(5, dtype=np.int64)
    assert write_squares(INTEGERS[:5], out) is None
    assert out.tolist() == [0, 3, 12, 27, 48]


def test_what_a_loop_can_not_take_is_refused(directory: Path) -> None:
    with pytest.raises(TypeError, match="compiled loops take no list"):
        total([1, 2])
    assert total(INTEGERS) == 45
    with pytest.raises(TypeError, match="own order of bytes"):
        total(INTEGERS.astype(INTEGERS.dtype.newbyteorder()))


def test_an_error_within_a_loop_is_told(directory: Path) -> None:
    assert share(7, 2) == 3
    with pytest.raises(RuntimeError, match=r"the compiled loop test_code_cache\.share failed with status"):
        share(7, 0)


def test_a_loop_that_allocates_is_refused_when_it_is_compiled(directory: Path) -> None:
    with pytest.raises(Exception, match="Failed in nopython mode"):
        make_room(3)
    assert list(directory.iterdir()) == []


def test_an_intrinsic_is_for_loops_only() -> None:
    @intrinsic
    def nothing(typing_context):  # type: ignore[no-untyped-def]
        raise AssertionError

    with pytest.raises(TypeError, match="works in compiled loops only"):
        nothing()


LOOP = """
import sys
from aspsfusion.compiled import compiled
@compiled
def double(number):
    return 2 * number
print(double(4), "numba" in sys.modules)
"""


def test_a_second_process_does_not_import_numba(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "code")}
    command = [sys.executable, "-c", LOOP]
    first, second = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert (first, second) == ("8 True\n", "8 False\n")
    (kept,) = (tmp_path / "code").iterdir()
    assert kept.name.startswith("__main__.double-")


def code_of(number: int) -> MachineCode:
    return MachineCode(bytes([number]) * 20, f"f{number}", ("int64", "bool"), ("memset",))


def never() -> MachineCode:
    raise AssertionError("was compiled again")


def test_code_is_kept_under_its_fingerprint(directory: Path) -> None:
    assert kept_code("loop", "ab" * 32, lambda: code_of(1)) == code_of(1)
    assert kept_code("loop", "ab" * 32, never) == code_of(1)
    assert kept_code("loop", "cd" * 32, lambda: code_of(2)) == code_of(2)
    assert kept_code("loop", "ab" * 32, never) == code_of(1)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda kept: kept[:-1],
    "another byte": lambda kept: kept[:-1] + b"X",
    "no header": lambda kept: kept[10:],
    "other header": lambda kept: b"[1]\n" + kept.partition(b"\n")[2],
    "empty": lambda kept: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_code_is_compiled_again(directory: Path, damage: str) -> None:
    kept_code("loop", "ab" * 32, lambda: code_of(1))
    (path,) = directory.iterdir()
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert kept_code("loop", "ab" * 32, lambda: code_of(2)) == code_of(2)
    assert kept_code("loop", "ab" * 32, never) == code_of(2)
    assert list(directory.iterdir()) == [path]


def test_without_room_the_code_is_used_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(code_cache, "_directory", lambda: tmp_path / "file")
    assert kept_code("loop", "ab" * 32, lambda: code_of(1)) == code_of(1)
    assert kept_code("loop", "ab" * 32, lambda: code_of(2)) == code_of(2)


def test_code_of_a_read_only_installation_is_used(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_cache, "_BESIDE_PACKAGE", directory)
    kept_code("loop", "ab" * 32, lambda: code_of(1))
    other = directory / "other"
    other.mkdir()
    monkeypatch.setattr(code_cache, "_directory", lambda: other)
    assert kept_code("loop", "ab" * 32, never) == code_of(1)


def fingerprint_with(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> str:
    with monkeypatch.context() as changed:
        changed.setitem(globals(), name, value)
        return fingerprint(write_squares.function, ("int64",))


def test_the_fingerprint_changes_with_all_that_a_loop_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    @compiled
    def other(values):  # type: ignore[no-untyped-def]
        return values[0]

    before = fingerprint(write_squares.function, ("int64",))
    assert fingerprint(write_squares.function, ("int64",)) == before
    changed = [
        fingerprint_with(monkeypatch, "FACTOR", 4),
        fingerprint_with(monkeypatch, "FACTOR", np.uint8(3)),
        fingerprint_with(monkeypatch, "FACTOR", np.array([3])),
        fingerprint(write_squares.function, ("uint64",)),
    ]
    assert len({before, *changed}) == 5
    with monkeypatch.context() as context:
        inner = fingerprint(total_and_first.function, ())
        context.setitem(globals(), "total", other)
        assert fingerprint(total_and_first.function, ()) != inner


def test_the_kinds_of_arguments_tell_apart_what_is_compiled_apart() -> None:
    square = np.zeros((4, 4))
    read_only = np.frombuffer(b"abc", dtype=np.uint8)
    arguments = [
        1, True, 1.0, np.uint8(1), np.int32(1), INTEGERS, INTEGERS[::2], INTEGERS.astype(np.int32), square,
        square.T, square[1:, 1:], read_only, read_only.copy(), Point(INTEGERS, 1), (INTEGERS, 1),
    ]  # fmt: skip
    assert len(set(kinds_of(tuple(arguments)))) == len(arguments)


def test_code_is_kept_where_the_user_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    package, blocked = tmp_path / "package", tmp_path / "file"
    blocked.touch()
    assert cache_directory(package) == package
    # A file in the place of a directory can not be written to by anybody, root included.
    assert cache_directory(blocked) == tmp_path / "cache" / "aspsfusion"
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    own = cache_directory(blocked)
    assert own == tmp_path / f"aspsfusion-{os.getuid()}"
    assert own.stat().st_mode & 0o777 == 0o700
    # What another user could have put there is not taken.
    own.chmod(0o777)
    assert cache_directory(blocked) != own
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    assert cache_directory(package) == tmp_path / "named"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    with pytest.raises(AspsfusionError, match="no directory for compiled code can be written"):
        cache_directory(package)
