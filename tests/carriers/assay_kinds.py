"""Samples of libraries made by primers: what amplicons and anchored PCR can show, and what they cannot."""

import random
from collections.abc import Sequence
from itertools import product

from carriers.assays import (
    IN_NAMES,
    INLINE,
    Umi,
    amplified,
    antisense_primer,
    copied,
    extended,
    sense_primer,
)
from carriers.genes import Gene, Genes
from carriers.junctions import FIVE_EXON, THREE_EXONS, listed
from carriers.kind import CONFIRMED, NOT_EXCLUDED, Kind, Outcome, mixed, share
from carriers.reads import Library
from carriers.sample import Report, Runner

NOT_CONFIRMED, EXCLUDED = "not CONFIRMED", "EXCLUDED"
NO_BREAK = "no one-sided break"
NOTICED = "an inline UMI that is not declared is noticed"
NOTHING = "nothing speaks for the fusion"
SEEN = "a carrier at the stated share is seen"
NEVER_EXCLUDED = "a carrier at the stated share is not EXCLUDED"
ALL_COUNTED, NOT_COUNTED = "30 of 30 molecules", "INDETERMINATE with FIXED_ENDS"

READS = Library(read=150, insert=260, spread=50, adapters=True)
"""Long enough to pass exon 5 from a primer in exon 6, and read from both ends."""

MOLECULES = 400
"""Of each amplicon, or of TFE3 from the primers of anchored PCR."""

OTHERS = 60
"""Molecules of each control gene in anchored PCR."""

TARGETS = ("ASPSCR1", "TFE3")
CONTROLS = 4
BESIDE = 60
"""Bases from a place that an amplicon crosses to its ends."""

FOR_THE_TARGET = (
    "TARGET_FUSION",
    "TARGET_FUSION_UNLISTED",
    "WEAK_EVIDENCE",
    "UNPROVEN_EVIDENCE",
    "UNEXPLAINED_BRIDGE",
)
"""Codes of the reasons that speak for the target fusion."""

INTO_EXON = (45, 75)
"""Bases of exon 6 that a molecule from each of the two primers of anchored PCR ends with."""

MARGIN = 10
"""Bases of each gene by which a molecule shows a join."""

DECLARED = (
    *product(("amplicon", "anchored"), (True, False)),
    *product(("capture", "polyA", "total", None), (False,)),
)
"""Kind of library, and whether its primers are declared."""

HOLDING: tuple[str | None, ...] = (None, *THREE_EXONS)
"""Types of the fusion that a sample holds; None for none."""

AMPLICON_CELLS = mixed(product(DECLARED, HOLDING, (IN_NAMES, INLINE)))
FUSION_SHARE = 0.3
"""Of the transcripts of both genes in the carriers that expression amplicons are made of."""

LAYOUTS = {
    "UMI in names": (IN_NAMES, True),
    "inline UMI": (INLINE, True),
    "inline UMI, not declared": (INLINE, False),
}
SHARES, DEPTHS = (0.05, 0.10, 0.20), (400, 800)
POSITIVE_CELLS = mixed(product(SHARES, THREE_EXONS, LAYOUTS))
ENOUGH = 20
"""Molecules that show the join, with which a carrier is CONFIRMED."""

NEGATIVE_CELLS = mixed(product(THREE_EXONS, ("UMI in names", "inline UMI")))

ILLUMINA = "A01:10:HXX:1:1101:{number}:{copy}"
LONG_UMIS = {
    "UMI after _": Umi(inline=False, length=12),
    "UMI after #": Umi(inline=False, length=12, form="{number}.{copy}#{umi}"),
    "UMI of two parts, r": Umi(inline=False, length=16, form=f"{ILLUMINA}:{{a}}+r{{b}}"),
    "UMI after the word umi": Umi(inline=False, length=12, form=f"{ILLUMINA}::umi:{{umi}}"),
    "UMIs of 12 to 14 bases": Umi(inline=False, length=14, shorter=2, form=f"{ILLUMINA}:{{umi}}"),
    "inline UMI": Umi(inline=True, length=12),
}
"""Of thirty random UMIs of 12 nt two are hardly ever within one base of each other, as those of 8 nt are."""

FUSION_AMPLICON_CELLS = mixed(product(("no UMI", *LONG_UMIS), THREE_EXONS, ("amplicon", None)))
CLEAN_PAIRS, COUNTED, EACH = 2000, 30, 3


def controls(genes: Genes) -> list[Gene]:
    """Return four genes that no fusion is asked of."""
    return [gene for name, gene in sorted(genes.items()) if name not in TARGETS][:CONTROLS]


def expression_primers(genes: Genes) -> list[tuple[str, str]]:
    """Return pairs of primers within one gene: TFE3 exons 4 to 5 and 5 to 6, two of ASPSCR1, four others."""
    tfe3, aspscr1 = genes["TFE3"], genes["ASPSCR1"]
    places = [(tfe3, tfe3.start_of(exon)) for exon in (5, 6)]
    places += [(aspscr1, aspscr1.start_of(exon)) for exon in (5, 8)]
    places += [(gene, len(gene.bases) // 2) for gene in controls(genes)]
    return [(sense_primer(gene, at - BESIDE), antisense_primer(gene, at + BESIDE)) for gene, at in places]


def expression_amplicons(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge amplicons of single genes, of a carrier or not."""
    (declared, primers_known), holds, umi = AMPLICON_CELLS[number % len(AMPLICON_CELLS)]
    genes = runner.genes
    fusion = listed(genes, holds).joined.bases if holds else ""
    molecules: list[str] = []
    pairs = expression_primers(genes)
    for pair in pairs:
        of_others = [made for gene in controls(genes) if (made := amplified(gene.bases, *pair))]
        of_target = [made for name in TARGETS if (made := amplified(genes[name].bases, *pair))]
        of_fusion = [made for made in (amplified(fusion, *pair),) if made]
        for _ in range(MOLECULES):
            # A transcript of the fusion takes the place of one of the wild type, and may give nothing.
            holds_it = bool(fusion) and rng.random() < FUSION_SHARE
            molecules += of_others + (of_fusion if holds_it else of_target)
    fragments = copied(molecules, Library(100, adapters=True), rng, "a", umi, (1, 1))
    primers = [primer for pair in pairs for primer in pair] if primers_known else []
    report = runner.report(fragments, declared, umi.structures, primers)
    call = report["verdict"]["call"]
    checks = {NOT_EXCLUDED: call != "EXCLUDED", NOT_CONFIRMED: call != "CONFIRMED"}
    shape = f"{'carrier' if holds else 'negative'}, declared {declared or 'nothing'}"
    shape += " with its primers" if primers else ""
    detail = f"{holds or 'no fusion'}, {'inline' if umi.inline else 'in names'}"
    return Outcome.of(("expression_amplicons", number), shape, detail, report, checks)


Primed = list[tuple[str, int]]
"""A primer and the length in nt of the molecule that is made from it, for each molecule."""


def target_primers(genes: Genes) -> list[str]:
    """Return the primers of anchored PCR in exon 6 of TFE3."""
    gene = genes["TFE3"]
    return [antisense_primer(gene, gene.start_of(6) + bases) for bases in INTO_EXON]


def control_primers(genes: Genes) -> dict[str, str]:
    """Return the primers of anchored PCR in other genes, by gene."""
    return {gene.name: antisense_primer(gene, len(gene.bases) // 2) for gene in controls(genes)}


def anchored_primers(genes: Genes) -> list[str]:
    """Return all primers of anchored PCR."""
    return [*target_primers(genes), *control_primers(genes).values()]


def primed(genes: Genes, count: int, rng: random.Random) -> Primed:
    """Draw so many molecules from the primers of anchored PCR in TFE3."""
    primers = target_primers(genes)
    return [(rng.choice(primers), READS.fragment(rng)) for _ in range(count)]


def of_controls(genes: Genes, rng: random.Random) -> list[str]:
    """Return molecules from primers in genes that no fusion is asked of."""
    found = []
    for name, primer in control_primers(genes).items():
        gene = genes[name]
        found += [extended(gene.bases, primer, READS.fragment(rng)) for _ in range(OTHERS)]
    return found


def anchored(
    genes: Genes, drawn: Primed, fusion: str, level: float, rng: random.Random
) -> tuple[list[str], int]:
    """Return the molecules of a sample with a share of fusion transcripts, and how many of them show it."""
    wild, joined = genes["TFE3"].bases, listed(genes, fusion).joined
    across = joined.bases[joined.left - MARGIN : joined.right + MARGIN]
    found = [
        extended(joined.bases if rng.random() < level else wild, primer, length) for primer, length in drawn
    ]
    return found, sum(across in molecule for molecule in found)


def positive(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a carrier by anchored PCR with primers in exon 6 of TFE3 alone."""
    level, fusion, layout = POSITIVE_CELLS[number % len(POSITIVE_CELLS)]
    umi, declared = LAYOUTS[layout]
    drawn = primed(runner.genes, rng.choice(DEPTHS), rng)
    molecules, shown = anchored(runner.genes, drawn, fusion, level, rng)
    fragments = copied(molecules + of_controls(runner.genes, rng), READS, rng, "m", umi)
    structures = umi.structures if declared else ()
    report = runner.report(fragments, "anchored", structures, anchored_primers(runner.genes))
    call = report["verdict"]["call"]
    checks = {NOT_EXCLUDED: call != "EXCLUDED", NO_BREAK: not report["one_sided"]}
    if not declared:
        checks[NOTICED] = any(flag["code"] == "FOREIGN_STARTS" for flag in report["qc"]["flags"])
    if shown >= ENOUGH:
        checks[CONFIRMED] = call == CONFIRMED
    shape = f"{level:.0%}, {fusion}, {layout}"
    detail = f"{shown} of {len(drawn)} molecules show it"
    facts: dict[str, float] = {"shown": shown, "found": _molecules(report)}
    return Outcome.of(("anchored_positive", number), shape, detail, report, checks, facts)


def negative(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge a sample without the fusion, and then one with as much of it as the first one rules out.

    That is the calibration: the share stated for the negative is an upper bound if samples that hold the
    fusion at this very share are hardly ever passed over.
    """
    fusion, layout = NEGATIVE_CELLS[number % len(NEGATIVE_CELLS)]
    umi, _ = LAYOUTS[layout]
    drawn = primed(runner.genes, MOLECULES, rng)
    others = of_controls(runner.genes, rng)

    def judged(level: float) -> tuple[Report, int]:
        molecules, shown = anchored(runner.genes, drawn, fusion, level, rng)
        fragments = copied(molecules + others, READS, rng, "m", umi)
        return runner.report(fragments, "anchored", umi.structures, anchored_primers(runner.genes)), shown

    report, _ = judged(0.0)
    stated = report["exclusion"]["detectable_fraction"] or 1.0
    carrier, shown = judged(stated)
    checks = {
        NOT_CONFIRMED: report["verdict"]["call"] != "CONFIRMED",
        EXCLUDED: report["verdict"]["call"] == "EXCLUDED",
        NO_BREAK: not report["one_sided"],
        NOTHING: not speaks_for_it(report),
        SEEN: speaks_for_it(carrier),
        NEVER_EXCLUDED: carrier["verdict"]["call"] != "EXCLUDED",
    }
    detail = f"stated {stated}, {fusion}: {shown} molecules show it"
    facts = {"stated": stated, "shown": shown}
    return Outcome.of(("anchored_negative", number), layout, detail, report, checks, facts)


def speaks_for_it(report: Report) -> bool:
    """Whether a reason of the verdict speaks for the target fusion, so that it is not EXCLUDED."""
    return any(reason["code"] in FOR_THE_TARGET for reason in report["verdict"]["reasons"])


def fusion_amplicons(runner: Runner, number: int, rng: random.Random) -> Outcome:
    """Judge amplicons of the fusion, with UMIs or without, beside those of control genes."""
    layout, fusion, declared = FUSION_AMPLICON_CELLS[number % len(FUSION_AMPLICON_CELLS)]
    genes, umi = runner.genes, LONG_UMIS.get(layout)
    five, three = genes["ASPSCR1"], genes["TFE3"]
    across = (
        sense_primer(five, five.end_of(FIVE_EXON) - BESIDE),
        antisense_primer(three, three.start_of(6) + BESIDE),
    )
    count, each = (CLEAN_PAIRS, 1) if umi is None else (COUNTED, EACH)
    molecules = [amplified(listed(genes, fusion).joined.bases, *across)] * count
    of_others = expression_primers(genes)[-CONTROLS:]
    for gene, pair in zip(controls(genes), of_others, strict=True):
        molecules += [amplified(gene.bases, *pair)] * count
    primers = [primer for pair in (across, *of_others) for primer in pair] if declared else []
    fragments = copied(molecules, Library(100, adapters=True), rng, "a", umi, (each, each))
    report = runner.report(fragments, declared, umi.structures if umi else (), primers)
    call, found = report["verdict"]["call"], _molecules(report)
    if umi is None:
        codes = [reason["code"] for reason in report["verdict"]["reasons"]]
        checks = {NOT_COUNTED: call == "INDETERMINATE" and "FIXED_ENDS" in codes}
    else:
        checks = {CONFIRMED: call == CONFIRMED, ALL_COUNTED: found == COUNTED}
    detail = f"{fusion}, declared {declared or 'nothing'}, {found} molecules"
    return Outcome.of(("fusion_amplicons", number), layout, detail, report, checks, {"found": found})


def _molecules(report: Report) -> int:
    return sum(each["fragments"] for each in report["fusions"] if each["is_target"])


ASSAY_KINDS: Sequence[Kind] = (
    Kind("expression_amplicons", 180, expression_amplicons, (share(NOT_EXCLUDED), share(NOT_CONFIRMED))),
    Kind("anchored_positive", 360, positive, tuple(map(share, (CONFIRMED, NOTICED, NOT_EXCLUDED, NO_BREAK)))),
    Kind(
        "anchored_negative",
        1000,
        negative,
        (
            *map(share, (NOT_CONFIRMED, EXCLUDED, NO_BREAK)),
            share(NOTHING, 0.98),
            share(SEEN, 0.95),
            share(NEVER_EXCLUDED, 0.95),
        ),
    ),
    Kind("fusion_amplicons", 120, fusion_amplicons, tuple(map(share, (NOT_COUNTED, CONFIRMED, ALL_COUNTED)))),
)
