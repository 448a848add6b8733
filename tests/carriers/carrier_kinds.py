"""Samples with the fusion: listed junctions with inserted bases or variants, and joins of random shape."""

import math
import random
from itertools import chain, product

from carriers.artefacts import unknown_gene
from carriers.genes import Gene
from carriers.junctions import LIBRARIES, THREE_EXONS, Listed, with_inserted, with_variant
from carriers.kind import CONFIRMED, COVERED, NOT_EXCLUDED, Kind, Outcome, mixed, share
from carriers.misreading import BASES
from carriers.reads import Fragment, Join, across, around, bridging
from carriers.sample import Report, Runner, target_of
from carriers.shapes import Site, joined_at, random_shape, random_site
from carriers.wild_type import covered, wild_type

TYPED, INSERTED, FRAME = "CONFIRMED with its type", "inserted bases exact", "frame right"
WITHIN, DESCRIBED = "share within the interval of the truth", "deviation described"

LONGEST_INSERTED = 30
INSERTED_CELLS = mixed(product(range(LONGEST_INSERTED + 1), THREE_EXONS, LIBRARIES))
INSERTED_FRAGMENTS, INSERTED_MARGIN = 12, (16, 20)

CHANGES = ("snp", "del1", "del3", "ins1", "ins3")
PLACES = range(-4, 4)
VARIANT_CELLS = mixed(product(CHANGES, PLACES, THREE_EXONS, LIBRARIES))
VARIANT_FRAGMENTS = 4

RANDOM_MARGIN = (17, 17)
BESIDE = 20
"""Wild-type fragments of either gene around the place where a random shape cuts it."""

AGREEING = 3
JOINED_MARGIN, LEFT_MARGIN = (17, 17), (25, 25)
"""Bases of both sides that each of three fragments shows at least, where both genes are joined, and where one
is left: the screen finds no read by fewer than 20 bases of the panel."""

ANCHOR = 10
"""Bases on both sides of a place by which a wild-type read shows that the gene is whole there."""


def _typed(report: Report, truth: Listed) -> dict[str, bool]:
    fusion = target_of(report)
    call = report["verdict"]["call"]
    return {
        NOT_EXCLUDED: call != "EXCLUDED",
        TYPED: call == "CONFIRMED" and fusion is not None and fusion["type"] == truth.type,
        FRAME: fusion is not None and fusion["in_frame"] == truth.in_frame,
        COVERED: covered(report),
    }


def inserted(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge twelve fragments of a listed junction with 0 to 30 inserted bases."""
    length, kind, name = INSERTED_CELLS[number % len(INSERTED_CELLS)]
    library = LIBRARIES[name]
    truth = with_inserted(runner.genes, kind, length, rng)
    fragments = across(truth.joined, INSERTED_FRAGMENTS, INSERTED_MARGIN, library, rng, "f")
    report = runner.report([*fragments, *wild_type(runner.genes, library, rng)])
    fusion = target_of(report)
    checks = _typed(report, truth) | {
        INSERTED: fusion is not None and fusion["inserted_sequence"] == truth.inserted
    }
    tens = f"{length // 10 * 10} to {length // 10 * 10 + 9} nt" if length else "none"
    return Outcome.of(("inserted", number), f"{kind} {name}, inserted {tens}", truth.inserted, report, checks)


def variants(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge four fragments of a listed junction with a variant within 4 nt of it."""
    change, at, kind, name = VARIANT_CELLS[number % len(VARIANT_CELLS)]
    library = LIBRARIES[name]
    if change.startswith("del") and at < 0:
        at = min(at, -int(change[3:]))  # a deletion lies on one side
    truth = with_variant(runner.genes, kind, change, at, rng)
    fragments = across(truth.joined, VARIANT_FRAGMENTS, INSERTED_MARGIN, library, rng, "f")
    others = wild_type(runner.genes, library, rng)
    report = runner.report([*fragments, *others])
    fusion = target_of(report)
    tfe3 = runner.genes["TFE3"]
    whole = _whole(tfe3, tfe3.start_of(THREE_EXONS[kind]), others)
    low, high = binomial_interval(VARIANT_FRAGMENTS, VARIANT_FRAGMENTS + whole)
    reported = None if fusion is None else fusion["fraction_three_prime"]
    checks = _typed(report, truth) | {
        WITHIN: reported is not None and low <= reported <= high,
        DESCRIBED: fusion is not None and bool(fusion["deviation"]),
    }
    detail = f"{kind} {name}, {change} at {at}, true share {VARIANT_FRAGMENTS}/{VARIANT_FRAGMENTS + whole}"
    return Outcome.of(
        ("variants", number), f"{change} at {at}", f"{detail}, reported {reported}", report, checks
    )


def _whole(gene: Gene, place: int, fragments: list[Fragment]) -> int:
    """Count the fragments of which a read without errors there shows that a gene is whole at a place."""
    shown = gene.bases[place - ANCHOR : place + ANCHOR]
    return sum(fragment.shows(shown) for fragment in fragments)


def binomial_interval(good: int, number: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the central interval of a share of so many, where the true one is `good` of them."""
    rate, tail, sums = good / number, (1 - confidence) / 2, 0.0
    low, high = None, number
    for count in range(number + 1):
        sums += math.comb(number, count) * rate**count * (1 - rate) ** (number - count)
        if low is None and sums > tail:
            low = count
        if sums >= 1 - tail:
            high = count
            break
    return (low or 0) / number, high / number


def random_carrier(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge 8 to 14 fragments of a join of random shape."""
    genes = runner.genes
    shape = random_shape(genes, rng)
    library = shape.library
    fragments = across(shape.joined, shape.fragments, RANDOM_MARGIN, library, rng, "f")
    fragments += wild_type(genes, library, rng)
    for name, place in zip(("ASPSCR1", "TFE3"), shape.places, strict=True):
        fragments += around(genes[name], (place,), BESIDE, library, rng, "b")
    report = runner.report(fragments)
    fusion, call = target_of(report), report["verdict"]["call"]
    checks = {NOT_EXCLUDED: call != "EXCLUDED", CONFIRMED: call == "CONFIRMED", COVERED: covered(report)}
    if shape.in_frame is not None and call == "CONFIRMED":
        checks[FRAME] = fusion is not None and fusion["in_frame"] == shape.in_frame
    detail = f"{shape.detail}, {shape.fragments} fragments"
    return Outcome.of(("random", number), shape.words, detail, report, checks)


ORDERS = (("ASPSCR1", "TFE3"), ("TFE3", "ASPSCR1"))
SITES = ("exon", "intron", "deep intron")
NEAR = SITES[:2]
AGREEING_CELLS = mixed(
    (what, genes, sites)
    # Twice as often near the exons, of which more is promised.
    for where in (NEAR, SITES)
    for what, genes, sites in chain(
        product(("split", "bridging"), ORDERS, product(where, repeat=2)),
        product(("random", "unknown gene"), (("ASPSCR1", ""), ("", "TFE3")), product(where)),
    )
)
"""Evidence or unknown partner, genes, and where they are cut."""


def agreeing(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge three fragments that agree on a join of the two genes, or of one with an unknown partner."""
    what, (first, second), sites = AGREEING_CELLS[number % len(AGREEING_CELLS)]
    library = LIBRARIES[rng.choice(list(LIBRARIES))]
    margin = JOINED_MARGIN
    if what in ("random", "unknown gene"):
        margin = LEFT_MARGIN
        joined, cuts = _with_unknown(runner, what, first, second, sites[0], rng)
        words = f"{first or what}::{second or what}, {sites[0]}"
    else:
        cuts = [
            random_site(runner.genes[name], where, rng)
            for name, where in zip((first, second), sites, strict=True)
        ]
        joined = joined_at(runner.genes[first], cuts[0], runner.genes[second], cuts[1])
        words = f"{first}::{second}, {' to '.join(sites)}, {what}"
    if what == "bridging":
        fragments = bridging(joined, AGREEING, library, rng, "f")
    else:
        fragments = across(joined, AGREEING, margin, library, rng, "f")
    report = runner.report([*fragments, *wild_type(runner.genes, library, rng)])
    checks = {COVERED: covered(report)}
    # The screen keeps no bases deep in an intron, as the report says: verdicts are only counted.
    if "deep intron" not in sites:
        checks[NOT_EXCLUDED] = report["verdict"]["call"] != "EXCLUDED"
    detail = f"{library.words}, cut at {', '.join(f'{cut.exonic}+{cut.intronic}' for cut in cuts)}"
    return Outcome.of(("agreeing", number), words, detail, report, checks)


def _with_unknown(
    runner: Runner, what: str, first: str, second: str, where: str, rng: random.Random
) -> tuple[Join, list[Site]]:
    """Return a join of one gene with a partner that the panel does not hold."""
    partner = "".join(rng.choices(BASES, k=600)) if what == "random" else unknown_gene(runner.genes, 600, rng)
    gene = runner.genes[first or second]
    cut = random_site(gene, where, rng)
    if first:
        kept = cut.before(gene)
        return Join(kept + partner, len(kept), len(kept)), [cut]
    return Join(partner + cut.after(gene), len(partner), len(partner)), [cut]


CARRIER_KINDS = (
    Kind(
        "inserted",
        4 * len(INSERTED_CELLS),
        inserted,
        (share(NOT_EXCLUDED), share(TYPED, 0.95), share(INSERTED, 0.95), share(FRAME), share(COVERED, 0.95)),
    ),
    Kind(
        "variants",
        3 * len(VARIANT_CELLS),
        variants,
        (
            share(NOT_EXCLUDED),
            share(TYPED, 0.95),
            share(WITHIN, 0.95),
            share(DESCRIBED, 0.95),
            share(COVERED, 0.95),
        ),
    ),
    Kind(
        "random",
        2000,
        random_carrier,
        (share(NOT_EXCLUDED), share(CONFIRMED, 0.9), share(FRAME), share(COVERED, 0.95)),
    ),
    Kind(
        "agreeing",
        1500,
        agreeing,
        (share(NOT_EXCLUDED), share(COVERED, 0.95)),
    ),
)
