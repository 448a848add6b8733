"""Makes the screen's tables for a setting, and asks them for reads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from aspsfusion.native import PanelKmers, ScreenTable
from aspsfusion.panel import kmers
from aspsfusion.panel.kmers import KMER_LENGTH, SEED_LENGTH, index_panel
from aspsfusion.panel.screen_index import LEAST_SCORE
from native_scan import build_table, kept_reads
from screen_study.reads import LETTERS, SIDE, Reads

SCORES = (16, 17, 18, 19, 20, 21, 22, 24)
SEEDS = (12, 14, 15, 16)
SETTINGS = (
    *((SEED_LENGTH, score) for score in SCORES),
    *((seed, LEAST_SCORE) for seed in SEEDS),
)
"""Seed length and least score: one of the two is changed at a time."""

ROWS_AT_ONCE = 10_000
RANDOM_PAIRS = 50
"""Pairs of random genes: their panel has 40,000 bases, and any one junction weighs little."""

Pieces = Sequence[tuple[int, str]]


@dataclass(frozen=True)
class Row:
    """A line of the study's table.

    Attributes:
        measure: what was counted.
        sequence: what the reads and the panel were made of.
        seed: bases of a seed.
        score: least score.
        read_length: nt; both mates alike.
        variant: what was changed besides; empty for nothing.
        reads: how many reads or fragments were asked.
        found: how many of them were lost, or kept, or counted.
    """

    measure: str
    sequence: str
    seed: int
    score: int
    read_length: int
    variant: str
    reads: int
    found: int


@dataclass
class Genes:
    """Genes of which pairs are joined, with their panel.

    Attributes:
        name: what the table calls them.
        pieces: gene number and bases of what the panel looks for.
        junctions: SIDE bases on either side of each junction, one row each.
    """

    name: str
    pieces: Pieces
    junctions: Reads

    @cached_property
    def listed_pieces(self) -> Pieces:
        """The same, and the bases around every junction as for a junction that the panel lists."""
        edge = KMER_LENGTH - 1
        rows = (row[SIDE - edge : SIDE + edge].tobytes().decode() for row in self.junctions)
        return [*self.pieces, *((0, row) for row in rows)]

    def table(self, seed: int, listed: bool) -> ScreenTable:
        """Return the screen's table of a seed length; of listed junctions or other ones."""
        return table_of(self.listed_pieces if listed else self.pieces, seed)


def random_genes(rng: np.random.Generator) -> Genes:
    """Return pairs of random genes, joined at the end of the one and the start of the other."""
    genes = LETTERS[rng.integers(0, 4, (2 * RANDOM_PAIRS, 2 * SIDE))]
    pieces = [(0, gene.tobytes().decode()) for gene in genes]
    return Genes("random", pieces, np.hstack([genes[:RANDOM_PAIRS, SIDE:], genes[RANDOM_PAIRS:, :SIDE]]))


def table_of(pieces: Pieces, seed: int) -> ScreenTable:
    """Return the screen's table of pieces of a panel."""
    return build_table(index_panel(pieces, seed_length=seed))


def pieces_of(panel: PanelKmers) -> Pieces:
    """Return the pieces that a stored panel was made of, all with one gene number."""
    letters = np.frombuffer(b"ACTG-", np.uint8)[panel.text].tobytes().decode()
    return [(0, piece) for piece in letters.strip("-").split("-")]


@contextmanager
def periodic_words_kept() -> Iterator[None]:
    """Make panels without the rule that leaves words of a short period out."""
    with patch.object(kmers, "REPEAT_PERIODS", ()):
        yield


def kept(reads: Reads, table: ScreenTable, score: int) -> npt.NDArray[np.bool_]:
    """Tell of each read whether the screen keeps it at a score."""
    table = table.with_least_score(score)
    return np.concatenate(
        [
            kept_reads([row.tobytes() for row in reads[begin : begin + ROWS_AT_ONCE]], table)
            for begin in range(0, len(reads), ROWS_AT_ONCE)
        ]
    )
