"""Signals that look like a fusion and are none, for samples without one."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from carriers.genes import Genes
from carriers.junctions import FIVE_EXON, THREE_EXONS, listed
from carriers.misreading import BASES, misread_runs, random_indels
from carriers.reads import Fragment, Library, sequenced

Extra = Callable[[Genes, Library, random.Random], list[Fragment]]


def chimera_molecule(genes: Genes, length: int, rng: random.Random) -> str:
    """Return a molecule of so many nt that begins in one target, goes on in the other one, both in sense.

    Either gene may come first; both are cut anywhere in their transcripts, as template switching does.
    """
    first, second = rng.sample((genes["ASPSCR1"], genes["TFE3"]), 2)
    kept = rng.randint(1, length - 1)
    end = rng.randint(kept, len(first.bases))
    start = rng.randint(0, len(second.bases) - (length - kept))
    return first.bases[end - kept : end] + second.bases[start : start + length - kept]


def chimeras(genes: Genes, library: Library, rng: random.Random, count: int) -> list[Fragment]:
    """Return chimeras of one molecule each, at random places."""
    return [
        sequenced(chimera_molecule(genes, library.fragment(rng), rng), library, rng, f"x{number}")
        for number in range(count)
    ]


def _some_chimeras(genes: Genes, library: Library, rng: random.Random) -> list[Fragment]:
    return chimeras(genes, library, rng, rng.randint(1, 6))


def _copied_chimera(genes: Genes, library: Library, rng: random.Random) -> list[Fragment]:
    """Return copies of one chimera, each with errors of its own."""
    molecule, reverse = chimera_molecule(genes, library.fragment(rng), rng), rng.random() < 0.5
    return [
        sequenced(molecule, library, rng, f"p{number}", reverse=reverse)
        for number in range(rng.randint(5, 60))
    ]


def _hopped(genes: Genes, library: Library, rng: random.Random) -> list[Fragment]:
    """Return one fragment over a listed junction, from another sample of the run."""
    joined = listed(genes, rng.choice(list(THREE_EXONS))).joined
    length = library.fragment(rng)
    start = rng.randint(joined.left - length + 1, joined.left - 1)
    return [sequenced(joined.bases[start : start + length], library, rng, "hop")]


def _slipped(genes: Genes, library: Library, rng: random.Random) -> list[Fragment]:
    """Return fragments of ASPSCR1 with one unit of the repeat at the end of exon 7 more or less."""
    gene = genes["ASPSCR1"]
    end = gene.end_of(FIVE_EXON)
    found = []
    for number in range(rng.randint(3, 15)):
        unit = rng.choice((6, 30, 36))
        more = rng.random() < 0.5
        before = gene.bases[:end] + gene.bases[end - unit : end] if more else gene.bases[: end - unit]
        found.append(_over(before, gene.bases[end:], library, rng, f"r{number}"))
    return found


def _look_alike(genes: Genes, library: Library, rng: random.Random) -> list[Fragment]:
    """Return fragments of a gene off the panel that has the end of exon 7 with one base changed."""
    gene = genes["ASPSCR1"]
    end = gene.end_of(FIVE_EXON)
    repeat = list(gene.bases[end - 31 : end])
    place = rng.randrange(5, 26)
    repeat[place] = rng.choice([base for base in BASES if base != repeat[place]])
    before, after = ("".join(rng.choices(BASES, k=400)) for _ in range(2))
    return [
        _over(before + "".join(repeat), after, library, rng, f"l{number}")
        for number in range(rng.randint(3, 30))
    ]


def _over(before: str, after: str, library: Library, rng: random.Random, name: str) -> Fragment:
    """Sequence a fragment that holds the place between two sequences."""
    length = library.fragment(rng)
    start = rng.randint(len(before) - length + 1, len(before) - 1)
    return sequenced((before + after)[start : start + length], library, rng, name)


@dataclass(frozen=True)
class FalseSignal:
    """A kind of false signal.

    Attributes:
        extra: fragments that a sample has beside its wild type.
        library: how all of its fragments are sequenced, given how they would be.
    """

    extra: tuple[Extra, ...] = ()
    library: Callable[[Library], Library] = field(default=lambda library: library)


def _short(library: Library) -> Library:
    return replace(library, insert=library.read - 10, spread=library.read // 5, adapters=True)


FALSE_SIGNALS = {
    "clean": FalseSignal(),
    "chimeras": FalseSignal((_some_chimeras,)),
    "copied chimera": FalseSignal((_copied_chimera,)),
    "hopped fragment": FalseSignal((_hopped,)),
    "repeat of exon 7": FalseSignal((_slipped,)),
    "look-alike of exon 7": FalseSignal((_look_alike,)),
    "runs misread": FalseSignal(library=lambda library: replace(library, misread=misread_runs)),
    "indels": FalseSignal(library=lambda library: replace(library, misread=random_indels)),
    "adapters": FalseSignal(library=_short),
    "poor ends": FalseSignal(library=lambda library: replace(library, poor_ends=True)),
    "all": FalseSignal(
        (_some_chimeras, _copied_chimera, _hopped, _slipped, _look_alike),
        lambda library: replace(library, misread=misread_runs, poor_ends=True, adapters=True),
    ),
}


def unknown_gene(genes: Genes, length: int, rng: random.Random) -> str:
    """Return bases of a gene off the panel: those of one on it, the last base first, are in no genome."""
    gene = rng.choice([gene for gene in genes.values() if len(gene.bases) > length])
    start = rng.randint(0, len(gene.bases) - length)
    return gene.bases[start : start + length][::-1]
