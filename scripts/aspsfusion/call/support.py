"""How the reads of a fragment fit a junction, and what that makes the fragment count for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from aspsfusion.evidence.anchors import Anchors
from aspsfusion.evidence.ends import Begin, End, Shown, in_order
from aspsfusion.evidence.fragments import Fragment, Mate

Kind = Literal["split", "spanning", "short", "touching"]
"""How a fragment fits a junction: a read crosses it with sufficient anchors; the mates are on its two sides;
a read runs over it with fewer bases than an anchor, all of them right (a short overhang); or a read fits it
better than the wild type, but too poorly to count."""

PREFERENCE: dict[Kind, int] = {"split": 0, "spanning": 1, "short": 2, "touching": 3}
"""The better kinds of support first."""


@dataclass(frozen=True)
class AlignedRead:
    """A read aligned to a junction; positions relative to the first base of the 3' gene.

    Inserted bases are between the two genes and belong to neither.

    Attributes:
        reverse: whether the read is antisense to the fusion transcript.
        start: first base, negative in the 5' gene.
        end: end, half-open.
        edits: edits of the whole read.
        upstream: read bases of the 5' gene.
        edits_upstream: edits among those.
        left: its leftmost base, where it begins unless it is antisense.
        right: its rightmost base.
        inserted: read bases between the two genes.
        edits_inserted: edits among those.
    """

    reverse: bool
    start: int
    end: int
    edits: int
    upstream: int
    edits_upstream: int
    left: Begin
    right: Begin
    inserted: int = 0
    edits_inserted: int = 0

    @property
    def downstream(self) -> int:
        """Read bases of the 3' gene."""
        return self.end - self.start - self.upstream - self.inserted

    @property
    def edits_downstream(self) -> int:
        """Edits among the bases of the 3' gene."""
        return self.edits - self.edits_upstream - self.edits_inserted

    @property
    def runs_over(self) -> bool:
        """Whether the read has bases on both sides of the junction."""
        return self.upstream > 0 and self.downstream > 0

    @property
    def leaves_gene(self) -> bool:
        """Whether the read goes on from one gene into inserted bases or the other gene."""
        return (self.upstream > 0) + (self.inserted > 0) + (self.downstream > 0) > 1

    def lead(self, mate: Mate) -> int:
        """Return by how many edits the read fits the junction better than its best wild-type placement."""
        return mate.fewest_edits(len(mate.sequence)) - self.edits


AlignedReads = tuple[AlignedRead | None, ...]
"""The reads of a fragment on a junction, in the order of the mates; None for a read without a place there."""


@dataclass(frozen=True)
class Support:
    """A fragment that supports a junction.

    Attributes:
        kind: see `Kind`.
        edits: edits of all these reads together.
        cost: the same with the fewest edits of reads without place anywhere in the panel, by which the
            junctions that a fragment fits are compared: a read left out must not make a junction better.
        crossing: index of the mate that crosses with the longest shorter anchor; 0 when spanning.
    """

    fragment: Fragment
    kind: Kind
    reads: AlignedReads
    edits: int
    cost: int
    crossing: int

    @property
    def counts(self) -> bool:
        """Whether it is evidence of the junction by itself."""
        return self.kind in ("split", "spanning")

    @property
    def anchors(self) -> Anchors:
        """Bases of the two genes in the read that runs over the junction; zeros when none does."""
        read = self.reads[self.crossing]
        if self.kind == "spanning" or read is None:
            return Anchors(0, 0)
        return Anchors(read.upstream, read.downstream)

    @property
    def sides(self) -> tuple[list[str], list[str]]:
        """Bases of the fragment in the 5' and in the 3' gene, read by read, in the fusion's orientation."""
        five, three = [], []
        for mate, read in zip(self.fragment.mates, self.reads, strict=True):
            if read is not None:
                bases = mate.oriented(reverse=read.reverse)
                five.append(bases[: read.upstream])
                three.append(bases[read.upstream + read.inserted :])
        return five, three

    @cached_property
    def reach(self) -> tuple[int, int]:
        """Start and end of its reads on the fusion transcript."""
        present = [read for read in self.reads if read is not None]
        return min(read.start for read in present), max(read.end for read in present)

    @cached_property
    def shown(self) -> Shown:
        """What it shows of its molecule's ends, as places on the fusion transcript.

        A mate that does not fit shows nothing: too many errors may be why, and copies have not the same ones.
        """
        ends = []
        for read in self.reads:
            if read is not None:
                for reverse in (False, True) if self.fragment.merged else (read.reverse,):
                    ends.append(End("", reverse, *(read.right if reverse else read.left), ""))
        return Shown(in_order(ends))
