"""Aligns long reads to a panel: minimap2 by mappy, and what is too short for its seeds by edlib.

Most reads lie in one gene from end to end. So a read is first aligned to the primary transcripts and the
unspliced targets alone, which takes less time. Where a part of it that begins or ends inside a target's gene
stays open, it is aligned to all transcripts with smaller seeds. What is open then is looked for in the
targets by its edit distance, which found 190 of 200 pieces of 30 bases with 10 percent errors.

Both libraries are in the extra `long`, and are imported when a sample of long reads comes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.long.pieces import OUTER, OpenEnd, Piece, error_rate, in_order, open_ends
from aspsfusion.long.umis import edlib_align, without_the_extra
from aspsfusion.panel.panel import Panel

SEEDS = {"k": 13, "w": 5, "min_cnt": 2, "min_chain_score": 25, "min_dp_score": 30}
SMALL_SEEDS = {"k": 11, "w": 3, "min_cnt": 2, "min_chain_score": 20, "min_dp_score": 30}
"""Seeds and scores of minimap2; its own (15, 10, 3, 40, 80) are for genomes and find no piece of 50 bases: of
100 reads with such a piece they showed 34 at 1 percent errors and none at 10, these 100 and 42 to 71."""

LEAST_OPEN, MOST_OPEN = 25, 200
"""Bases of an open end that may be a piece of another gene; of a longer one minimap2 finds the piece."""

MOST_EDITS = 0.22
"""Share of edits up to which an open end fits a place. The best of 5,000 random places has 0.23 and more for
30 bases, 0.28 for 40 and 0.35 for 60 (300 random pieces of each length)."""

EQUAL_AND_OTHER = 0x4000000
"""Flag of minimap2 (--eqx): its CIGARs say which bases are equal."""

MOST_PIECE_EDITS = 0.25
"""Share of edits above which a hit is of no gene of the panel."""

_OPERATIONS = {"=": 7, "X": 8, "I": 1, "D": 2}


class Mapper:
    """Finds the pieces of long reads on a panel.

    Args:
        scratch: directory for the sequences that minimap2 reads.

    Raises:
        InstallationError: the extra `long` is not installed.
    """

    def __init__(self, panel: Panel, scratch: Path) -> None:
        self._align = edlib_align()
        try:
            import mappy
        except ImportError as error:
            raise without_the_extra(error) from error
        primary = {t.key: t.sequence for t in panel.primary.values()}
        others = {u.key: u.sequence for u in panel.unspliced.values()}
        others |= {decoy.key: decoy.sequence for decoy in panel.decoys.values()}
        whole = {t.key: t.sequence for t in panel.transcripts.values()}
        self._fast = _aligner(mappy, primary | others, scratch / "primary.fa", SEEDS)
        self._small = _aligner(mappy, whole | others, scratch / "panel.fa", SMALL_SEEDS)
        self._sizes = {name: len(bases) for name, bases in (whole | others).items()}
        self._targets = {
            panel.primary[gene].key: panel.primary[gene].sequence
            for gene in panel.spec.genes_with_role("target")
        }
        self._genes = {name.split("|", 1)[0] for name in self._targets}

    def pieces(self, read: str) -> list[Piece]:
        """Return the pieces of a read in its order."""
        found = in_order(_hits(self._fast, read))
        if any(self._to_place(found)):
            found = in_order(_hits(self._small, read))
            more = [piece for end in self._to_place(found) for piece in self._placed(read, end)]
            found = in_order([*found, *more])
        return found

    def _to_place(self, pieces: Sequence[Piece]) -> Iterator[OpenEnd]:
        """Yield the open ends of targets; not those beyond a transcript's ends, where tails are."""
        for end in open_ends(pieces):
            if end.piece.gene in self._genes and end.end - end.begin >= LEAST_OPEN:
                piece, size = end.piece, self._sizes[end.piece.contig]
                if (piece.start if end.upstream else size - piece.end) > OUTER:
                    yield end

    def _placed(self, read: str, open_end: OpenEnd) -> Iterator[Piece]:
        """Yield the place in another target of the bases beside a piece, if they fit one."""
        piece, _, begin, end = open_end
        if end - begin > MOST_OPEN:
            return
        bases = read[begin:end]
        bases = reverse_complement(bases) if piece.reverse else bases
        best: tuple[int, str, Any] | None = None
        for name, sequence in self._targets.items():
            if name.startswith(f"{piece.gene}|"):
                continue
            found = self._align(bases, sequence, mode="HW", task="path", k=int(MOST_EDITS * len(bases)))
            if found["editDistance"] >= 0 and (best is None or found["editDistance"] < best[0]):
                best = found["editDistance"], name, found
        if best is None:
            return
        edits, name, found = best
        start, last = found["locations"][0]
        first = piece.length - end if piece.reverse else begin
        yield Piece(
            name,
            piece.reverse,
            start,
            last + 1,
            first,
            first + len(bases),
            piece.length,
            edits,
            _operations(found["cigar"]),
        )


def _aligner(mappy: Any, sequences: dict[str, str], path: Path, seeds: dict[str, int]) -> Any:
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in sequences.items()), encoding="ascii")
    return mappy.Aligner(
        str(path), preset="map-ont", best_n=0, n_threads=1, extra_flags=EQUAL_AND_OTHER, **seeds
    )


def _hits(aligner: Any, read: str) -> Iterator[Piece]:
    for hit in aligner.map(read):
        reverse = hit.strand < 0
        first, last = (len(read) - hit.q_en, len(read) - hit.q_st) if reverse else (hit.q_st, hit.q_en)
        cigar = tuple((operation, length) for length, operation in hit.cigar)
        whole = Piece(hit.ctg, reverse, hit.r_st, hit.r_en, first, last, len(read), hit.NM, cigar)
        for piece in whole.without_large_indels():
            if error_rate([piece]) <= MOST_PIECE_EDITS:
                yield piece


def _operations(cigar: str) -> tuple[tuple[int, int], ...]:
    """Return what a CIGAR of edlib says; its matches and mismatches are told apart.

    >>> _operations("3=1X2I")
    ((7, 3), (8, 1), (1, 2))
    """
    found, number = [], ""
    for letter in cigar:
        if letter.isdigit():
            number += letter
        else:
            found.append((_OPERATIONS[letter], int(number)))
            number = ""
    return tuple(found)
