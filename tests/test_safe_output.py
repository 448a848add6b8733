"""No output is half written and none is lost by mistake."""

from pathlib import Path

import pytest

from aspsfusion.errors import ParameterError
from aspsfusion.safe_output import replacing


def test_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt.gz"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.name.endswith(".gz")
        temporary.write_text("whole", encoding="ascii")
        assert not path.exists()
    assert [each.name for each in path.parent.iterdir()] == ["file.txt.gz"]
    assert path.read_text(encoding="ascii") == "whole"


def test_block_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before", encoding="ascii")

    def fail() -> None:
        with replacing(path, force=True) as temporary:
            temporary.write_text("half", encoding="ascii")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]
    assert path.read_text(encoding="ascii") == "before"


def test_existing_file_needs_force(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before", encoding="ascii")
    with pytest.raises(ParameterError, match="exists already"), replacing(path):
        raise AssertionError("the block must not run")
    with replacing(path, force=True) as temporary:
        temporary.write_text("after", encoding="ascii")
    assert path.read_text(encoding="ascii") == "after"


def test_what_can_not_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="ascii")
    with (
        pytest.raises(ParameterError, match=r"file/below: can not be written \("),
        replacing(blocked / "below"),
    ):
        raise AssertionError("the block must not run")
    with (
        pytest.raises(ParameterError, match=r"new.txt: can not be written \(No space left on device\)"),
        replacing(tmp_path / "new.txt"),
    ):
        raise OSError(28, "No space left on device")
