"""No output is half written and none is lost by mistake."""

from pathlib import Path

import pytest

from aspsfusion.errors import ParameterError
from aspsfusion.io.files import replacing, scratch_beside


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


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="ascii")
    with (
        pytest.raises(ParameterError, match=r"file/below: cannot be written \("),
        replacing(blocked / "below"),
    ):
        raise AssertionError("the block must not run")
    with (
        pytest.raises(ParameterError, match=r"new.txt: .*: no space is left .*; make room"),
        replacing(tmp_path / "new.txt"),
    ):
        raise OSError(28, "No space left on device")


def test_drafts_of_killed_processes_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "S1.panel[1].bam"
    for name in (".17.tmp.S1.panel[1].bam", ".17.tmp.S1.panel[1].bam.bai"):
        (tmp_path / name).touch()
    abandoned = tmp_path / ".18.tmp.S1.panel[1].bam"
    abandoned.mkdir()
    (abandoned / "part").touch()
    kept = {
        ".17.tmp.S2.panel[1].bam",
        "17.tmp.S1.panel[1].bam",
        ".tmp.S1.panel[1].bam",
        ".17.tmp.S1.panel1.bam",
    }
    for name in kept:
        (tmp_path / name).touch()
    with replacing(path) as temporary:
        temporary.touch()
        own_index = temporary.with_name(f"{temporary.name}.bai")
        own_index.touch()
        with replacing(tmp_path / "S1.panel[1].bam.bai") as index:
            index.touch()
        assert own_index == index, "a file beside the draft is a draft as well"
    assert {each.name for each in tmp_path.iterdir()} == {*kept, path.name, f"{path.name}.bai"}


def test_scratch_directory_goes_with_its_block(tmp_path: Path) -> None:
    path = tmp_path / "new" / "panel"
    with scratch_beside(path) as scratch:
        (scratch / "panel").mkdir()
        (scratch / "left").touch()
        (scratch / "panel").rename(path)
    assert [each.name for each in path.parent.iterdir()] == ["panel"]
    left = path.parent / ".99.tmp.panel"
    left.mkdir()
    scratch.mkdir()  # what a killed process of the same number had made
    (scratch / "old").touch()
    with scratch_beside(path) as again:
        assert again == scratch
        assert list(again.iterdir()) == []
        assert not left.exists()
