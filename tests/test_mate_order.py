"""Mate files that were mixed up."""

from pathlib import Path

import pytest

from aspsfusion.errors import ReadsError
from aspsfusion.mate_order import require_mates


def write(path: Path, bases: list[str], name: str = "@r{} ") -> Path:
    path.write_text("".join(f"{name.format(i)}\n{b}\n+\n{'I' * len(b)}\n" for i, b in enumerate(bases)))
    return path


FORWARD, BACKWARD = ["ACGTA", "CCCTA"], ["GGGTA", "TTTGA"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("@r{} 1:N:0:A", "@r{} 1:N:0:A"), "second.fq, record 1: holds mates 1 by the names of its reads"),
        (("@r{}/2", "@r{}/1"), "first.fq, record 1: holds mates 2"),
    ],
)
def test_names_that_state_other_mates(tmp_path: Path, names: tuple[str, str], message: str) -> None:
    first = write(tmp_path / "first.fq", FORWARD, names[0])
    second = write(tmp_path / "second.fq", BACKWARD, names[1])
    with pytest.raises(ReadsError, match=message):
        require_mates(first, second)


def test_the_same_reads_twice(tmp_path: Path) -> None:
    first, copy = write(tmp_path / "a.fq", FORWARD), write(tmp_path / "b.fq", FORWARD)
    with pytest.raises(ReadsError, match="holds the same reads as"):
        require_mates(first, copy)
    link = tmp_path / "link.fq"
    link.symlink_to(first)
    with pytest.raises(ReadsError, match="is the same file as"):
        require_mates(first, link)


@pytest.mark.parametrize("names", [("@r{} 1:N:0:A", "@r{} 2:N:0:A"), ("@r{}/1", "@r{}/2"), ("@r{}", "@r{}")])
def test_true_mates_pass(tmp_path: Path, names: tuple[str, str]) -> None:
    files = [
        write(tmp_path / "1.fq", FORWARD, names[0]),
        write(tmp_path / "2.fq", BACKWARD, names[1]),
    ]
    require_mates(*files)


def test_what_can_not_be_read_is_left_to_the_screen(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08\x00")
    require_mates(tmp_path / "none", tmp_path / "empty")
    require_mates(tmp_path / "cut.gz", tmp_path / "empty")
