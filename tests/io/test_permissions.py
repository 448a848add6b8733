"""Files of patients have the mode that was chosen, whatever the umask of the user is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import InstallationError, ParameterError
from aspsfusion.io.files import replacing
from aspsfusion.io.permissions import (
    VARIABLE,
    close_directory,
    mode_text,
    private_files,
    require_own_cache,
    set_umask,
)
from small_panel import SmallPanel


@pytest.fixture(params=[0o000, 0o022, 0o077], ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.delenv(VARIABLE, raising=False)
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:04o}"


@pytest.mark.parametrize(
    ("stated", "file_mode", "directory_mode"),
    [(None, "0640", "0750"), ("0640", "0640", "0750"), ("0600", "0600", "0700")],
)
def test_what_is_written_has_the_mode(
    umask: int,
    stated: str | None,
    file_mode: str,
    directory_mode: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if stated:
        monkeypatch.setenv(VARIABLE, stated)
    path = tmp_path / "new" / "S1.report.json"
    with private_files(), replacing(path) as draft:
        draft.write_text("of a patient")
        beside = draft.with_name("S1.index")
        beside.touch()
    assert (mode(path), mode(beside), mode(path.parent)) == (file_mode, file_mode, directory_mode)
    assert os.umask(umask) == umask, "what comes after is as before"


def test_a_command_sets_it(umask: int, tmp_path: Path) -> None:
    (tmp_path / "S1_R1.fastq").write_text("@r1\nACGT\n+\nIIII\n")
    sheet = tmp_path / "sheet.tsv"
    assert main(["samplesheet", str(tmp_path), "--output", str(sheet)]) == 0
    assert mode(sheet) == "0640"
    assert os.umask(umask) == umask


@pytest.mark.parametrize("umask", [0o022], indirect=True)
def test_a_panel_is_as_public_as_the_user_wants(umask: int, tmp_path: Path) -> None:
    small = SmallPanel.in_directory(tmp_path)
    small.write()
    words = ["--genome", str(small.genome_path), "--output", str(tmp_path / "panel")]
    assert main(["panel", "build", "--panel", str(small.yaml_path), *words]) == 0
    modes = {mode(path) for path in (tmp_path / "panel").rglob("*") if path.is_file()}
    assert (mode(tmp_path / "panel"), modes) == ("0755", {"0644"})


@pytest.mark.parametrize("wrong", ["0644", "640", "0666", "rw"])
def test_a_mode_for_everybody_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, wrong)
    assert main(["samplesheet", str(tmp_path), "--output", str(tmp_path / "sheet.tsv")]) == 1
    assert f"'{wrong}' is no mode for files of patients; set {VARIABLE} to 0640 or 0600" in (
        capsys.readouterr().err
    )
    with pytest.raises(ParameterError):
        set_umask(wrong)


def test_yaml_reads_a_mode_without_quotes_as_a_number() -> None:
    assert [mode_text(value) for value in (0o640, 0o600, "0640")] == ["0640", "0600", "0640"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Snakemake keeps copies of workflow files; not made yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "snakemake"


def test_a_cache_of_ones_own_is_believed_and_closed(cache: Path) -> None:
    require_own_cache()
    cache.mkdir(parents=True)
    cache.chmod(0o775)
    require_own_cache()
    assert mode(cache) == "0755"


@pytest.mark.parametrize("planted", ["link", "replaceable", "foreign"])
def test_a_cache_that_another_user_can_fill_is_refused(
    planted: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.mkdir()
    if planted == "link":
        (tmp_path / "elsewhere").mkdir()
        cache.symlink_to(tmp_path / "elsewhere")
    else:
        cache.mkdir()
        if planted == "replaceable":
            cache.parent.chmod(0o777)
        else:
            monkeypatch.setattr("os.geteuid", lambda: cache.stat().st_uid + 1)
    with pytest.raises(InstallationError, match="is a cache that another user can fill; set XDG_CACHE_HOME"):
        require_own_cache()
    cache.parent.chmod(0o1777)
    if planted == "replaceable":
        require_own_cache()


@pytest.mark.parametrize(("wanted", "closed"), [("0640", "0750"), ("0600", "0700")])
def test_a_directory_that_is_there_is_closed_to_others(wanted: str, closed: str, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    close_directory(tmp_path / "open", wanted)
    assert mode(tmp_path / "open") == closed
    close_directory(tmp_path / "missing", wanted)
