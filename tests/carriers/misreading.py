"""What sequencing gets wrong: other bases, lost and inserted ones, runs of the wrong length, poor 3' ends."""

import math
import random
import re
from collections.abc import Callable, Iterator

BASES = "ACGT"

Misreading = Callable[[str, random.Random], str]
"""Returns a read's bases with errors; they may have become more or fewer."""

SUBSTITUTIONS = 0.001
"""Share of bases exchanged besides the lost and inserted ones."""

INDEL_RATE = 5e-5
"""Lost and inserted bases together, for each base."""

RUN_RATE = 0.02
"""Probability that a run of three bases is read one too long or too short; doubled for four, and so on."""


def places(length: int, rate: float, rng: random.Random) -> Iterator[int]:
    """Yield places below a length, each drawn with the same probability, in order."""
    if rate <= 0:
        return
    scale = math.log1p(-rate)
    place = int(math.log(1.0 - rng.random()) / scale)
    while place < length:
        yield place
        place += 1 + int(math.log(1.0 - rng.random()) / scale)


def mutated(bases: str, rate: float, rng: random.Random) -> str:
    """Return bases of which each is exchanged for another one with a probability."""
    found = list(bases)
    for place in places(len(bases), rate, rng):
        found[place] = rng.choice([other for other in BASES if other != bases[place]])
    return "".join(found)


def random_indels(bases: str, rng: random.Random) -> str:
    """Lose and insert single bases at random, and exchange some."""
    found = list(mutated(bases, SUBSTITUTIONS, rng))
    for place in places(len(found), INDEL_RATE, rng):
        found[place] = "" if rng.random() < 0.5 else found[place] + rng.choice(BASES)
    return "".join(found)


def misread_runs(bases: str, rng: random.Random) -> str:
    """Read runs of three or more equal bases a base too long or too short, as flow sequencing does."""

    def misread(run: re.Match[str]) -> str:
        rate = RUN_RATE * (len(run[0]) - 2)
        drawn = rng.random()
        return run[0][1:] if drawn < rate / 2 else run[0] + run[0][0] if drawn < rate else run[0]

    return re.sub(r"A{3,}|C{3,}|G{3,}|T{3,}", misread, mutated(bases, SUBSTITUTIONS, rng))
