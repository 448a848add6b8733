"""Samples whose numbers are known: copies and molecules, shares, and fragments whose names repeat."""

import json
import math
import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from carriers.junctions import LIBRARIES, THREE_EXONS, listed
from carriers.kind import CONFIRMED, Kind, Outcome, Promise, share
from carriers.misreading import BASES, misread_runs, random_indels
from carriers.reads import Fragment, Join, Library, across, sequenced, write
from carriers.sample import Report, Runner, analysed, target_of
from carriers.wild_type import wild_type

NOT_CONFIRMED, AT_MOST_TWO, KEPT = "not CONFIRMED", "at most 2 molecules", "95% of the molecules kept"
SAME = "the same report"

MISREADINGS = {"runs misread": misread_runs, "indels": random_indels}
COPY_CELLS = list(product(MISREADINGS, (True, False), ("no UMI", "one UMI")))
COPIES = (30, 1000)
UMI = "ACGTTGCA"
EVERY_DISTINCT = 5
"""Every fifth sample has molecules that are distinct instead of copies of one."""

DISTINCT = 150
INSERT = 180

SHARES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
SHARE_SAMPLES, SHARE_FRAGMENTS, TOLERANCE = 20, 500, 0.02
AROUND = 60
"""Bases before and after all fragments that hold the acceptor where fragments begin and end too."""

LAYOUTS = (
    ("lanes", 2, True),
    ("lanes", 3, True),
    ("lanes", 4, True),
    ("one file", 1, True),
    ("single", 3, False),
)
NAMINGS = ("equal in lanes", "one name")


def molecules(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge copies of one fusion molecule, or distinct molecules, read with indels."""
    errors, paired, umi = COPY_CELLS[number // EVERY_DISTINCT % len(COPY_CELLS)]
    library = Library(paired=paired, misread=MISREADINGS[errors])
    words = f"{errors}, {'pairs' if paired else 'singles'}"
    if number % EVERY_DISTINCT == 0:
        return _distinct(runner, number, library, words, rng)
    count = round(math.exp(rng.uniform(*map(math.log, COPIES))))
    joined = listed(runner.genes, rng.choice(list(THREE_EXONS))).joined
    molecule, reverse = _over(joined, rng), rng.random() < 0.5
    fragments = [
        sequenced(molecule, library, rng, _with_umi(f"c{copy}", umi == "one UMI"), reverse=reverse)
        for copy in range(count)
    ]
    if umi == "one UMI":
        fragments += _of_others(runner, count, library, rng)
    report = runner.report(fragments)
    found = sum(each["fragments"] for each in report["fusions"])
    checks = {AT_MOST_TWO: found <= 2, NOT_CONFIRMED: report["verdict"]["call"] != CONFIRMED}
    return Outcome.of(
        ("molecules", number),
        f"copies, {words}, {umi}",
        f"{count} copies",
        report,
        checks,
        {"molecules": found, "copies": count},
    )


def _over(joined: Join, rng: random.Random) -> str:
    """Return a molecule over a join that a read of 75 nt from either end may show."""
    shown = rng.randint(24, 51)
    if rng.random() < 0.5:
        return joined.bases[joined.left - shown : joined.left - shown + INSERT]
    return joined.bases[joined.left + shown - INSERT : joined.left + shown]


def _with_umi(name: str, has_one: bool, umi: str = UMI) -> str:
    return f"{name}_{umi}" if has_one else name


def _of_others(runner: Runner, count: int, library: Library, rng: random.Random) -> list[Fragment]:
    """Return wild-type molecules with UMIs of their own, so that one UMI is not that of all fragments."""
    bases = runner.genes["TFE3"].bases
    found = []
    for number in range(count + 1):
        start = rng.randrange(len(bases) - INSERT)
        name = _with_umi(f"o{number}", True, "".join(rng.choices(BASES, k=len(UMI))))
        found.append(sequenced(bases[start : start + INSERT], library, rng, name))
    return found


def _distinct(runner: Runner, number: int, library: Library, words: str, rng: random.Random) -> Outcome:
    bases = runner.genes["TFE3"].bases
    starts = rng.sample(range(len(bases) - INSERT - 40), DISTINCT)
    fragments = [
        sequenced(bases[start : start + INSERT + rng.randint(-40, 40)], library, rng, f"m{start}")
        for start in starts
    ]
    report = runner.report(fragments)
    found = report["qc"]["candidate_fragments"] - report["qc"]["duplicates"]
    checks = {KEPT: found >= 0.95 * DISTINCT, NOT_CONFIRMED: report["verdict"]["call"] != CONFIRMED}
    return Outcome.of(
        ("molecules", number),
        f"distinct, {words}",
        f"{found} of {DISTINCT} molecules",
        report,
        checks,
        {"molecules": found},
    )


def true_share(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a sample whose transcripts of TFE3 are of the fusion in a known share."""
    level = SHARES[number % len(SHARES)]
    kind = list(THREE_EXONS)[number // len(SHARES) % 2]
    library = LIBRARIES[rng.choice(list(LIBRARIES))]
    gene, fusion = runner.genes["TFE3"], listed(runner.genes, kind).joined
    whole = (gene.bases, gene.start_of(THREE_EXONS[kind]))
    fragments = []
    for each in range(SHARE_FRAGMENTS):
        bases, place = (fusion.bases, fusion.left) if rng.random() < level else whole
        # Fragments begin at every base of either transcript with the same probability.
        length = library.fragment(rng)
        start = rng.randint(place - length - AROUND, place + AROUND)
        fragments.append(sequenced(bases[start : start + length], library, rng, f"s{each}"))
    report = runner.report(fragments)
    found = target_of(report)
    estimate = 0.0 if found is None else found["fraction_three_prime"]
    return Outcome.of(
        ("share", number),
        f"{level:.0%}",
        f"{kind} {library.words}: {estimate:.3f}",
        report,
        {"type found": found is not None and found["type"] == kind},
        {"level": level, "estimate": estimate},
    )


def _unbiased(outcomes: Sequence[Outcome]) -> tuple[str, bool]:
    estimates: dict[float, list[float]] = defaultdict(list)
    for outcome in outcomes:
        estimates[outcome.facts["level"]].append(outcome.facts["estimate"])
    means = {level: fmean(found) for level, found in sorted(estimates.items())}
    words = ", ".join(f"{100 * level:g}: {100 * mean:.1f}" for level, mean in means.items())
    return words, all(abs(mean - level) <= TOLERANCE for level, mean in means.items())


def names(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a carrier whose fragments have equal names, by the command line, in lanes or in one file."""
    layout, lanes, paired = LAYOUTS[number % len(LAYOUTS)]
    naming = NAMINGS[number // len(LAYOUTS) % len(NAMINGS)]
    library = Library(paired=paired)
    joined = listed(runner.genes, rng.choice(list(THREE_EXONS))).joined
    fragments = across(joined, rng.randint(5, 15), (16, 16), library, rng, "f")
    fragments += wild_type(runner.genes, library, rng)
    rng.shuffle(fragments)
    size = -(-len(fragments) // max(lanes, 2))
    own = [fragment.named(f"own{place}") for place, fragment in enumerate(fragments)]
    equal = [
        fragment.named(f"r{place % size}" if naming == "equal in lanes" else "r")
        for place, fragment in enumerate(fragments)
    ]
    with TemporaryDirectory() as scratch:
        reports = [
            _without_labels(analysed(runner.panel, Path(scratch), _lanes(named, lanes, Path(scratch))))
            for named in (own, equal)
        ]
    checks = {SAME: json.dumps(reports[0]) == json.dumps(reports[1])}
    checks[CONFIRMED] = reports[0]["verdict"]["call"] == CONFIRMED
    return Outcome.of(
        ("names", number), f"{lanes} {layout}, {naming}", f"{len(fragments)} fragments", reports[1], checks
    )


def _lanes(fragments: list[Fragment], lanes: int, directory: Path) -> list[list[Path]]:
    size = -(-len(fragments) // lanes)
    return [
        write(fragments[lane * size : (lane + 1) * size], directory / f"lane{lane}") for lane in range(lanes)
    ]


def _without_labels(report: Report) -> Report:
    """Return a report without the names of its reads and the bytes of its files, which hold them."""
    report["inputs"] = []
    for fusion in report["fusions"]:
        for read in fusion["reads"]:
            read["name"] = ""
    return report


COUNT_KINDS = (
    Kind("molecules", 500, molecules, (share(AT_MOST_TWO), share(NOT_CONFIRMED), share(KEPT))),
    Kind(
        "share",
        SHARE_SAMPLES * len(SHARES),
        true_share,
        (share("type found"), Promise("mean estimate within 2 points, in percent", _unbiased)),
    ),
    Kind("names", 40, names, (share(SAME), share(CONFIRMED))),
)
