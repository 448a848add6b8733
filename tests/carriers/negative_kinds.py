"""Samples without the fusion: false signals of all kinds, and what random chimeras cost."""

import random

from carriers.artefacts import FALSE_SIGNALS, chimeras
from carriers.genes import Genes
from carriers.junctions import FIVE_EXON, LIBRARIES, acceptors
from carriers.kind import Kind, Outcome, Promise, share
from carriers.reads import Fragment, Library, around, showing
from carriers.sample import Runner
from carriers.wild_type import FIVE_PRIME, SHOWN, covered, wild_type

NOT_CONFIRMED, EXCLUDED = "not CONFIRMED", "covered and clean: EXCLUDED"
COSTS_NOTHING = "EXCLUDED as without chimeras"

NEGATIVE_LIBRARIES = (*LIBRARIES.values(), Library(paired=False), Library(read=100, paired=False, insert=220))
DEEP, DEEP_SHARE = 5, 0.1
"""Times the usual wild type that some negatives have, and their share."""

CHIMERA_RATE = 1e-3
LEVELS = {30: 34, 100: 100, 1000: 1000}
"""Informative fragments at each acceptor by name; 32 are needed, so that 30 stands for just enough."""


def negative(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a sample without the fusion that has one kind of false signal, or all of them."""
    names = list(FALSE_SIGNALS)
    name = names[number % len(names)]
    signal = FALSE_SIGNALS[name]
    library = signal.library(NEGATIVE_LIBRARIES[number // len(names) % len(NEGATIVE_LIBRARIES)])
    times = DEEP if rng.random() < DEEP_SHARE else 1
    fragments = wild_type(runner.genes, library, rng, times)
    for extra in signal.extra:
        fragments += extra(runner.genes, library, rng)
    report = runner.report(fragments)
    call = report["verdict"]["call"]
    checks = {NOT_CONFIRMED: call != "CONFIRMED"}
    if name == "clean" and covered(report):
        checks[EXCLUDED] = call == "EXCLUDED"
    facts = {"covered": float(covered(report))}
    return Outcome.of(("negatives", number), name, f"{library.words}, {times} times", report, checks, facts)


def chimera_cost(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a covered negative with as many random chimeras as one in 1,000 fragments of both genes."""
    level = list(LEVELS)[number % len(LEVELS)]
    library = LIBRARIES[rng.choice(list(LIBRARIES))]
    genes, informative = runner.genes, LEVELS[level]
    total = fragments_of_both(genes, library, informative)
    drawn = sum(rng.random() < CHIMERA_RATE for _ in range(total))
    plain: list[Fragment] = []
    for place in acceptors(genes):
        plain += showing(genes["TFE3"], place, SHOWN + 2, informative, library, rng, f"w{place}_")
    plain += around(genes["ASPSCR1"], (genes["ASPSCR1"].end_of(FIVE_EXON),), FIVE_PRIME, library, rng, "w")
    report = runner.report([*plain, *chimeras(genes, library, rng, drawn)])
    # Without chimeras nothing speaks for a fusion that does not with them.
    alone = report if report["verdict"]["call"] == "EXCLUDED" or not drawn else runner.report(plain)
    checks = {}
    if alone["verdict"]["call"] == "EXCLUDED":
        checks[f"{COSTS_NOTHING}, {level} informative"] = report["verdict"]["call"] == "EXCLUDED"
    detail = f"{library.words}, {drawn} chimeras of {total} fragments, alone {alone['verdict']['call']}"
    shape = f"{level} informative, {drawn if drawn < 4 else '4 or more'} chimeras"
    return Outcome.of(("chimera_cost", number), shape, detail, report, checks, {"chimeras": drawn})


def fragments_of_both(genes: Genes, library: Library, informative: int) -> int:
    """Return how many fragments of both genes a sample with so many informative ones at an acceptor has.

    Fragments begin evenly over the transcripts, equally many at each base of either gene.
    """
    shown = (1 + library.paired) * (library.read - 2 * SHOWN + 1)
    return round(informative / shown * sum(len(genes[name].bases) for name in ("ASPSCR1", "TFE3")))


def _costs(level: int) -> Promise:
    return share(f"{COSTS_NOTHING}, {level} informative", 0.98)


NEGATIVE_KINDS = (
    Kind("negatives", 3300, negative, (share(NOT_CONFIRMED), share(EXCLUDED, 0.98))),
    Kind("chimera_cost", 900, chimera_cost, tuple(map(_costs, LEVELS))),
)
