"""Shows the supporting reads under the junction, as text that can be read, copied and printed.

Positions count from the junction: 0 is the first base of the 3' gene, -1 the last base of the 5' gene.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from aspsfusion.report.findings import Fusion, SupportingRead

MOST_BASES = 82
"""Bases of a line: with the figures it is 108 characters, which fit the width of an A4 page at 8 pt."""

NARROW_BASES = 62
"""Bases of a line on a narrow screen, which has the figures below it: 65 characters, on a phone 9 px high."""

FOLD_AFTER = 20
"""Reads shown at once; the others are folded away."""

DRAW_AT_MOST = 200
"""Reads drawn at all, so that the page of a strongly expressed fusion can still be opened on a phone."""

PRINT_AT_MOST = 8
"""Of the reads shown at once, those on paper: the evidence of a fusion is to fit the first page."""

FIGURES_HEAD = "   5'   3' edits copies"
"""Heads of the figures after each read; they are on the right, so that the junction comes first."""


@dataclass(frozen=True)
class Segment:
    """A run of characters of a line; `mismatch` when they differ from the reference."""

    text: str
    mismatch: bool


@dataclass(frozen=True)
class PileupLine:
    """One read: its bases in runs, then its figures and its name; `printed` when it is on paper too."""

    segments: tuple[Segment, ...]
    figures: str
    name: str
    printed: bool


@dataclass(frozen=True)
class Pileup:
    """The pile-up of a fusion.

    Attributes:
        heading: names of the two genes above their sides.
        reference: the junction's own sequence, a vertical bar at the junction.
        shown: lines of the best anchored reads, in the order of their first base.
        folded: lines of further reads.
        not_drawn: split reads left out altogether.
        shifted: whether a read holds an insertion or deletion, so that its far bases look wrong.
    """

    heading: str
    reference: str
    figures_head: str
    shown: tuple[PileupLine, ...]
    folded: tuple[PileupLine, ...]
    not_drawn: int
    shifted: bool


def build_pileup(fusion: Fusion, most_bases: int = MOST_BASES) -> Pileup | None:
    """Return the pile-up of a fusion's split reads, None when it has none.

    The reads with the longest shorter anchor are shown, because these are the hardest to doubt. Of each read
    `most_bases` around the junction are shown.
    """
    split = [read for read in fusion.reads if read.kind == "split"]
    if not split:
        return None
    best_first = sorted(
        split, key=lambda read: (-min(read.anchor_five_prime, read.anchor_three_prime), *_place(read))
    )
    drawn = best_first[:DRAW_AT_MOST]
    window = _Window.around(fusion, drawn, most_bases)
    return Pileup(
        heading=window.heading(fusion),
        reference=window.reference_line(),
        figures_head=FIGURES_HEAD,
        shown=window.lines(drawn[:FOLD_AFTER], printed=PRINT_AT_MOST),
        folded=window.lines(drawn[FOLD_AFTER:], printed=0),
        not_drawn=len(split) - len(drawn),
        shifted=any(window.looks_shifted(read) for read in drawn),
    )


def _place(read: SupportingRead) -> tuple[int, int, str]:
    return read.offset, read.number, read.name


@dataclass(frozen=True)
class _Window:
    """The part of the junction that is drawn: `left` bases before the 3' gene and `right` of it.

    The last of those before it are inserted bases, set off by a bar of their own.
    """

    before: str
    after: str
    left: int
    right: int
    inserted: int

    @classmethod
    def around(cls, fusion: Fusion, reads: Sequence[SupportingRead], most_bases: int) -> "_Window":
        five, inserted, after = fusion.junction_parts
        flank = max(0, most_bases - len(inserted)) // 2
        left = min(flank + len(inserted), max(-read.offset for read in reads))
        right = min(flank, max(read.offset + len(read.sequence) for read in reads))
        return cls(five + inserted, after, max(left, 0), max(right, 0), len(inserted))

    def base(self, position: int) -> str:
        """Return the base of the junction at a position, a space where its sequence is not recorded."""
        if position < 0:
            return self.before[position] if -position <= len(self.before) else " "
        return self.after[position] if position < len(self.after) else " "

    def heading(self, fusion: Fusion) -> str:
        five, three = fusion.five_prime, fusion.three_prime
        own = max(0, self.left - self.inserted)
        before = f"{five.gene} {five.site}"[:own]
        after = f"{three.gene} {three.site}"[: self.right]
        between = f"|{'inserted'[: self.inserted]:{self.inserted}}" if self._shows_inserted else ""
        return f" {before:>{own}}{between}|{after}"

    @property
    def _shows_inserted(self) -> bool:
        return 0 < self.inserted <= self.left

    def reference_line(self) -> str:
        before = "".join(self._bar(position) + self.base(position) for position in range(-self.left, 0))
        after = "".join(self.base(position) for position in range(self.right))
        return f" {before}|{after} "

    def _bar(self, position: int) -> str:
        """Return the bar before the first inserted base, nothing at other positions."""
        return "|" if self._shows_inserted and position == -self.inserted else ""

    def lines(self, best_first: Sequence[SupportingRead], *, printed: int) -> tuple[PileupLine, ...]:
        in_order = sorted(enumerate(best_first), key=lambda item: _place(item[1]))
        return tuple(self.line(read, printed=rank < printed) for rank, read in in_order)

    def line(self, read: SupportingRead, *, printed: bool) -> PileupLine:
        figures = (
            f"{read.anchor_five_prime:>5}{read.anchor_three_prime:>5}{read.mismatches:>6}{read.copies:>7}"
        )
        cells = [("<" if read.offset < -self.left else " ", False)]
        cells += self._cells(read, -self.left, 0)
        cells.append(("|", False))
        cells += self._cells(read, 0, self.right)
        cells.append((">" if read.offset + len(read.sequence) > self.right else " ", False))
        segments = tuple(
            Segment("".join(text for text, _ in run), mismatch)
            for mismatch, run in groupby(cells, key=lambda cell: cell[1])
        )
        return PileupLine(segments, figures, read.name, printed)

    def _cells(self, read: SupportingRead, first: int, end: int) -> Iterator[tuple[str, bool]]:
        """Yield the characters of a read at the positions, each with whether it is a mismatch."""
        for position in range(first, end):
            if self._bar(position):
                yield "|", False
            index = position - read.offset
            if not 0 <= index < len(read.sequence):
                yield " ", False
            elif self._differs(read.sequence[index], position):
                yield read.sequence[index].lower(), True
            else:
                yield read.sequence[index].upper(), False

    def _differs(self, base: str, position: int) -> bool:
        # Where the junction's sequence is not recorded there is nothing to differ from.
        return self.base(position) not in (base.upper(), "N", " ")

    def looks_shifted(self, read: SupportingRead) -> bool:
        """Whether bases differ at more places than there are edits: an insertion or deletion shifts them."""
        differing = sum(self._differs(base, read.offset + index) for index, base in enumerate(read.sequence))
        return differing > read.mismatches
