"""Libraries made by primers: anchored multiplex PCR and amplicons, by PCR of transcripts.

Primers are sequences and find their places by themselves: what a transcript lacks, they do not amplify.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from carriers.genes import Gene, opposite
from carriers.misreading import BASES
from carriers.reads import Fragment, Library, sequenced

PRIMER = 24
"""Length of a primer in nt."""

COPIES = (1, 5)
"""Fewest and most PCR copies of a molecule that are sequenced."""

LINKER = "ACGCTTCAGGTCA"
"""Constant bases between an inline UMI and the molecule; they are of no gene of the panel."""


def sense_primer(gene: Gene, start: int) -> str:
    """Return the primer that begins at a place of a transcript, 0-based, and extends downstream."""
    return gene.bases[start : start + PRIMER]


def antisense_primer(gene: Gene, end: int) -> str:
    """Return the primer of the bases before a place of a transcript, 0-based; it extends upstream."""
    return opposite(gene.bases[end - PRIMER : end])


def extended(template: str, primer: str, length: int) -> str:
    """Return the molecule of so many nt from an antisense primer on upstream; empty without its place."""
    at = template.find(opposite(primer))
    end = at + len(primer)
    return "" if at < 0 else template[max(0, end - length) : end]


def amplified(template: str, sense: str, antisense: str) -> str:
    """Return the molecule between two primers with both; empty where they do not amplify the transcript."""
    start, at = template.find(sense), template.find(opposite(antisense))
    return template[start : at + len(antisense)] if 0 <= start < at else ""


@dataclass(frozen=True)
class Umi:
    """Where the UMI of a molecule is.

    Attributes:
        inline: whether it is in front of read 1, with a linker after it; else in the read's name.
        length: in nt.
        form: of a name with it: `number` and `copy` of the molecule, `umi`, or its halves `a` and `b`.
        shorter: bases that the UMIs of some molecules lack.
    """

    inline: bool
    length: int = 8
    form: str = "{number}.{copy}_{umi}"
    shorter: int = 0

    def drawn(self, rng: random.Random) -> str:
        """Draw the UMI of a molecule."""
        return "".join(rng.choices(BASES, k=self.length - rng.randint(0, self.shorter)))

    def name(self, number: int, copy: int, bases: str) -> str:
        """Return the name of a copy's reads."""
        if self.inline:
            return f"{number}.{copy}"
        half = len(bases) // 2
        return self.form.format(number=number, copy=copy, umi=bases, a=bases[:half], b=bases[half:])

    @property
    def structures(self) -> tuple[str, ...]:
        """Structures of the reads of a pair in fgbio's notation; none where the UMI is in the name."""
        return (f"{self.length}M{len(LINKER)}S+T", "+T") if self.inline else ()


IN_NAMES, INLINE = Umi(inline=False), Umi(inline=True)


def copied(
    molecules: Sequence[str],
    library: Library,
    rng: random.Random,
    prefix: str,
    umi: Umi | None = None,
    copies: tuple[int, int] = COPIES,
) -> list[Fragment]:
    """Return the reads of PCR copies of molecules, in random order.

    Read 1 begins at the left end, where a UMI is ligated; read 2 at the right end, which is a primer's.

    Args:
        molecules: bases of each, sense.
        library: how they are sequenced.
        rng: random numbers.
        prefix: begins the names of the reads.
        umi: where UMIs are; None without.
        copies: fewest and most of each molecule.
    """
    found = []
    for number, molecule in enumerate(molecules):
        bases = umi.drawn(rng) if umi else ""
        whole = f"{bases}{LINKER}{molecule}" if umi and umi.inline else molecule
        for copy in range(rng.randint(*copies)):
            name = umi.name(number, copy, bases) if umi else f"{number}.{copy}"
            found.append(sequenced(whole, library, rng, f"{prefix}{name}", reverse=False))
    rng.shuffle(found)
    return found
