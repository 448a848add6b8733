"""The sections of the page beside the tables of cells: limits, calibration, fragments, wrong verdicts."""

from aspsfusion.validation.page_inputs import Inputs, section, table
from aspsfusion.validation.tables import Share, calibration, detection_limits

MAX_LISTED = 100
"""Wrong verdicts that are listed one by one; the table of samples holds all."""

_DETECTION_TEXT = """\
Fewest unique fragments across the junction at which, and above which, 95% of the samples are CONFIRMED.
"""
_CALIBRATION_TEXT = """\
Samples in which the fusion makes up a true share of the transcripts at the acceptor that is not below the
share which the report's coverage would state as detectable. Nothing at all may be seen in at most 5% of them
where it is stated with 95% confidence, and in 1% with 99%.
"""
_JUNCTION_READS_TEXT = """\
Pairs of 2x101, mean insert 250: those whose better crossing read has 11 to 20 nt of the 5' gene, and those
that cross or bridge the junction anywhere, one base of each gene at the least. The fragments of a junction
are a sample of their own, then one sample with those of the other listed junctions.
"""
_DILUTION_TEXT = """\
Reads of a real positive sample, of whose supporting fragments only so many were left, chosen by chance.
"""
_WRONG_TEXT = """\
Each is made again, with reads and report, by
`aspsfusion validate sample --panel {panel} --cell CELL --arm ARM --index N --output PREFIX`,
with `--study` and thresholds where they were others than the defaults.
"""


def detection(inputs: Inputs) -> str:
    """Return the limits of detection, nothing without cells for them."""
    found = detection_limits(inputs.study, inputs.rows)
    if not found:
        return ""
    rows = [
        (
            limit.group,
            limit.limit if limit.limit is not None else "not reached",
            "; ".join(f"{number}: {confirmed.percent()}" for number, confirmed in limit.tried),
        )
        for limit in found
    ]
    return section("Limit of detection", _DETECTION_TEXT) + table(
        ("reads", "limit", "fragments: CONFIRMED, percent (interval)"), rows
    )


def calibration_section(inputs: Inputs) -> str:
    """Return the calibration of the exclusion, nothing without cells for it."""
    found = calibration(inputs.study, inputs.outcomes, inputs.confidence)
    if not found:
        return ""
    rows = [
        (
            row.cell,
            f"{100 * row.fraction:g}",
            f"{100 * row.level:g}",
            f"{row.missed.part} of {row.missed.whole}",
            row.missed.percent(),
            f"{100 * (1 - row.level):g}",
        )
        for row in found
    ]
    return section("Calibration of the exclusion", _CALIBRATION_TEXT) + table(
        (
            "cell",
            "true share, percent",
            "confidence, percent",
            "nothing seen",
            "percent (interval)",
            "at most",
        ),
        rows,
    )


def junction_reads(inputs: Inputs) -> str:
    """Return what became of single fragments at the junctions, nothing where it was not studied."""
    if not inputs.junction_reads:
        return ""
    rows = [
        (
            row.question,
            row.junction,
            "alone" if row.sample == row.junction else "with those of the other junctions",
            row.fragments,
            f"{row.right} ({100 * row.right / row.fragments:.1f}%)",
            row.not_typable,
            row.other_type,
            row.elsewhere,
            row.not_counted,
        )
        for row in inputs.junction_reads
    ]
    return section("Fragments at the junctions", _JUNCTION_READS_TEXT) + table(
        (
            "fragments",
            "junction",
            "given",
            "number",
            "counted for it",
            "for it or another",
            "for another listed one",
            "elsewhere",
            "not counted",
        ),
        rows,
    )


def dilution(inputs: Inputs) -> str:
    """Return the real reads diluted, nothing without them."""
    if not inputs.dilutions:
        return ""
    rows = [
        (
            row.fragments,
            row.draws,
            Share(row.confirmed, row.draws).percent(),
            row.indeterminate,
            row.excluded,
            f"{row.exact} of {row.named}",
        )
        for row in inputs.dilutions
    ]
    return section("Real reads diluted", _DILUTION_TEXT) + table(
        ("fragments left", "samples", "CONFIRMED, percent", "INDETERMINATE", "EXCLUDED", "exact"), rows
    )


def wrong_verdicts(inputs: Inputs) -> str:
    """Return every wrong verdict and how its sample is made again."""
    wrong = [outcome for outcome in inputs.outcomes if outcome.wrong]
    if not wrong:
        return "## Wrong verdicts\n\nNone.\n"
    listed = [
        (
            outcome.cell,
            outcome.arm,
            outcome.index,
            inputs.study.seed_of(inputs.study.cell(outcome.cell), outcome.arm, outcome.index),
            outcome.wrong,
            outcome.reasons.replace(",", ", "),
            outcome.crossing,
        )
        for outcome in wrong[:MAX_LISTED]
    ]
    more = f"\nand {len(wrong) - MAX_LISTED:,} more\n" if len(wrong) > MAX_LISTED else ""
    return (
        section("Wrong verdicts", _WRONG_TEXT.format(panel=inputs.panel))
        + table(("cell", "arm", "index", "seed", "what is wrong", "reasons", "fragments across"), listed)
        + more
    )
