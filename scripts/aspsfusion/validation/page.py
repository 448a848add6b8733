"""Writes the study's results: a table with a row for each arm of each cell, and a page to read."""

from collections.abc import Iterator
from pathlib import Path

from aspsfusion.io.files import replacing
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.page_inputs import Inputs, table
from aspsfusion.validation.page_sections import (
    calibration_section,
    detection,
    dilution,
    junction_reads,
    wrong_verdicts,
)
from aspsfusion.validation.tables import DETECTION_PREFIX, Share, share


def write_page(inputs: Inputs, path: Path, *, force: bool = False) -> None:
    """Write the page, Markdown."""
    parts = [
        _head(inputs),
        _summary(inputs),
        *_factors(inputs),
        detection(inputs),
        calibration_section(inputs),
        junction_reads(inputs),
        dilution(inputs),
        wrong_verdicts(inputs),
    ]
    with replacing(path, force=force) as draft:
        draft.write_text("\n".join(part for part in parts if part), encoding="utf-8", newline="\n")


def _head(inputs: Inputs) -> str:
    positives = sum(row.samples for row in inputs.rows if row.truth == "target")
    facts = "".join(f"* {name}: {value}\n" for name, value in inputs.facts.items())
    return f"""# {inputs.study.title}

Written by `make validate`; do not edit. {len(inputs.outcomes):,} simulated samples, {positives:,} of them
with the target fusion, went through screen, align, evidence, call and report. Each cell changes one thing of
a base case, or joins hard conditions. Intervals are 95% score intervals (Wilson 1927). Simulated reads show
that the method does what it says under the stated conditions; they do not replace a laboratory's own samples.

{facts}"""


def _summary(inputs: Inputs) -> str:
    study, outcomes = inputs.study, inputs.outcomes
    cells = {cell.name: cell for cell in study.cells}
    target = [o for o in outcomes if o.truth == "target"]
    enough = [o for o in target if cells[o.cell].fraction is None and o.crossing >= 3]
    long_pairs = [o for o in enough if study.reads_long_pairs(cells[o.cell])]
    ends = [o for o in target if cells[o.cell].at_exon_ends]
    absent = [o for o in outcomes if o.truth != "target"]
    none = [o for o in outcomes if o.truth == "none"]
    other = [o for o in outcomes if o.truth == "other"]
    lines: list[tuple[str, Share]] = [
        ("target fusion, 3 or more fragments across the junction: CONFIRMED", share(enough, _confirmed)),
        ("the same in pairs of 2x75 and longer: CONFIRMED", share(long_pairs, _confirmed)),
        ("3 or more fragments across the junction: EXCLUDED (missed)", share(enough, _excluded)),
        ("target fusion, whatever the number of fragments: EXCLUDED (missed)", share(target, _excluded)),
        ("target fusion reported: right type", share(target, lambda o: o.right_type)),
        ("target fusion reported, joined at exon ends: position exact", share(ends, lambda o: o.exact)),
        ("no target fusion: CONFIRMED (false)", share(absent, _confirmed)),
        ("no rearrangement: EXCLUDED", share(none, _excluded)),
        ("another rearrangement of the target genes: named", share(other, lambda o: o.named)),
        ("another rearrangement of the target genes: EXCLUDED (passed over)", share(other, _excluded)),
    ]
    rows = [(text, f"{part.part:,} of {part.whole:,}", part.percent()) for text, part in lines]
    return "## All samples\n\n" + table(("samples and outcome", "number", "percent (interval)"), rows)


def _confirmed(outcome: Outcome) -> bool:
    return outcome.call == "CONFIRMED"


def _excluded(outcome: Outcome) -> bool:
    return outcome.call == "EXCLUDED"


def _factors(inputs: Inputs) -> Iterator[str]:
    for factor in dict.fromkeys(row.factor for row in inputs.rows):
        rows = [row for row in inputs.rows if row.factor == factor]
        layout = factor.removeprefix(DETECTION_PREFIX)
        title = factor if layout == factor else f"number of fragments across the junction, {layout}"
        yield f"## By {title}\n\n" + table(
            (
                "cell",
                "level",
                "holds",
                "samples",
                "CONFIRMED, percent",
                "INDETERMINATE",
                "EXCLUDED",
                "wrong",
                "right type",
                "exact",
                "fragments counted / across",
                "informative",
            ),
            [
                (
                    row.cell,
                    row.level,
                    {"target": "the fusion", "other": "another", "none": "none"}[row.truth],
                    row.samples,
                    row.sensitivity.percent(),
                    row.indeterminate,
                    row.excluded,
                    row.wrong,
                    f"{row.right_type} of {row.typed}" if row.typed else "",
                    f"{row.exact} of {row.named}" if row.named else "",
                    f"{row.fragments:g} / {row.crossing:g}" if row.truth != "none" else "",
                    f"{row.informative:g}",
                )
                for row in rows
            ],
        )
