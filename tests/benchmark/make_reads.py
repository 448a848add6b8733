"""Makes read pairs that read and compress like a sequencer's, fast and always the same.

Names count tiles and coordinates, qualities have four bins that keep to runs, and the bases come from some
thousand transcripts with very unequal expression. A share of the pairs comes from the panel's transcripts.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

LETTERS = np.frombuffer(b"ACGT", np.uint8)
BINS = np.frombuffer(b"F:,#", np.uint8)
"""Qualities 37, 25, 11 and 2, the four bins of present instruments."""

STAY = (0.985, 0.5, 0.5, 0.9)
"""Probability that the next base has the quality of this one, by bin."""

READ_LENGTH = 100
INSERT = 220
PANEL_SHARE = 0.005
TRANSCRIPTS = 4000
TRANSCRIPT_LENGTH = 2000
ERROR_RATE = 0.003
QUALITY_STRINGS = 20_000
"""Different quality strings; far apart in the file compared with the 32 KiB that deflate looks back."""

CHUNK = 100_000
GZIP_LEVEL = "-6"
"""What most converters of base calls use, and gzip itself."""

_COMPLEMENT = np.zeros(256, np.uint8)
_COMPLEMENT[LETTERS] = np.frombuffer(b"TGCA", np.uint8)


def quality_strings(rng: np.random.Generator, count: int, length: int) -> Bytes:
    """Return quality strings as a Markov chain over the bins makes them."""
    state = np.zeros(count, np.int64)
    rows = np.empty((count, length), np.uint8)
    stay = np.array(STAY)
    for position in range(length):
        rows[:, position] = BINS[state]
        leave = rng.random(count) > stay[state]
        # Worse bins are reached through the middle ones, and left for the best one.
        state = np.where(leave, np.where(state == 0, rng.choice(3, count, p=[0.65, 0.3, 0.05]) + 1, 0), state)
    return rows


def header_rows(first: int, count: int, mate: int) -> Bytes:
    """Return the header lines of pairs, numbered from `first`."""
    names = b"".join(
        b"@A00123:45:HXXXXDSX2:1:%04d:%05d:%05d %d:N:0:ACGTACGT+TTGCAAGT\n"
        % (1101 + i // 250_000 % 78, 1000 + i * 7919 % 31_000, 1000 + i // 8 % 36_000, mate)
        for i in range(first, first + count)
    )
    return np.frombuffer(names, np.uint8).reshape(count, -1)


def pair_bases(rng: np.random.Generator, pool: Bytes, starts: npt.NDArray[np.int64]) -> tuple[Bytes, Bytes]:
    """Return the bases of both mates of fragments that begin at places of a pool, some of them wrong."""
    places = starts[:, None] + np.arange(INSERT)
    molecules = pool[places]
    turned = rng.random(starts.size) < 0.5
    opposite = _COMPLEMENT[molecules[:, ::-1]]
    molecules = np.where(turned[:, None], opposite, molecules)
    first = molecules[:, :READ_LENGTH].copy()
    second = _COMPLEMENT[molecules[:, ::-1]][:, :READ_LENGTH].copy()
    for reads in (first, second):
        wrong = rng.random(reads.shape) < ERROR_RATE
        reads[wrong] = LETTERS[rng.integers(0, 4, int(wrong.sum()))]
    return first, second


def write_pairs(directory: Path, pairs: int, panel: Bytes, seed: int = 1) -> tuple[Path, Path]:
    """Write `R1.fastq.gz` and `R2.fastq.gz`, unless they are there.

    Args:
        directory: where to.
        pairs: how many.
        panel: letters of the panel's transcripts, one behind the other.
        seed: for the random numbers.
    """
    paths = (directory / "R1.fastq.gz", directory / "R2.fastq.gz")
    if all(path.exists() for path in paths):
        return paths
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pool = LETTERS[rng.integers(0, 4, TRANSCRIPTS * TRANSCRIPT_LENGTH)]
    weights = rng.lognormal(0, 2, TRANSCRIPTS)
    strings = quality_strings(rng, QUALITY_STRINGS, READ_LENGTH)
    packer = shutil.which("pigz")
    command = [packer, "-p", "1", GZIP_LEVEL, "-n"] if packer else ["gzip", GZIP_LEVEL, "-n"]
    drafts = [path.with_suffix(".part") for path in paths]
    outputs = [draft.open("wb") for draft in drafts]
    packers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output) for output in outputs]
    for begin in range(0, pairs, CHUNK):
        count = min(CHUNK, pairs - begin)
        transcripts = rng.choice(TRANSCRIPTS, count, p=weights / weights.sum())
        starts = transcripts * TRANSCRIPT_LENGTH + rng.integers(0, TRANSCRIPT_LENGTH - INSERT, count)
        reads = pair_bases(rng, pool, starts)
        of_panel = np.flatnonzero(rng.random(count) < PANEL_SHARE)
        for mates, true in zip(
            reads, pair_bases(rng, panel, rng.integers(0, panel.size - INSERT, of_panel.size)), strict=True
        ):
            mates[of_panel] = true
        for mate, (bases, process) in enumerate(zip(reads, packers, strict=True), start=1):
            plus = np.broadcast_to(np.frombuffer(b"\n+\n", np.uint8), (count, 3))
            end = np.full((count, 1), ord("\n"), np.uint8)
            rows = [
                header_rows(begin, count, mate),
                bases,
                plus,
                strings[rng.integers(0, len(strings), count)],
                end,
            ]
            assert process.stdin is not None
            process.stdin.write(np.hstack(rows).tobytes())
    for process, output, draft, path in zip(packers, outputs, drafts, paths, strict=True):
        assert process.stdin is not None
        process.stdin.close()
        if process.wait() != 0:
            raise OSError(f"{command[0]} failed")
        output.close()
        draft.replace(path)
    return paths


def repeat(paths: tuple[Path, Path], times: int, directory: Path) -> tuple[Path, Path]:
    """Write the files several times over, as gzip members one behind the other, unless they are there."""
    directory.mkdir(parents=True, exist_ok=True)
    results = (directory / paths[0].name, directory / paths[1].name)
    for source, target in zip(paths, results, strict=True):
        if target.exists() and target.stat().st_size == times * source.stat().st_size:
            continue
        with target.open("wb") as out:
            for _ in range(times):
                with source.open("rb") as stream:
                    shutil.copyfileobj(stream, out, 1 << 20)
    return results


def panel_letters(panel_directory: Path) -> Bytes:
    """Return the letters of the panel's transcripts, without what is no base."""
    text = (panel_directory / "transcripts.fa").read_text(encoding="ascii")
    bases = "".join(line for line in text.splitlines() if not line.startswith(">"))
    letters = np.frombuffer(bases.encode("ascii"), np.uint8)
    return letters[np.isin(letters, LETTERS)]
