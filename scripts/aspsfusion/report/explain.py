"""Says in a terminal why a sample has its verdict, from its report.json alone."""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

from aspsfusion.report.findings import FilteredFusion, Fusion, SupportingRead
from aspsfusion.report.models import Report
from aspsfusion.report.words import count, percent, plural, rounded_up

WIDTH = 100
"""Characters of a line."""

INDENT = "  "


def explain_verdict(report: Report) -> str:
    """Return the verdict, its reasons and what they rest on, as text."""
    sections = [
        ("", _verdict(report)),
        ("Why", (f"{reason.code}: {reason.text}" for reason in report.verdict.reasons)),
        ("Before the batch check", _own_verdict(report)),
        (
            f"Fusions, positions on {report.panel.build}",
            (line for fusion in report.fusions for line in _fusion(fusion)),
        ),
        ("Not called", (_filtered(candidate) for candidate in report.filtered)),
        ("Breaks without a known partner", _one_sided(report)),
        ("Would it have been detected", _exclusion(report)),
        ("Quality", _quality(report)),
    ]
    blocks = [block for head, lines in sections if (block := _block(head, list(lines)))]
    return "\n\n".join([*report.notices, *blocks]) + "\n"


def _block(head: str, lines: list[str]) -> str:
    if not lines:
        return ""
    indent = INDENT if head else ""
    wrapped = [
        textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=indent + INDENT) for line in lines
    ]
    return "\n".join([head, *wrapped] if head else wrapped)


def _verdict(report: Report) -> Iterator[str]:
    yield f"{report.sample_id}: {report.verdict.call} ({report.verdict.target})"
    yield report.verdict.statement


def _own_verdict(report: Report) -> Iterator[str]:
    before = report.verdict.before_batch_check
    if before is not None:
        yield f"{before.call} by the sample's own reads. {before.statement}"


def _fusion(fusion: Fusion) -> Iterator[str]:
    five, three = fusion.five_prime, fusion.three_prime
    yield (
        f"{fusion.full_name}: {five.gene} {five.site} ({five.chrom}:{five.pos}), "
        f"{three.gene} {three.site} ({three.chrom}:{three.pos}); {fusion.hgvs}"
    )
    yield (
        f"  {plural(fusion.fragments, 'unique fragment')}, {count(fusion.split_reads)} across the junction, "
        f"{count(fusion.spanning_pairs)} spanning; wild type {count(fusion.wild_type_five_prime)} and "
        f"{count(fusion.wild_type_three_prime)}; share of {three.gene} {percent(fusion.fraction_three_prime)}"
    )
    yield f"  confidence {fusion.confidence}: {_clauses(fusion.confidence_reasons)}"


def _filtered(candidate: FilteredFusion) -> str:
    why = _clauses(f"{reason.code}: {reason.text}" for reason in candidate.reasons)
    return f"{candidate.name}, {candidate.five_prime.site} :: {candidate.three_prime.site}. {why}"


def _clauses(texts: Iterable[str]) -> str:
    """Return texts in one line, those that are sentences without their stops."""
    return "; ".join(text.rstrip(".") for text in texts)


def _one_sided(report: Report) -> Iterator[str]:
    for place in report.one_sided:
        yield (
            f"{place.gene} at {place.chrom}:{place.pos}: {plural(place.fragments, 'fragment')}, consensus "
            f"{place.clipped_consensus}"
        )


def _exclusion(report: Report) -> Iterator[str]:
    excluded = report.exclusion
    for place, fragments in excluded.informative_fragments.items():
        needed = "" if excluded.needed_fragments is None else f", {count(excluded.needed_fragments)} needed"
        yield f"{place}: {plural(fragments, 'informative wild-type fragment')}{needed}"
    if excluded.detectable_fraction is not None:
        yield (
            f"a share of {rounded_up(excluded.detectable_fraction)} would have been detected with "
            f"{percent(excluded.confidence)} probability; an exclusion requires "
            f"{percent(excluded.threshold)} or less"
        )


def _quality(report: Report) -> Iterator[str]:
    for check in report.qc.checks:
        yield f"{check.status}: {check.name} {check.value}, limit {check.limit}"


def find_read(report: Report, name: str) -> tuple[Fusion, SupportingRead] | None:
    """Return a supporting read of the report with its fusion, None when it is not there.

    Args:
        report: of the sample.
        name: read name, or `name#number` where names repeat.
    """
    for fusion in report.fusions:
        for read in fusion.reads:
            if name in (read.name, f"{read.name}#{read.number}"):
                return fusion, read
    return None


def other_reads_of_name(report: Report, name: str) -> str:
    """Return a sentence on the supporting reads that share a name, empty where it names one read alone."""
    numbers = sorted(read.number for fusion in report.fusions for read in fusion.reads if read.name == name)
    if len(numbers) < 2:
        return ""
    return f"{len(numbers)} supporting reads have this name: {', '.join(f'{name}#{n}' for n in numbers)}.\n"


def explain_supporting_read(fusion: Fusion, read: SupportingRead) -> str:
    """Return why a read of the report counts for its fusion, with its bases under the junction."""
    junction = fusion.full_name
    copies = "" if read.copies == 1 else f" It represents {read.copies} copies of one molecule."
    if not read.typable:
        copies += " Another known junction explains it about equally well."
    if read.kind == "spanning":
        text = (
            f"{read.name} counts for {junction}: its mates lie in {fusion.five_prime.gene} and in "
            f"{fusion.three_prime.gene}, on the two sides of the junction; neither crosses it.{copies}"
        )
        return textwrap.fill(text, WIDTH) + "\n"
    text = (
        f"{read.name} counts for {junction}: {read.anchor_five_prime} bases in {fusion.five_prime.gene}, "
        f"{read.anchor_three_prime} in {fusion.three_prime.gene}, "
        f"{plural(read.mismatches, 'edit')} in the whole fragment.{_overhang_words(read)}{copies}"
    )
    return f"{textwrap.fill(text, WIDTH)}\n{_under_the_junction(fusion, read)}"


def _overhang_words(read: SupportingRead) -> str:
    if read.kind == "split":
        return ""
    return (
        " Its shorter side is too short for an anchor: it counts only where other reads prove the junction."
    )


def _under_the_junction(fusion: Fusion, read: SupportingRead) -> str:
    """Return the junction's own sequence above the read, differences in lower case."""
    five, inserted, after = fusion.junction_parts
    before = five + inserted
    length = len(read.sequence)
    left, right = max(0, -read.offset), max(0, read.offset + length)
    reference = (before.rjust(left)[-left:] if left else "") + after.ljust(right)[:right]
    shown = reference[len(reference) - length :] if read.offset <= 0 else reference[read.offset :]
    bases = "".join(
        base.upper() if known in (base.upper(), " ", "N") else base.lower()
        for base, known in zip(read.sequence, shown, strict=True)
    )
    bars = [max(0, left - len(inserted)), left] if inserted else [left]
    lines = ["|".join(_cut(text, bars)) for text in (shown, bases)]
    return "".join(
        f"{INDENT}{label:<9} {line}\n" for label, line in zip(("junction", "read"), lines, strict=True)
    )


def _cut(text: str, places: list[int]) -> list[str]:
    """Cut a text at places in rising order."""
    edges = [0, *places, len(text)]
    return [text[start:end] for start, end in pairwise(edges)]
