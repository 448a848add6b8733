"""Says in a terminal why a sample has its verdict, from its report.json alone."""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

from aspsfusion.report.findings import Fusion, Reason, SupportingRead
from aspsfusion.report.models import Exclusion, Report
from aspsfusion.report.words import count, percent, plural, rounded_up

WIDTH = 100
"""Characters of a line."""

INDENT = "  "


def explain_verdict(report: Report) -> str:
    """Return the verdict, its reasons and what they rest on, as text."""
    verdict, before = report.verdict, report.verdict.before_batch_check
    sections: list[tuple[str, Iterable[str]]] = [
        ("", (f"{report.sample_id}: {verdict.call} ({verdict.target})", verdict.statement)),
        ("Why", _with_codes(verdict.reasons)),
        (
            "Before the batch check",
            [f"{before.call} by the sample's own reads. {before.statement}"] if before else [],
        ),
        (
            f"Fusions, positions on {report.panel.build}",
            (line for fusion in report.fusions for line in _fusion(fusion)),
        ),
        (
            "Not called",
            (
                f"{each.name}, {each.five_prime.site} :: {each.three_prime.site}. "
                f"{_clauses(_with_codes(each.reasons))}"
                for each in report.filtered
            ),
        ),
        (
            "Breaks without a known partner",
            (
                f"{place.gene} at {place.chrom}:{place.pos}: {plural(place.fragments, 'fragment')}, "
                f"consensus {place.clipped_consensus}"
                for place in report.one_sided
            ),
        ),
        ("Would it have been detected", _exclusion(report.exclusion)),
        (
            "Quality",
            (f"{each.status}: {each.name} {each.value}, limit {each.limit}" for each in report.qc.checks),
        ),
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


def _with_codes(reasons: Iterable[Reason]) -> Iterator[str]:
    return (f"{reason.code}: {reason.text}" for reason in reasons)


def _clauses(texts: Iterable[str]) -> str:
    """Return texts in one line, those that are sentences without their stops."""
    return "; ".join(text.rstrip(".") for text in texts)


def _exclusion(excluded: Exclusion) -> Iterator[str]:
    for place, fragments in excluded.informative_fragments.items():
        needed = "" if excluded.needed_fragments is None else f", {count(excluded.needed_fragments)} needed"
        yield f"{place}: {plural(fragments, 'informative wild-type fragment')}{needed}"
    if excluded.detectable_fraction is not None:
        yield (
            f"a share of {rounded_up(excluded.detectable_fraction)} would have been detected with "
            f"{percent(excluded.confidence)} probability; an exclusion requires "
            f"{percent(excluded.threshold)} or less"
        )


def find_read(report: Report, name: str) -> tuple[Fusion, SupportingRead] | None:
    """Return a supporting read with its fusion, by its name, or `name#number` where names repeat."""
    reads = ((fusion, read) for fusion in report.fusions for read in fusion.reads)
    return next((each for each in reads if name in (each[1].name, f"{each[1].name}#{each[1].number}")), None)


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
    short = (
        "Its shorter side is too short for an anchor: it counts only where other reads prove the junction."
    )
    text = (
        f"{read.name} counts for {junction}: {read.anchor_five_prime} bases in {fusion.five_prime.gene}, "
        f"{read.anchor_three_prime} in {fusion.three_prime.gene}, "
        f"{plural(read.mismatches, 'edit')} in the whole fragment."
        f"{'' if read.kind == 'split' else f' {short}'}{copies}"
    )
    return f"{textwrap.fill(text, WIDTH)}\n{_under_the_junction(fusion, read)}"


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
    edges = [*pairwise([0, *bars, length])]
    lines = ["|".join(text[start:end] for start, end in edges) for text in (shown, bases)]
    return f"{INDENT}junction  {lines[0]}\n{INDENT}read      {lines[1]}\n"
