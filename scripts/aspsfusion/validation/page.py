"""Writes the study's results: a table with a row for each arm of each cell, and a page to read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aspsfusion import __version__
from aspsfusion.io.files import write_text
from aspsfusion.io.tables import write_rows
from aspsfusion.report.models import Call
from aspsfusion.validation.outcomes import Outcome, read_outcomes, shows_fusion, violations
from aspsfusion.validation.reads import Dilution, JunctionReads
from aspsfusion.validation.run import Chain
from aspsfusion.validation.sections import (
    calibrated,
    detection,
    dilution,
    factors,
    junction_reads,
    section,
    shares,
    table,
)
from aspsfusion.validation.study import Study, read_rows
from aspsfusion.validation.tables import CellRow, Share, calibration, cell_rows, detection_limits, share

MAX_LISTED = 100
"""Samples with violations that are listed one by one; the tables of the cells hold all."""

ENOUGH_FRAGMENTS = 3
"""Fragments across a junction between exon borders from which on the fusion is expected to be CONFIRMED."""

_VIOLATIONS_TEXT = """\
Each is made again, with reads and report, by
`aspsfusion validate sample --panel {panel} --cell CELL --arm ARM --index N --output PREFIX`,
with `--study` and thresholds where they were others than the defaults.
"""
_REFERENCES = {
    "demonstration": "demonstration, with the real bases of exons of 22 genes, both targets among them "
    "(resources/README.md); all else is invented"
}
"""What is real in a reference, by its kind."""
_MADE_TEXT = """\
Screen, align, evidence, call and report examined each sample as they do a patient's, and the verdict was
compared with what was simulated. Each cell changes one thing of a base case, or joins hard conditions;
`resources/validation/study.yaml` says what must come out of it, and what must not (a violation). The
numbers of all cells are in `validation.tsv`.
"""


@dataclass(frozen=True)
class Inputs:
    """Everything the page is written from; junction reads and dilutions may be empty."""

    study: Study
    chain: Chain
    outcomes: Sequence[Outcome]
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
        return cls(
            study,
            chain,
            list(read_outcomes(cells)),
            read_rows(JunctionReads, junction_reads) if junction_reads else [],
            read_rows(Dilution, dilution) if dilution else [],
        )

    @cached_property
    def violated(self) -> list[tuple[Outcome, list[str]]]:
        """The samples with violations, and what these are."""
        found = ((outcome, violations(outcome, self.study.cell(outcome.cell))) for outcome in self.outcomes)
        return [(outcome, words) for outcome, words in found if words]


def _settings(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def write_results(inputs: Inputs, tsv: Path, markdown: Path, *, force: bool = False) -> None:
    """Write the table, with a row for each arm of each cell, and the page."""
    study, confidence = inputs.study, inputs.chain.classify.confidence
    rows = cell_rows(study, inputs.outcomes)
    write_rows(CellRow, rows, tsv, force=force)
    parts = [
        _head(inputs),
        _questions(inputs),
        detection(detection_limits(study, rows)),
        shares(study, rows),
        calibrated(calibration(study, inputs.outcomes, confidence)),
        factors(study, rows),
        junction_reads(inputs.junction_reads),
        dilution(inputs.dilutions),
        _violations(inputs),
        _made(inputs),
    ]
    write_text(markdown, "\n".join(filter(None, parts)), force=force)


def _head(inputs: Inputs) -> str:
    samples, positives = len(inputs.outcomes), sum(outcome.truth == "target" for outcome in inputs.outcomes)
    return f"""# {inputs.study.title}

{samples:,} simulated samples of known truth, {positives:,} of them with the target fusion. Percentages have
95% score intervals (Wilson 1927). Simulated reads show that the method does what it says under the stated
conditions; they do not replace a laboratory's own samples. C / I / E stands for samples that are CONFIRMED,
INDETERMINATE and EXCLUDED, "shown" for fragments of which a read shows both genes, "without the fusion" for
samples that were made alike without it. Long reads have a study of their own, [long-reads.md](long-reads.md).
Written by `make validate`; do not edit.
"""


def _questions(inputs: Inputs) -> str:
    """Return what a pathologist asks first."""
    outcomes, limit = inputs.outcomes, inputs.chain.classify.max_detectable_fraction
    cells = {cell.name: cell for cell in inputs.study.cells}

    def expects(outcome: Outcome, call: Call) -> bool:
        return cells[outcome.cell].expected(outcome.arm).verdict == call

    target = [o for o in outcomes if o.truth == "target"]
    shown = [o for o in target if shows_fusion(o, cells[o.cell])]
    many = [o for o in target if o.crossing >= ENOUGH_FRAGMENTS and cells[o.cell].at_exon_ends]
    enough = [o for o in many if expects(o, "CONFIRMED")]
    deep = [o for o in outcomes if o.detectable is not None and o.detectable <= limit]
    covered = [o for o in deep if o.truth == "none" and expects(o, "EXCLUDED")]
    absent = [o for o in outcomes if o.truth != "target"]
    other = [o for o in absent if o.truth == "other"]
    lines: list[tuple[str, Share]] = [
        ("False CONFIRMED: samples without the target fusion", share(absent, _confirmed)),
        ("False EXCLUDED: samples whose reads show the target fusion", share(shown, _excluded)),
        ("Another rearrangement of the target genes passed over: EXCLUDED", share(other, _excluded)),
        (
            f"CONFIRMED with {ENOUGH_FRAGMENTS} or more fragments across a junction between exons",
            share(enough, _confirmed),
        ),
        (
            "EXCLUDED without any rearrangement, where both genes are covered well enough",
            share(covered, _excluded),
        ),
        ("Right type, where the target fusion is reported", share(target, lambda o: o.right_type)),
        ("Right to the base, with the inserted bases", share(target, lambda o: o.exact)),
        ("Violations of any kind", Share(len(inputs.violated), len(outcomes))),
    ]
    rows = [(text, f"{part.part:,} of {part.whole:,}", part.percent()) for text, part in lines]
    return section("What is asked first") + table(("", "samples", "percent (interval)"), rows)


def _confirmed(outcome: Outcome) -> bool:
    return "CONFIRMED" in outcome.calls


def _excluded(outcome: Outcome) -> bool:
    return "EXCLUDED" in outcome.calls


def _violations(inputs: Inputs) -> str:
    """Return every sample with a violation and how it is made again."""
    found = inputs.violated
    if not found:
        return section("Violations", "None.")
    listed = [
        (
            outcome.cell,
            outcome.arm,
            outcome.index,
            inputs.study.sample(outcome.cell, outcome.arm, outcome.index).seed,
            "; ".join(words),
            outcome.reasons.replace(",", ", "),
            outcome.crossing,
        )
        for outcome, words in found[:MAX_LISTED]
    ]
    more = f"\nand {len(found) - MAX_LISTED:,} more\n" if len(found) > MAX_LISTED else ""
    header = ("cell", "arm", "index", "seed", "what is wrong", "reasons", "fragments shown")
    text = _VIOLATIONS_TEXT.format(panel=inputs.chain.panel.directory)
    return section("Violations", text) + table(header, listed) + more


def _made(inputs: Inputs) -> str:
    """Return how the study was made."""
    chain, panel = inputs.chain, inputs.chain.panel
    kind = str(panel.provenance["reference_kind"])
    facts = {
        "program": f"aspsfusion {__version__}",
        "panel": f"{panel.spec.name} {panel.spec.version}",
        "reference": _REFERENCES.get(kind, kind),
        "call": _settings(chain.call.model_dump()),
        "classify": _settings(chain.classify.model_dump()),
        "seed of the study": str(inputs.study.seed),
    }
    listed = "".join(f"* {name}: {value}\n" for name, value in facts.items())
    return section("How it was made", _MADE_TEXT) + listed
