"""Writes the study's results: a table with a row for each arm of each cell, and a page to read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion import __version__
from aspsfusion.io.files import replacing
from aspsfusion.validation.outcomes import Outcome, read_outcomes
from aspsfusion.validation.reads import Dilution, JunctionReads
from aspsfusion.validation.run import Chain
from aspsfusion.validation.study import Study, read_rows, write_rows
from aspsfusion.validation.tables import (
    DETECTION_PREFIX,
    CellRow,
    Share,
    calibration,
    cell_rows,
    detection_limits,
    share,
)

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


@dataclass(frozen=True)
class Inputs:
    """Everything the page is written from.

    Attributes:
        study: the study.
        outcomes: of all samples.
        rows: counted by cell and arm.
        panel: directory of the panel.
        confidence: of the exclusion that the reports state.
        facts: panel, reference and thresholds, by name.
        junction_reads: see `reads.junction_reads`; may be empty.
        dilutions: see `reads.dilute`; may be empty.
    """

    study: Study
    outcomes: Sequence[Outcome]
    rows: Sequence[CellRow]
    panel: Path
    confidence: float
    facts: dict[str, str]
    junction_reads: Sequence[JunctionReads]
    dilutions: Sequence[Dilution]

    @classmethod
    def read(
        cls,
        study: Study,
        chain: Chain,
        cells: Iterable[Path],
        junction_reads: Path | None,
        dilution: Path | None,
    ) -> "Inputs":
        """Read the tables of cells, and of the smaller studies where they were made.

        Raises:
            ReadsError: a file is no table of outcomes.
        """
        panel, outcomes = chain.panel, list(read_outcomes(cells))
        facts = {
            "program": f"aspsfusion {__version__}",
            "panel": f"{panel.spec.name} {panel.spec.version}",
            "reference": str(panel.provenance["reference_kind"]),
            "call": _settings(chain.call.model_dump()),
            "classify": _settings(chain.classify.model_dump()),
            "seed of the study": str(study.seed),
        }
        return cls(
            study,
            outcomes,
            cell_rows(study, outcomes),
            panel.directory,
            chain.classify.confidence,
            facts,
            read_rows(JunctionReads, junction_reads) if junction_reads else [],
            read_rows(Dilution, dilution) if dilution else [],
        )


def _settings(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def write_results(inputs: Inputs, tsv: Path, markdown: Path, *, force: bool = False) -> None:
    """Write the table, with a row for each arm of each cell, and the page."""
    write_rows(CellRow, inputs.rows, tsv, force=force)
    parts = [
        _head(inputs),
        _summary(inputs),
        *_factors(inputs),
        _detection(inputs),
        _calibration(inputs),
        _junction_reads(inputs),
        _dilution(inputs),
        _wrong_verdicts(inputs),
    ]
    with replacing(markdown, force=force) as draft:
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
    return _section("All samples") + table(("samples and outcome", "number", "percent (interval)"), rows)


def _confirmed(outcome: Outcome) -> bool:
    return outcome.call == "CONFIRMED"


def _excluded(outcome: Outcome) -> bool:
    return outcome.call == "EXCLUDED"


def _factors(inputs: Inputs) -> Iterator[str]:
    for factor in dict.fromkeys(row.factor for row in inputs.rows):
        rows = [row for row in inputs.rows if row.factor == factor]
        layout = factor.removeprefix(DETECTION_PREFIX)
        title = factor if layout == factor else f"number of fragments across the junction, {layout}"
        yield _section(f"By {title}") + table(
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


def _detection(inputs: Inputs) -> str:
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
    return _section("Limit of detection", _DETECTION_TEXT) + table(
        ("reads", "limit", "fragments: CONFIRMED, percent (interval)"), rows
    )


def _calibration(inputs: Inputs) -> str:
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
    return _section("Calibration of the exclusion", _CALIBRATION_TEXT) + table(
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


def _junction_reads(inputs: Inputs) -> str:
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
    return _section("Fragments at the junctions", _JUNCTION_READS_TEXT) + table(
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


def _dilution(inputs: Inputs) -> str:
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
    return _section("Real reads diluted", _DILUTION_TEXT) + table(
        ("fragments left", "samples", "CONFIRMED, percent", "INDETERMINATE", "EXCLUDED", "exact"), rows
    )


def _wrong_verdicts(inputs: Inputs) -> str:
    """Return every wrong verdict and how its sample is made again."""
    wrong = [outcome for outcome in inputs.outcomes if outcome.wrong]
    if not wrong:
        return _section("Wrong verdicts", "None.")
    listed = [
        (
            outcome.cell,
            outcome.arm,
            outcome.index,
            inputs.study.sample(outcome.cell, outcome.arm, outcome.index).seed,
            outcome.wrong,
            outcome.reasons.replace(",", ", "),
            outcome.crossing,
        )
        for outcome in wrong[:MAX_LISTED]
    ]
    more = f"\nand {len(wrong) - MAX_LISTED:,} more\n" if len(wrong) > MAX_LISTED else ""
    return (
        _section("Wrong verdicts", _WRONG_TEXT.format(panel=inputs.panel))
        + table(("cell", "arm", "index", "seed", "what is wrong", "reasons", "fragments across"), listed)
        + more
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


def _section(title: str, text: str = "") -> str:
    """Return the beginning of a section."""
    return f"## {title}\n\n" + (f"{text}\n" if text else "")
