"""Samples of another species, mixtures with one, and what must not be taken for one: people and poor runs."""

import random
from dataclasses import replace
from itertools import product

from carriers.genes import Genes
from carriers.junctions import LIBRARIES
from carriers.kind import NOT_EXCLUDED, Kind, Outcome, mixed, share
from carriers.misreading import mutated
from carriers.reads import Library
from carriers.sample import Report, Runner
from carriers.wild_type import wild_type

SAID, HUMAN_HALF, OWN = "said to be foreign", "informative fragments of the human half", "all are its own"

DIVERGENCE = 0.09
TOLERANCE = 0.06
"""Share by which the informative fragments of a half foreign sample may differ from those of its own half: of
single reads of 75 nt some foreign ones are alike by chance, and some of its own have as many errors."""
FOREIGN_LIBRARIES = {
    **LIBRARIES,
    "1x100": Library(read=100, paired=False, insert=220),
    "1x75": Library(paired=False),
}
SAMPLES = ("another species", "half of another species", "people", "3% errors", "5% errors")
CELLS = mixed(product(SAMPLES, FOREIGN_LIBRARIES))


def differing(genes: Genes, rate: float, rng: random.Random) -> Genes:
    """Return both target genes with substitutions that all their reads have in common."""
    return {
        name: replace(genes[name], bases=mutated(genes[name].bases, rate, rng))
        for name in ("ASPSCR1", "TFE3")
    }


def people(genes: Genes, rng: random.Random) -> tuple[Genes, Genes]:
    """Return two alleles, each with a substitution of its own in every 300 nt."""
    return differing(genes, 1 / 300, rng), differing(genes, 1 / 300, rng)


def foreign(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a sample of which all, half or no wild-type fragments are of another species."""
    kind, layout = CELLS[number % len(CELLS)]
    genes, library = runner.genes, FOREIGN_LIBRARIES[layout]
    if kind == "another species":
        report = runner.report(wild_type(differing(genes, DIVERGENCE, rng), library, rng))
        checks = {NOT_EXCLUDED: report["verdict"]["call"] != "EXCLUDED", SAID: _is_said(report)}
    elif kind == "half of another species":
        human = wild_type(genes, library, rng)
        others = wild_type(differing(genes, DIVERGENCE, rng), library, rng)
        report = runner.report([*human, *(each.named(f"m{each.name}") for each in others)])
        checks = {HUMAN_HALF: _alike(report, runner.report(human)), SAID: _is_said(report)}
    elif kind == "people":
        fragments = [
            each.named(f"{name}{each.name}")
            for name, allele in zip("ab", people(genes, rng), strict=True)
            for each in wild_type(allele, replace(library, errors=0.01), rng)
        ]
        report = runner.report(fragments)
        checks = {OWN: not _is_said(report) and not report["qc"]["diverged_fragments"]}
    else:
        errors = int(kind[0]) / 100
        report = runner.report(wild_type(genes, replace(library, errors=errors), rng))
        checks = {OWN: not _is_said(report) and not report["qc"]["diverged_fragments"]}
    facts = {"TFE3": float(report["qc"]["diverged_fragments"].get("TFE3", 0))}
    return Outcome.of(("foreign", number), kind, library.words, report, checks, facts)


def _is_said(report: Report) -> bool:
    return "DIVERGED_READS" in [flag["code"] for flag in report["qc"]["flags"]]


def _alike(report: Report, alone: Report) -> bool:
    """Whether as many fragments inform as without the others, but for those that are alike by chance."""
    found, expected = (each["exclusion"]["informative_fragments"] for each in (report, alone))
    return all(abs(found[place] - count) <= max(1, TOLERANCE * count) for place, count in expected.items())


FOREIGN_KINDS = (
    Kind(
        "foreign", 250, foreign, (share(NOT_EXCLUDED), share(SAID), share(HUMAN_HALF, 0.9), share(OWN, 0.9))
    ),
)
