"""The checksums of a batch's results, and what they tell of files that are not as they were written."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aspsfusion.batch.manifest import MANIFEST, ManifestError, write_manifest
from aspsfusion.cli import main

FILES = {
    "summary.tsv": "sample_id\n",
    "S1/S1.report.json": "{}\n",
    "S1/S1.panel.bam": "BAM",
    "panel/panel.json": "{}\n",
    "S1/S1.outcome.json": "of a job",
    "S1/.S1.report.json.draft": "half",
    "S1/S1.candidates.fastq.gz": "reads, which --notemp keeps",
    "logs/batch.complete": "",
    "samples.tsv": "sample_id\tfastq_1\n",
    "config.yaml": "samples: samples.tsv\n",
}
"""The last six are no results; `aspsfusion run` writes the last two beside them."""


@pytest.fixture
def outdir(tmp_path: Path) -> Path:
    """A finished batch."""
    directory = tmp_path / "results"
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    words = [directory / name for name in ("summary.tsv", "S1", "panel")]
    assert main(["workflow", "manifest", "--outdir", str(directory), *map(str, words)]) == 0
    return directory


def test_results_are_listed_in_order_and_sha256sum_reads_it(
    outdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (outdir / MANIFEST).read_text().splitlines()
    assert [line[66:] for line in lines] == [
        "S1/S1.panel.bam",
        "S1/S1.report.json",
        "panel/panel.json",
        "summary.tsv",
    ]
    capsys.readouterr()
    assert main(["verify", str(outdir)]) == 0
    assert capsys.readouterr().out == f"{outdir}: all 4 files are as they were written\n"
    if program := shutil.which("sha256sum"):
        assert (
            subprocess.run([program, "--check", "--strict", "--quiet", MANIFEST], cwd=outdir).returncode == 0
        )


def touch(directory: Path) -> None:
    (directory / "logs" / "late.log").touch()
    (directory / "S1" / "S1.report.json").touch()
    (directory / "S1" / "S1.outcome.json").write_text("of another job")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing that counts": (touch, ""),
    "changed": (lambda d: (d / "S1" / "S1.report.json").write_text("{ }"), "S1/S1.report.json: changed"),
    "missing": (lambda d: (d / "S1" / "S1.panel.bam").unlink(), "S1/S1.panel.bam: missing"),
    "not listed": (lambda d: (d / "S1" / "late.pdf").touch(), "S1/late.pdf: not listed"),
    "not listed beside the summary": (lambda d: (d / "late.tsv").touch(), "late.tsv: not listed"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_as_it_was_written_is_named(
    outdir: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    act, line = CHANGES[change]
    act(outdir)
    capsys.readouterr()
    assert main(["verify", str(outdir)]) == (1 if line else 0)
    captured = capsys.readouterr()
    if line:
        assert captured.out == f"{outdir}/{line}\n"
        assert captured.err.startswith(
            f"aspsfusion: error: {outdir}/{MANIFEST}: 1 file is missing, changed or"
        )


@pytest.mark.parametrize(
    "text", ["x\n", f"{'0' * 64}  ../x\n", f"{'0' * 64}  /x\n", f"{'0' * 63}  x\n", f"\\{'0' * 64}  x\\\\y\n"]
)
def test_a_damaged_manifest_is_refused(outdir: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (outdir / MANIFEST).write_text(text)
    assert main(["verify", str(outdir)]) == 1
    assert f"{MANIFEST}, line 1: is not a checksum and a file below this directory" in capsys.readouterr().err


def test_a_batch_without_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path)]) == 1
    assert "cannot be read (no such file or directory); run the workflow" in capsys.readouterr().err


def test_a_name_that_cannot_be_listed(outdir: Path) -> None:
    (outdir / "S1" / "two\nlines").touch()
    with pytest.raises(ManifestError, match="cannot be listed; rename it"):
        write_manifest(outdir, [outdir / "S1"])
