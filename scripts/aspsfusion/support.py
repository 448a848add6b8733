"""How a fragment lies on a junction, and what that makes it count for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from aspsfusion.evidence.fragments import Fragment
from aspsfusion.evidence.molecules import UNPLACED_PREFIX
from aspsfusion.io.fasta import reverse_complement

Kind = Literal["split", "spanning", "short", "touching"]
"""How a fragment fits a junction: a read crosses it with sufficient anchors; the mates lie on its two sides;
a read runs over it with fewer bases than an anchor, all of them right; or a read fits it better than the wild
type, but too poorly to count."""

PREFERENCE: dict[Kind, int] = {"split": 0, "spanning": 1, "short": 2, "touching": 3}
"""The better kinds of support first."""


@dataclass(frozen=True)
class Laid:
    """A read laid on a junction; positions relative to the first base of the 3' gene.

    Attributes:
        reverse: whether the read is antisense to the fusion transcript.
        start: first base, negative in the 5' gene.
        end: end, half-open.
        edits: edits of the whole read.
        before: read bases in front of the junction.
        edits_before: edits among those.
    """

    reverse: bool
    start: int
    end: int
    edits: int
    before: int
    edits_before: int

    @property
    def behind(self) -> int:
        """Read bases behind the junction."""
        return self.end - self.start - self.before

    @property
    def edits_behind(self) -> int:
        """Edits among the bases behind the junction."""
        return self.edits - self.edits_before


@dataclass(frozen=True)
class Support:
    """A fragment that speaks for a junction.

    Attributes:
        fragment: the fragment.
        kind: see `Kind`.
        laid: its reads as laid on the junction, in the order of the mates; None for a read without place.
        edits: edits of all laid reads together.
        cost: the same with the fewest edits of reads without place anywhere in the panel, by which the
            junctions that a fragment fits are compared: a read left out must not make a junction better.
        crossing: index of the mate that crosses with the longest shorter anchor; 0 when spanning.
    """

    fragment: Fragment
    kind: Kind
    laid: tuple[Laid | None, ...]
    edits: int
    cost: int
    crossing: int

    @property
    def anchors(self) -> tuple[int, int]:
        """Bases of the 5' and the 3' gene in the read that runs over the junction; zeros when none does."""
        laid = self.laid[self.crossing]
        if self.kind == "spanning" or laid is None:
            return 0, 0
        return laid.before, laid.behind

    @property
    def sides(self) -> tuple[list[str], list[str]]:
        """Bases of the fragment in the 5' and in the 3' gene, read by read, in the fusion's orientation."""
        five, three = [], []
        for mate, laid in zip(self.fragment.mates, self.laid, strict=True):
            if laid is not None:
                bases = reverse_complement(mate.sequence) if laid.reverse else mate.sequence
                five.append(bases[: laid.before])
                three.append(bases[laid.before :])
        return five, three

    @cached_property
    def span(self) -> tuple[int, int, str]:
        """What copies of a molecule have in common: start and end on the fusion transcript, and the rest.

        The rest is empty where both ends of the molecule lie on the transcript. Else it tells which end the
        one read shows, and names the mate without place by its first bases.
        """
        present = [laid for laid in self.laid if laid is not None]
        rest = ""
        if not self.fragment.both_ends_known or len(present) < len(self.laid):
            absent = [m for m, laid in zip(self.fragment.mates, self.laid, strict=True) if laid is None]
            rest += "-" if present[0].reverse else "+"
            rest += "".join(mate.sequence[:UNPLACED_PREFIX] for mate in absent)
        return min(laid.start for laid in present), max(laid.end for laid in present), rest
