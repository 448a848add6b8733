"""Samples with the fusion and other sequence between its genes; each read shows one of the two joins."""

import random
from itertools import product

from carriers.genes import opposite
from carriers.junctions import LIBRARIES, THREE_EXONS
from carriers.kind import COVERED, NOT_EXCLUDED, Kind, Outcome, mixed, share
from carriers.misreading import BASES
from carriers.reads import Join, across, bridging
from carriers.sample import Runner
from carriers.wild_type import covered, wild_type

SOURCES = ("intron, antisense", "another gene", "another gene, antisense", "unknown")
COUNTS = ((2, 2, 0), (2, 2, 2), (3, 3, 0), (5, 5, 0))
"""Fragments across the first join, across the second one, and pairs with a mate in each gene."""

SHORTEST, LONGEST = 30, 150
MARGIN = (20, 20)
"""Bases of both sides of a join that each read shows at least."""

CELLS = mixed(product(SOURCES, COUNTS, THREE_EXONS.values(), LIBRARIES))

RELATED = ("ASPSCR1", "TFE3", "TFEB", "TFEC", "MITF")
"""Genes that other sequence does not come from: paralogs of TFE3 have its exon borders."""


def _sequence(runner: Runner, source: str, length: int, rng: random.Random) -> str:
    if source == "unknown":
        return "".join(rng.choices(BASES, k=length))
    if source.startswith("intron"):
        bases = runner.genes["ASPSCR1"].introns[6]
    else:
        others = [gene for name, gene in sorted(runner.genes.items()) if name not in RELATED]
        bases = rng.choice([gene.bases for gene in others if len(gene.bases) > 2 * LONGEST])
    start = rng.randrange(len(bases) - length)
    found = bases[start : start + length]
    return opposite(found) if source.endswith("antisense") else found


def between(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a few fragments at each end of a piece of other sequence between exon 7 and exon 5 or 6."""
    source, (first, second, pairs), exon, name = CELLS[number % len(CELLS)]
    library, genes = LIBRARIES[name], runner.genes
    five, three = genes["ASPSCR1"], genes["TFE3"]
    piece = _sequence(runner, source, rng.randint(SHORTEST, LONGEST), rng)
    cut = five.end_of(7)
    bases = five.bases[:cut] + piece + three.bases[three.start_of(exon) :]
    left, right = Join(bases, cut, cut), Join(bases, cut + len(piece), cut + len(piece))
    fragments = [
        *across(left, first, MARGIN, library, rng, "a"),
        *across(right, second, MARGIN, library, rng, "b"),
        *bridging(Join(bases, cut, cut + len(piece)), pairs if library.paired else 0, library, rng, "c"),
    ]
    report = runner.report([*fragments, *wild_type(genes, library, rng)])
    checks = {COVERED: covered(report), NOT_EXCLUDED: report["verdict"]["call"] != "EXCLUDED"}
    shape = f"{source}, {first}+{second}+{pairs}"
    return Outcome.of(("between", number), shape, f"{library.words}, {len(piece)} nt", report, checks)


BETWEEN_KINDS = (Kind("between", 6 * len(CELLS), between, (share(NOT_EXCLUDED), share(COVERED, 0.95))),)
