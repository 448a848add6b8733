"""Runs that are broken from outside: no room, no permission, a file that changes, a process that is killed.

Whatever happens, no output stands there that looks like a result, and a second run ends as the first would.
"""

import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ReadsError
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.screen import extract, screen
from aspsfusion.screen.extract import run_extract
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from bam_factory import Record, write_records
from command_lines import STAGES, command_line
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
        assert main(command_line(stage, panel, whole, whole, source)) == 0
        before = sums(broken)
        done = run(KILLED_AT_THE_END, *command_line(stage, panel, broken, broken, source))
        assert done.returncode == -9, done.stderr
        assert sums(broken) == before
        assert main(command_line(stage, panel, broken, broken, source)) == 0
    assert sums(broken) == sums(whole)


HELD = """
import importlib, os, pathlib, signal, sys
place, number = sys.argv[1:3]
del sys.argv[1:3]
def held(*arguments, **options):
    if int(number):
        os.kill(os.getpid(), int(number))
    print("held", flush=True)
    signal.pause()
module, name = place.split(":")
setattr(pathlib.Path if module == "pathlib" else importlib.import_module(module), name, held)
from aspsfusion.__main__ import main
main()
"""
"""Sends itself a signal, or waits for one, where a function would be called."""

AT_THE_END, IN_EXTRACT = "pathlib:replace", "aspsfusion.screen.extract:require_unchanged"
"""When the first output would get its name, and when all reads are in a folder."""

HELD_IN_THE_SORT = """
import ctypes, pysam, sys
from pathlib import Path
def held(*words):
    Path(words[words.index("-T") + 1]).with_name("part.0000.bam").write_bytes(b"reads")
    print("held", flush=True)
    ctypes.PyDLL(None).sleep(2)  # as pysam does: no other thread may run
pysam.sort = held
from aspsfusion.__main__ import main
main()
"""
"""Stays in the compiled sort."""


HEARS_SIGNALS = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
"""Whoever runs the tests in the background or under nohup has these signals ignored, which is inherited."""


def ended(number: int, temporary: Path, code: str, *words: str) -> tuple[int, str]:
    """Run code until it says that it is held, send a signal, and return exit status and last line."""
    paths = os.pathsep.join([PACKAGE, os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-c", HEARS_SIGNALS + code, *words],
        env={**os.environ, "PYTHONPATH": paths, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "held\n":
            assert process.poll() is None, process.communicate()
        process.send_signal(number)
        said = process.communicate(timeout=300)[1]
    assert "Traceback" not in said
    return process.returncode, said.splitlines()[-1]


def extract_words(panel: Path, directory: Path) -> list[str]:
    bam = write_bam(directory / "reads.bam", 50)
    return command_line("extract", panel, directory, directory, bam)


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary directory for commands."""
    return tmp_path_factory.mktemp("temporary")


def test_ended_by_a_signal_in_each_stage(panel: Path, tmp_path: Path, temporary: Path) -> None:
    """What a stage had made is gone, beside the results and below the temporary directory; one sentence."""
    source = write_fastq(tmp_path / "reads.fastq", 50)
    commands = [(AT_THE_END, command_line(stage, panel, tmp_path, tmp_path, source)) for stage in STAGES]
    commands.append((IN_EXTRACT, extract_words(panel, tmp_path)))
    numbers = itertools.cycle((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    for (place, words), number in zip(commands, numbers, strict=False):
        before = sums(tmp_path)
        status, said = ended(number, temporary, HELD, place, "0", *words)
        assert status == 128 + number
        assert said == (
            f"aspsfusion: ended by {number.name}; what was unfinished is removed, run the same command again"
        )
        assert {path.name for path in tmp_path.iterdir()} == set(before), words
        assert list(temporary.iterdir()) == []
        assert main(words) == 0


def test_ended_while_a_library_lets_no_thread_run(panel: Path, tmp_path: Path, temporary: Path) -> None:
    source = write_fastq(tmp_path / "reads.fastq", 50)
    assert main(command_line("screen", panel, tmp_path, tmp_path, source)) == 0
    before = set(tmp_path.iterdir())
    words = command_line("align", panel, tmp_path, tmp_path, source)
    status, _ = ended(signal.SIGTERM, temporary, HELD_IN_THE_SORT, *words)
    assert status == 128 + signal.SIGTERM
    assert set(tmp_path.iterdir()) == before
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(
    panel: Path, tmp_path: Path, temporary: Path
) -> None:
    """Beside the output and below the temporary directory; folders of processes that run stay."""
    words = extract_words(panel, tmp_path)
    kill, there = str(signal.SIGKILL.value), {"TMPDIR": str(temporary)}
    assert run(HELD, IN_EXTRACT, kill, *words, **there).returncode == -signal.SIGKILL
    assert [path for path in tmp_path.iterdir() if path.is_dir()]
    assert main(words) == 0
    candidates = ["--reads", f"{tmp_path}/e.fastq.gz", "--sample", "x"]
    outputs = ["--output", f"{tmp_path}/p.bam", "--metrics", f"{tmp_path}/a.json"]
    align = ["align", "--panel", str(panel), *candidates, *outputs]
    before = sums(tmp_path)
    assert run(HELD, "aspsfusion.align.align:sort_bam", kill, *align, **there).returncode == -signal.SIGKILL
    assert len(list(temporary.iterdir())) == 1
    with scratch_directory(temporary) as in_use:
        assert list(temporary.iterdir()) == [in_use]
        assert run(AS_A_USER, *align, **there).returncode == 0
        assert list(temporary.iterdir()) == [in_use]
    assert {path.name for path in tmp_path.iterdir()} == {*before, "p.bam", "p.bam.bai", "a.json"}


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
        words = command_line("extract", panel, tmp_path, tmp_path, bam)
    else:
        for earlier in STAGES:
            if earlier == stage:
                break
            assert main(command_line(earlier, panel, tmp_path, tmp_path, source)) == 0
        words = command_line(stage, panel, tmp_path, tmp_path, source)
    before = sums(tmp_path)
    done = run(NO_ROOM, "4096", *words)
    assert done.returncode == 1, done.stderr
    error = done.stderr.splitlines()[-1]
    assert error.startswith("aspsfusion: error: "), done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written: it grew larger than files may be here; make room there" in error
    # The name is that of the output, not of a draft.
    assert "/." not in error
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
