"""Runs that are broken from outside: no room, no permission, a file that changes, a process that is killed.

Whatever happens, no output stands there that looks like a result, and a second run ends as the first would.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ReadsError
from aspsfusion.screen import extract, screen
from aspsfusion.screen.extract import run_extract
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from bam_factory import Record, write_records
from repository import ROOT
from small_panel import FIVE_TRANSCRIPT, THREE_TRANSCRIPT, SmallPanel, random_bases

FUSED = FIVE_TRANSCRIPT[:120] + THREE_TRANSCRIPT[80:]
PACKAGE = str(ROOT / "scripts")
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-all")
"""Root, who runs tests in a container, may read and write everything; without capabilities root may not."""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small panel, built."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("broken_runs"))
    small.build()
    return small.output


def reads(count: int) -> list[tuple[str, str]]:
    """Names and bases of reads that slide over the fusion, each with an end of its own."""
    return [
        (f"r{i}", FUSED[i * 3 % 100 :][:50] + random_bases(10, seed=i) + random_bases(20, seed=i % 7))
        for i in range(count)
    ]


def write_fastq(path: Path, count: int) -> Path:
    path.write_text("".join(f"@{n}\n{b}\n+\n{'I' * len(b)}\n" for n, b in reads(count)))
    return path


def write_bam(path: Path, count: int) -> Path:
    return write_records(path, [Record(n, b) for n, b in reads(count)])


# --- A file that changes ----------------------------------------------------------------------------


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"@late\nACGT\n+\nIIII\n")


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "grows": (append, r"grew from \d+ to \d+ bytes while it was read; wait until it is completely written"),
    "vanishes": (Path.unlink, "vanished while it was read; put it back, leave it there and run again"),
    "is cut": (lambda path: os.truncate(path, 5), r"shrank from \d+ to 5 bytes while it was read"),
    "is written again": (lambda path: os.utime(path, (1, 1)), "was written again while it was read"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["screen", "extract"])
def test_a_file_that_changes_is_noticed(
    panel: Path, tmp_path: Path, kind: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes when everything has been read and nothing been renamed yet."""
    alter, message = CHANGES[change]
    stage = {"screen": screen, "extract": extract}[kind]
    path = write_fastq(tmp_path / "r.fq", 20) if kind == "screen" else write_bam(tmp_path / "r.bam", 20)
    check = stage.require_unchanged

    def changed_before(stamps: list[object]) -> None:
        alter(path)
        check(stamps)

    monkeypatch.setattr(stage, "require_unchanged", changed_before)
    output, metrics = tmp_path / "c.fastq.gz", tmp_path / "s.json"
    reads = [Lane(path)] if kind == "screen" else path
    run_stage: Callable[..., object] = run_screen if kind == "screen" else run_extract
    with pytest.raises(ReadsError, match=message):
        run_stage(panel, reads, output, metrics)
    assert not output.exists()
    assert not metrics.exists()


# --- In a process of its own ------------------------------------------------------------------------


def run(*code: str, prefix: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code with the package on its path."""
    paths = os.pathsep.join([PACKAGE, os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [*prefix, sys.executable, "-c", *code],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


KILLED_AT_THE_END = """
import os, pathlib, signal, sys
def killed(self, target):
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.replace = killed
from aspsfusion.cli import main
main(sys.argv[1:])
"""
"""Dies in the moment in which the first output would get its name."""

STAGES = {
    "screen": ("screen", "{reads}", "--output", "{d}/c.fastq.gz", "--metrics", "{d}/s.json"),
    "align": (
        *("align", "--reads", "{d}/c.fastq.gz", "--sample", "x"),
        *("--output", "{d}/p.bam", "--metrics", "{d}/a.json"),
    ),
    "evidence": ("evidence", "--bam", "{d}/p.bam", "--output", "{d}/e.json.gz"),
    "call": ("call", "--evidence", "{d}/e.json.gz", "--output", "{d}/calls.json"),
    "report": (
        *("report", "--sample", "x", "--screen", "{d}/s.json", "--align", "{d}/a.json"),
        *("--calls", "{d}/calls.json", "--json", "{d}/r.json", "--tsv", "{d}/r.tsv", "--html", "{d}/r.html"),
    ),
    "analyse": (
        *("analyse", "--sample", "y", "--reads", "{d}/c.fastq.gz", "--screen", "{d}/s.json"),
        *("--output", "{d}"),
    ),
}


def words_of(stage: str, panel: Path, directory: Path, source: Path) -> list[str]:
    command, *rest = (word.format(d=directory, reads=source) for word in STAGES[stage])
    return [command, "--panel", str(panel), *rest]


def sums(directory: Path) -> dict[str, str]:
    """Checksums of the files that a user sees."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if path.is_file() and not path.name.startswith(".")
    }


def test_killed_in_each_stage_and_run_again(panel: Path, tmp_path: Path) -> None:
    """A stage that is killed leaves no output; run again, it writes the bytes of a run that was not."""
    source = write_fastq(tmp_path / "reads.fastq", 200)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for directory in (whole, broken):
        directory.mkdir()
    for stage in STAGES:
        assert main(words_of(stage, panel, whole, source)) == 0
        before = sums(broken)
        done = run(KILLED_AT_THE_END, *words_of(stage, panel, broken, source))
        assert done.returncode == -9, done.stderr
        assert sums(broken) == before
        assert main(words_of(stage, panel, broken, source)) == 0
    assert sums(broken) == sums(whole)


NO_ROOM = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from aspsfusion.cli import main
sys.argv[1:], room = sys.argv[2:], int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
sys.exit(main(sys.argv[1:]))
"""
"""No file may become larger than the first argument: writing fails as on a full disk."""


@pytest.mark.parametrize("stage", ["screen", "extract", "align", "evidence"])
def test_no_room_for_the_output(panel: Path, tmp_path: Path, stage: str) -> None:
    source = write_fastq(tmp_path / "reads.fastq", 600)
    if stage == "extract":
        bam = write_bam(tmp_path / "reads.bam", 600)
        outputs = ["--output", f"{tmp_path}/o.fastq.gz", "--metrics", f"{tmp_path}/o.json"]
        words = ["extract", "--panel", str(panel), str(bam), *outputs]
    else:
        for earlier in STAGES:
            if earlier == stage:
                break
            assert main(words_of(earlier, panel, tmp_path, source)) == 0
        words = words_of(stage, panel, tmp_path, source)
    before = sums(tmp_path)
    done = run(NO_ROOM, "4096", *words)
    assert done.returncode == 1, done.stderr
    error = done.stderr.splitlines()[-1]
    assert error.startswith("aspsfusion: error: "), done.stderr
    assert "Traceback" not in done.stderr
    assert ";" in error
    assert sums(tmp_path) == before


AS_A_USER = "import sys; from aspsfusion.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def plain_user() -> Sequence[str]:
    """What makes a command obey permissions."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which(WITHOUT_PRIVILEGES[0]):
        pytest.skip("setpriv is not installed, and root obeys no permissions")
    return WITHOUT_PRIVILEGES


@pytest.mark.parametrize("kind", ["fastq", "bam", "output"])
def test_no_permission(panel: Path, tmp_path: Path, plain_user: Sequence[str], kind: str) -> None:
    source = write_fastq(tmp_path / "reads.fastq", 20)
    words = ["screen", "--panel", str(panel), str(source)]
    out = tmp_path / "out"
    out.mkdir()
    if kind == "bam":
        source = write_bam(tmp_path / "reads.bam", 20)
        words = ["extract", "--panel", str(panel), str(source)]
    if kind in ("fastq", "bam"):
        source.chmod(0)
        message = f"{source}: cannot be read (permission denied)"
    else:
        out.chmod(0o500)
        message = f"{out}/c.fastq.gz: cannot be written (Permission denied); give an --output that can"
    words += ["--output", str(out / "c.fastq.gz"), "--metrics", str(out / "s.json")]
    try:
        done = run(AS_A_USER, *words, prefix=plain_user)
    finally:
        for path in [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]:
            path.chmod(0o700)
    assert done.returncode == 1, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []
