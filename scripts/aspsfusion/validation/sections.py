"""Writes the sections of the study's page that are tables of counts."""

from collections.abc import Callable, Iterable, Sequence

from aspsfusion.validation.reads import Dilution, JunctionReads
from aspsfusion.validation.study import Arm, Study
from aspsfusion.validation.tables import DETECTION_FACTOR, Calibration, CellRow, Detection, Share

_DETECTION_TEXT = """\
CONFIRMED, percent (interval), by unique fragments of which a read shows both genes. The limit is the
fewest fragments at which, and above which, 95% of the samples are CONFIRMED.
"""
_SHARES_TEXT = """\
CONFIRMED / INDETERMINATE / EXCLUDED in percent of the samples, by the true share of fusion transcripts at the
acceptor (rows) and the informative fragments of the sample (columns). EXCLUDED speaks of shares from the
detectable one on: below it a fusion may be there of which no read was sequenced.
"""
_DECLARED_TEXT = """\
The same samples with a share of tumour cells declared (`tumour_fraction`) that equals the fusion's share of
the transcripts; the limit of an exclusion is half of it, where that is smaller than the usual limit.
"""
_CALIBRATION_TEXT = """\
Samples in which the true share of fusion transcripts is not below the share which the report's coverage
would state as detectable. Nothing at all may be seen in at most 5% of them where it is stated with 95%
confidence, and in 1% with 99%.
"""
_TARGET_TEXT = """\
CONFIRMED, percent (interval).
"""
_OTHER_TEXT = """\
INDETERMINATE with the right reason, percent (interval).
"""
_JUNCTION_READS_TEXT = """\
Pairs of 2x101, mean insert 250: those whose better crossing read has 11 to 20 nt of the 5' gene, and those
that cross or bridge the junction anywhere, one base of each gene at the least. The fragments of a junction
are a sample of their own, then one sample with those of the other listed junctions.
"""
_DILUTION_TEXT = """\
Reads of a real positive sample, of whose supporting fragments only so many were left, chosen by chance.
"""
Entry = Callable[[CellRow], str]


def detection(limits: Sequence[Detection]) -> str:
    """Return the sensitivity by number of fragments and read layout, nothing without cells for it."""
    if not limits:
        return ""
    numbers = sorted({number for limit in limits for number in limit.tried})
    rows = [
        (
            limit.layout,
            *(limit.tried[number].percent() if number in limit.tried else "" for number in numbers),
            limit.limit if limit.limit is not None else "not reached",
        )
        for limit in limits
    ]
    header = ("reads", *(f"{number} fragment{'s' * (number > 1)}" for number in numbers), "limit")
    return section("Sensitivity by fragments across the junction", _DETECTION_TEXT) + table(header, rows)


def shares(study: Study, rows: Sequence[CellRow]) -> str:
    """Return the verdicts by true share and depth, nothing without cells for them."""
    factors = {cell.factor for cell in study.cells if cell.fraction is not None and cell.column}
    chosen = [row for row in rows if row.factor in factors]
    if not chosen:
        return ""
    text = section("Verdicts by true share and depth", _SHARES_TEXT) + _grid(chosen, _verdicts)
    declared = [row for row in chosen if row.declared_confirmed is not None]
    return text + (f"\n{_DECLARED_TEXT}\n" + _grid(declared, _declared) if declared else "")


def calibrated(found: Sequence[Calibration]) -> str:
    """Return the calibration of the exclusion, nothing without cells for it."""
    rows = [
        (
            f"{100 * row.fraction:g}",
            f"{100 * row.level:g}",
            f"{row.missed.part} of {row.missed.whole}",
            row.missed.percent(),
            f"{100 * (1 - row.level):g}",
        )
        for row in found
        if row.missed.whole
    ]
    if not rows:
        return ""
    header = ("true share, percent", "confidence, percent", "nothing seen", "percent (interval)", "at most")
    return section("Calibration of the exclusion", _CALIBRATION_TEXT) + table(header, rows)


def factors(study: Study, rows: Sequence[CellRow]) -> str:
    """Return a table for each factor that has no section of its own."""
    of_share = {cell.factor for cell in study.cells if cell.fraction is not None and cell.column}
    parts = []
    for factor in dict.fromkeys(row.factor for row in rows):
        chosen = [row for row in rows if row.factor == factor]
        if factor == DETECTION_FACTOR or factor in of_share:
            continue
        if all(row.column for row in chosen):
            text = _OTHER_TEXT if any(row.truth == "other" for row in chosen) else _TARGET_TEXT
            parts.append(section(_title(factor), text) + _matrix(chosen))
        else:
            parts.append(section(_title(factor)) + _listed(chosen))
    return "\n".join(parts)


def _title(factor: str) -> str:
    return factor[:1].upper() + factor[1:]


def _grid(rows: Sequence[CellRow], entry: Entry) -> str:
    """Return levels by columns, with an entry of each cell."""
    columns = list(dict.fromkeys(row.column for row in rows))
    entries = {(row.level, row.column): entry(row) for row in rows}
    levels = dict.fromkeys(row.level for row in rows)
    lines = [(level, *(entries.get((level, column), "") for column in columns)) for level in levels]
    return table(("", *columns), lines)


def _matrix(rows: Sequence[CellRow]) -> str:
    """Return levels by columns, and what is counted over the cells of a level."""
    columns = list(dict.fromkeys(row.column for row in rows))
    lines = []
    for level in dict.fromkeys(row.level for row in rows):
        of_level = [row for row in rows if row.level == level]
        found = {row.column: row for row in of_level if row.arm == "positive"}
        lines.append(
            (
                level,
                *(_share(found[column]).percent() if column in found else "" for column in columns),
                sum(row.excluded for row in found.values()),
                sum(row.violations for row in of_level),
                _part(found.values(), "right_type", "typed"),
                _part(found.values(), "exact", "named"),
                _part((row for row in of_level if row.arm == "negative"), "excluded", "samples"),
            )
        )
    counted = ("EXCLUDED", "violations", "right type", "exact", "without the fusion: EXCLUDED")
    return _filled(("", *columns, *counted), lines)


def _share(row: CellRow) -> Share:
    return row.sensitivity if row.truth == "target" else Share(row.as_expected, row.samples)


def _part(rows: Iterable[CellRow], part: str, whole: str) -> str:
    """Return `part of whole`, both summed over rows; empty of nothing."""
    listed = list(rows)
    total = sum(getattr(row, whole) for row in listed)
    return f"{sum(getattr(row, part) for row in listed):,} of {total:,}" if total else ""


def _listed(rows: Sequence[CellRow]) -> str:
    """Return a row for each cell: what it holds, and beside it the samples made alike without the fusion."""
    arms: dict[str, dict[Arm, CellRow]] = {}
    for row in rows:
        arms.setdefault(row.cell, {})[row.arm] = row
    lines = []
    for name, of_cell in arms.items():
        row = of_cell.get("positive") or of_cell["negative"]
        without = of_cell.get("negative") if "positive" in of_cell else None
        lines.append(
            (
                name,
                row.level,
                row.samples,
                row.expected,
                Share(row.as_expected, row.samples).percent(),
                _numbers(row),
                sum(row.violations for row in of_cell.values()),
                _part([row], "right_type", "typed"),
                _part([row], "exact", "named"),
                f"{row.fragments:g} / {row.crossing:g}" if row.truth != "none" else "",
                _numbers(without) if without else "",
            )
        )
    header = ("cell", "level", "samples", "expected", "as expected, percent", "C / I / E", "violations")
    counted = ("right type", "exact", "fragments counted / shown", "without the fusion: C / I / E")
    return _filled((*header, *counted), lines)


def _numbers(row: CellRow) -> str:
    return f"{row.confirmed} / {row.indeterminate} / {row.excluded}"


def _verdicts(row: CellRow) -> str:
    return _percents(row.samples, row.confirmed, row.indeterminate, row.excluded)


def _declared(row: CellRow) -> str:
    numbers = (row.declared_confirmed, row.declared_indeterminate, row.declared_excluded)
    return _percents(row.samples, *(number or 0 for number in numbers))


def _percents(samples: int, *numbers: int) -> str:
    return " / ".join(f"{100 * number / samples:.0f}" for number in numbers)


def junction_reads(found: Sequence[JunctionReads]) -> str:
    """Return what became of single fragments at the junctions, nothing where it was not studied."""
    if not found:
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
        for row in found
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


def dilution(found: Sequence[Dilution]) -> str:
    """Return the real reads diluted, nothing without them."""
    if not found:
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
        for row in found
    ]
    return section("Real reads diluted", _DILUTION_TEXT) + table(
        ("fragments left", "samples", "CONFIRMED, percent", "INDETERMINATE", "EXCLUDED", "exact"), rows
    )


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table.

    Raises:
        ValueError: a row has more or fewer cells than the header.
    """
    lines = [header, ["---"] * len(header), *rows]
    if any(len(line) != len(header) for line in lines):
        raise ValueError(f"rows of a table must have the {len(header)} cells of its header: {header}")
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _filled(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table without the columns that say nothing."""
    kept = [at for at in range(len(header)) if any(row[at] != "" for row in rows)]
    return table([header[at] for at in kept], [[row[at] for at in kept] for row in rows])


def section(title: str, text: str = "") -> str:
    """Return the beginning of a section."""
    return f"## {title}\n\n" + (f"{text}\n" if text else "")
