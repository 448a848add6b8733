"""Makes read pairs that read and compress like a sequencer's, fast and always the same.

Names count tiles and coordinates, qualities have four bins that keep to runs, and the bases come from some
thousand transcripts with very unequal expression: real mRNAs where they are at hand, else random ones. Some
pairs come from the panel's transcripts.
"""

import gzip
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
MRNAS = "real/human_mrna_4000.fa.gz"
"""Real mRNAs in the directory that `ASPSFUSION_REAL_DATA` names."""

ERROR_RATE = 0.003
QUALITY_STRINGS = 20_000
"""Different quality strings; far apart in the file compared with the 32 KiB that deflate looks back."""

CHUNK = 100_000
GZIP_LEVEL = "-6"
"""What most converters of base calls use, and gzip itself."""

_COMPLEMENT = np.zeros(256, np.uint8)
_COMPLEMENT[LETTERS] = np.frombuffer(b"TGCA", np.uint8)


@dataclass(frozen=True)
class Pool:
    """Transcripts, one after the other, and how much of each there is.

    Attributes:
        letters: bases of all.
        starts: where each begins in `letters`, 0-based.
        lengths: of each, in bases, at least `INSERT`.
        weights: share of the fragments that begin in each; they sum to one.
    """

    letters: Bytes
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]

    def draw(
        self, rng: np.random.Generator, count: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the transcripts of fragments and the places in `letters` where they begin."""
        chosen = rng.choice(self.starts.size, count, p=self.weights)
        within = (rng.random(count) * (self.lengths[chosen] - INSERT + 1)).astype(np.int64)
        return chosen, self.starts[chosen] + within


def pool_of(sequences: Iterable[bytes], weight: Callable[[int], npt.NDArray[np.float64]]) -> Pool:
    """Return a pool of the sequences that are long enough and have no unknown base.

    Args:
        sequences: of transcripts.
        weight: gives the shares of so many transcripts, in any unit.
    """
    whole = [each for each in sequences if len(each) >= INSERT and not each.strip(b"ACGT")]
    lengths = np.array([len(each) for each in whole], np.int64)
    weights = weight(lengths.size)
    starts = np.concatenate(([0], lengths.cumsum()[:-1]))
    return Pool(np.frombuffer(b"".join(whole), np.uint8), starts, lengths, weights / weights.sum())


def background(rng: np.random.Generator) -> Pool:
    """Return the real mRNAs where they are at hand, else random ones, with very unequal shares."""
    data = os.environ.get("ASPSFUSION_REAL_DATA")
    if data and (path := Path(data) / MRNAS).exists():
        sequences = fasta_sequences(gzip.decompress(path.read_bytes()))
    else:
        letters = LETTERS[rng.integers(0, 4, TRANSCRIPTS * TRANSCRIPT_LENGTH)].tobytes()
        cuts = range(0, len(letters), TRANSCRIPT_LENGTH)
        sequences = [letters[at : at + TRANSCRIPT_LENGTH] for at in cuts]
    return pool_of(sequences, lambda count: rng.lognormal(0, 2, count))


def mixed(most: Pool, others: Pool, share: float) -> Pool:
    """Return both pools as one; the transcripts of `others` are its last and get a share of the fragments."""
    return Pool(
        np.concatenate((most.letters, others.letters)),
        np.concatenate((most.starts, others.starts + most.letters.size)),
        np.concatenate((most.lengths, others.lengths)),
        np.concatenate((most.weights * (1 - share), others.weights * share)),
    )


def fasta_sequences(text: bytes) -> list[bytes]:
    """Return the sequences of a FASTA file in capitals."""
    records = text.upper().split(b">")[1:]
    return [record.partition(b"\n")[2].replace(b"\n", b"") for record in records]


def transcriptome(panel: Path, seed: int = 1) -> Pool:
    """Return the background with the panel's transcripts in it.

    Args:
        panel: built panel directory.
        seed: for the expression.
    """
    of_panel = pool_of(fasta_sequences((panel / "transcripts.fa").read_bytes()), np.ones)
    return mixed(background(np.random.default_rng(seed)), of_panel, PANEL_SHARE)


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


def drawn(
    pool: Pool, begin: int, count: int, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return transcript and place of the pairs of one chunk; they depend on nothing that was drawn before."""
    return pool.draw(np.random.default_rng((seed, begin)), count)


def write_pairs(directory: Path, pairs: int, pool: Pool, seed: int = 1) -> tuple[Path, Path]:
    """Write `R1.fastq.gz` and `R2.fastq.gz`, unless they are there.

    Args:
        directory: where to.
        pairs: how many.
        pool: what they come from.
        seed: for the random numbers.
    """
    paths = (directory / "R1.fastq.gz", directory / "R2.fastq.gz")
    if all(path.exists() for path in paths):
        return paths
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    strings = quality_strings(rng, QUALITY_STRINGS, READ_LENGTH)
    packer = shutil.which("pigz")
    command = [packer, "-p", "1", GZIP_LEVEL, "-n"] if packer else ["gzip", GZIP_LEVEL, "-n"]
    drafts = [path.with_suffix(".part") for path in paths]
    outputs = [draft.open("wb") for draft in drafts]
    packers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output) for output in outputs]
    for begin in range(0, pairs, CHUNK):
        count = min(CHUNK, pairs - begin)
        reads = pair_bases(rng, pool.letters, drawn(pool, begin, count, seed)[1])
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
    """Write the files several times over, as gzip members one after the other, unless they are there."""
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
