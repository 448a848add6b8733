"""Checksums of files, and what a checksum file beside one says of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ReadsError
from aspsfusion.io.checksums import READ_BYTES, content_of, require_stated, stated_checksum
from bam_factory import Record, write_records

RECORD = b"@r\nACGTACGTACGTACGTACGTACGT\n+\nIIIIIIIIIIIIIIIIIIIIIIII\n"
MD5, SHA256 = hashlib.md5(RECORD).hexdigest(), hashlib.sha256(RECORD).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
NAME = "S_R1.fastq"

Write = Callable[[Path], object]


@pytest.mark.parametrize("size", [0, 1, READ_BYTES, 2 * READ_BYTES + 7])
def test_content(size: int, tmp_path: Path) -> None:
    data = bytes(i % 251 for i in range(size))
    path = tmp_path / "file"
    path.write_bytes(data)
    expected = (size, hashlib.sha256(data).hexdigest())
    assert content_of(path) == (*expected, "")
    assert content_of(path, md5=True) == (*expected, hashlib.md5(data).hexdigest())


def says(name: str, text: str) -> Write:
    """Write a checksum file."""
    return lambda directory: (directory / name).write_text(text)


STATED: dict[str, tuple[Write, str]] = {
    "its own, md5sum": (says(f"{NAME}.md5", f"{MD5}  {NAME}\n"), MD5),
    "its own, made elsewhere": (says(f"{NAME}.md5", f"{MD5.upper()} */data/old name.fastq\n"), MD5),
    "its own, the sum alone": (says(f"{NAME}.sha256", SHA256), SHA256),
    "its own, with a tag": (says(f"{NAME}.sha256sum", f"SHA256 ({NAME}) = {SHA256}\n"), SHA256),
    "list": (says("MD5.txt", f"{OTHER[:32]}  S_R2.fastq\n{MD5}  {NAME}\n"), MD5),
    "list with paths": (says("SHA256SUMS", f"{OTHER}  ./L2/{NAME}\n{SHA256}  ./{NAME}\n"), SHA256),
    "list of another directory": (says("md5sum.txt", f"{MD5}  /run/{NAME}\nnot a line\n"), MD5),
    "list with dos line ends": (says("checksums.txt", f"{MD5}  {NAME}\r\n"), MD5),
    "nothing": (lambda _: None, ""),
    "a list of others": (says("MD5.txt", f"{OTHER[:32]}  S_R2.fastq\n"), ""),
    "a list with two of the name": (says("md5.txt", f"{MD5}  a/{NAME}\n{OTHER[:32]}  b/{NAME}\n"), ""),
    "a sum of another kind": (says(f"{NAME}.md5", f"{MD5}{MD5[:8]}  {NAME}\n"), ""),
    "binary": (lambda directory: (directory / "x.md5").write_bytes(bytes(range(256)) * 8), ""),
    "directory": (lambda directory: (directory / f"{NAME}.md5").mkdir(), ""),
}


@pytest.mark.parametrize("kind", STATED)
def test_what_is_stated_is_found(kind: str, tmp_path: Path) -> None:
    write, expected = STATED[kind]
    path = tmp_path / NAME
    path.write_bytes(RECORD)
    write(tmp_path)
    stated = stated_checksum(path)
    assert (stated.checksum if stated else "") == expected
    require_stated(path, content_of(path, md5=True), stated)
    if stated:
        path.write_bytes(RECORD * 2)
        with pytest.raises(ReadsError, match=rf"{NAME}: has the (MD5|SHA-256) \w+, and .* says {expected}; "):
            require_stated(path, content_of(path, md5=True), stated)


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_reads_that_are_cut_off_or_doubled_are_refused(
    copies: int, demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between two records nothing else tells."""
    path = tmp_path / NAME
    one, two, three = (RECORD.replace(b"@r", b"@r%d" % number) for number in range(3))
    path.write_bytes(b"".join([one, two, three][:copies]))
    (tmp_path / "MD5.txt").write_text(f"{hashlib.md5(one + two).hexdigest()}  {NAME}\n")
    files = ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    status = main(["screen", "--panel", str(demo_panel_directory), str(path), *files])
    assert status == (0 if copies == 2 else 1)
    assert (tmp_path / "screen.json").exists() is (copies == 2)
    if copies != 2:
        assert f"{tmp_path / 'MD5.txt'} says" in capsys.readouterr().err


def test_an_aligned_file_is_compared_too(demo_panel_directory: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "S.bam", [Record("r", "ACGT" * 20, 4)])
    arguments = ["extract", "--force", "--panel", str(demo_panel_directory), str(path)]
    arguments += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    own = path.with_name("S.bam.md5")
    own.write_text(content_of(path, md5=True).md5)
    assert main(arguments) == 0
    own.write_text(MD5)
    assert main(arguments) == 1
