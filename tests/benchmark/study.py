"""Measures what the screen's settings lose and what they let in, for `docs/screen.md`.

Lost: reads of a fusion with 1 % substitutions and 2 % deamination at C or G, single and without the mate's
help, crossing a junction with ten bases at least. The junction is one that the panel lists, or any other one,
of which no word runs across. Let in: random reads, and reads of real sequence that is not in the panel.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.kmers import LEAST_SCORE, PanelKmers, build_table, index_panel, kept_reads
from aspsfusion.screen_table import ScreenTable

LETTERS = np.frombuffer(b"ACGT", np.uint8)
SUBSTITUTED, DEAMINATED = 0.01, 0.02
LEAST_ANCHOR = 10

Reads = npt.NDArray[np.uint8]


def damaged(reads: Reads, rng: np.random.Generator) -> Reads:
    """Return reads with substitutions and deamination, C to T in one half and G to A in the other."""
    reads = reads.copy()
    top = rng.random(len(reads))[:, None] < 0.5
    hit = rng.random(reads.shape) < DEAMINATED
    reads[hit & top & (reads == ord("C"))] = ord("T")
    reads[hit & ~top & (reads == ord("G"))] = ord("A")
    wrong = rng.random(reads.shape) < SUBSTITUTED
    codes = np.searchsorted(LETTERS, reads)
    reads[wrong] = LETTERS[(codes + rng.integers(1, 4, reads.shape)) % 4][wrong]
    return reads


def across(five: Reads, three: Reads, length: int, count: int, rng: np.random.Generator) -> Reads:
    """Return reads across the place where two sequences are joined."""
    fusion = np.concatenate([five, three])
    starts = five.size - rng.integers(LEAST_ANCHOR, length - LEAST_ANCHOR + 1, count)
    found: Reads = fusion[starts[:, None] + np.arange(length)]
    return found


def share_kept(reads: Reads, table: ScreenTable) -> float:
    """Return the share of reads that the screen keeps."""
    return float(kept_reads([row.tobytes() for row in reads], table).mean())


def tables(seed_length: int, score: int, joined: bool, count: int) -> tuple[ScreenTable, Reads, Reads]:
    """Return a table of two random genes, with or without their junction, and the genes' ends."""
    rng = np.random.default_rng(count + seed_length)
    five, three = LETTERS[rng.integers(0, 4, (2, 400))]
    text = ["".join(map(chr, sequence)) for sequence in (five, three)]
    pieces = [(0, text[0] + text[1])] if joined else [(0, text[0]), (1, text[1])]
    table = build_table(index_panel(pieces, seed_length=seed_length))
    return table._replace(least_score=score), five, three


def lost(seed_length: int, score: int, length: int, joined: bool, count: int) -> float:
    """Return the share of damaged reads across a junction that are lost, in per cent."""
    rng = np.random.default_rng(length)
    genes = 20
    kept = []
    for gene in range(genes):
        table, five, three = tables(seed_length, score, joined, gene)
        kept.append(share_kept(damaged(across(five, three, length, count // genes, rng), rng), table))
    return 100 * (1 - float(np.mean(kept)))


def let_in(panel: PanelKmers, seed_length: int, score: int, reads: Reads) -> float:
    """Return how many of 10,000 reads a panel lets in with a seed length and a score."""
    letters = np.frombuffer(b"ACTG-", np.uint8)[panel.text].tobytes().decode()
    pieces = [(0, piece) for piece in letters.strip("-").split("-")]
    table = build_table(index_panel(pieces, seed_length=seed_length))._replace(least_score=score)
    return 10_000 * share_kept(reads, table)


def real_reads(fasta: Path, region: tuple[str, int, int], count: int, length: int) -> Reads:
    """Return reads of a genome's region, where it has bases."""
    import pysam

    with pysam.FastaFile(str(fasta)) as genome:
        bases = np.frombuffer(genome.fetch(*region).upper().encode(), np.uint8)
    rng = np.random.default_rng(5)
    reads = bases[rng.integers(0, bases.size - length, count)[:, None] + np.arange(length)]
    known: Reads = reads[np.isin(reads, LETTERS).all(axis=1)]
    return known


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, action="append", required=True, help="built panel directory")
    parser.add_argument("--genome", type=Path, help="indexed FASTA with real sequence")
    parser.add_argument("--region", help="CHROM:START-END of it that no panel holds, 0-based half-open")
    parser.add_argument("--reads", type=int, default=100_000)
    args = parser.parse_args(arguments)
    rng = np.random.default_rng(1)
    backgrounds = {"random": LETTERS[rng.integers(0, 4, (args.reads, 100))]}
    if args.genome and args.region:
        chrom, _, span = args.region.partition(":")
        start, end = map(int, span.split("-"))
        backgrounds["real"] = real_reads(args.genome, (chrom, start, end), args.reads, 100)
    panels = {path.name: PanelKmers.load(path / "kmers.npz") for path in args.panel}
    columns = [f"lost % {length} nt {kind}" for kind in ("listed", "other") for length in (50, 75, 100)]
    columns += [f"kept of 10,000 {name}, {panel}" for panel in panels for name in backgrounds]
    print("\t".join(["seed", "score", *columns]))
    for seed_length in (16, 14, 13, 12):
        for score in (16, 18, LEAST_SCORE, 21) if seed_length == 13 else (LEAST_SCORE,):
            row = [
                f"{lost(seed_length, score, length, joined, args.reads):.3f}"
                for joined in (True, False)
                for length in (50, 75, 100)
            ]
            row += [
                f"{let_in(panel, seed_length, score, reads):.2f}"
                for panel in panels.values()
                if panel is not None
                for reads in backgrounds.values()
            ]
            print("\t".join([str(seed_length), str(score), *row]), flush=True)


if __name__ == "__main__":
    main()
