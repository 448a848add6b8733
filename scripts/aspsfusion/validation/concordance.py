"""Compares the verdicts of batches with known samples: a laboratory's own verification.

Every known sample has a row, also one that failed or was never run. The agreement is given twice: of the
results that say CONFIRMED or EXCLUDED, and of all, in which whatever is no answer agrees with nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aspsfusion.batch.outcomes import OUTCOME_SUFFIX, beside, read_outcome
from aspsfusion.batch.sheet import read_table
from aspsfusion.batch.summary import FAILED, leading_fusion, sources_of, without_result
from aspsfusion.errors import ParameterError
from aspsfusion.interpret.agreement import read_judged
from aspsfusion.io.checksums import content_of
from aspsfusion.report.files import REPORT_SUFFIX
from aspsfusion.report.models import Report
from aspsfusion.validation.tables import Share

Expected = Literal["positive", "negative"]
RIGHT: dict[Expected, str] = {"positive": "CONFIRMED", "negative": "EXCLUDED"}
"""The verdict that agrees with what is known."""

NO_RESULT = "NO RESULT"
VERDICTS = ("CONFIRMED", "EXCLUDED", "INDETERMINATE", FAILED, NO_RESULT)
TRUTH_COLUMNS = ("sample_id", "expected", "type")


@dataclass(frozen=True)
class Known:
    """A known sample; `type` is that of its junction as the reports name it, empty where none is compared."""

    sample_id: str
    expected: Expected
    type: str = ""


@dataclass(frozen=True)
class Compared:
    """A row of the table; its fields are the columns.

    Attributes:
        directory: output directory that the result is of; empty without a result.
        expected_type: type of the junction that is known; may be empty.
        verdict: one of `VERDICTS`.
        agreement: `agrees`, `discordant`, or `no answer` for the last three verdicts.
        type_agreement: `agrees` or `discordant` where the type is known and a fusion confirmed; else empty.
        reference: file that it was built from, and what kind it is.
        thresholds: of evidence and verdict, by name.
        report_sha256: checksum of the report.json.
    """

    sample_id: str
    directory: str
    expected: Expected
    expected_type: str
    verdict: str
    agreement: Literal["agrees", "discordant", "no answer"]
    type: str = ""
    type_agreement: Literal["", "agrees", "discordant"] = ""
    fragments: int | None = None
    detectable_fraction: float | None = None
    reasons: str = ""
    version: str = ""
    panel: str = ""
    panel_checksum: str = ""
    reference: str = ""
    thresholds: str = ""
    report_sha256: str = ""
    notices: str = ""


@dataclass(frozen=True)
class Agreement:
    """Known samples of one kind, counted; see the module.

    Attributes:
        verdicts: number of rows by verdict, in the order of `VERDICTS`.
        of_answers: share of the agreeing ones among those that are confirmed or excluded.
        of_all: share of the agreeing ones among all rows.
        of_types: share of right types among those that are compared.
    """

    expected: Expected
    verdicts: tuple[int, ...]
    of_answers: Share
    of_all: Share
    of_types: Share


@dataclass(frozen=True)
class _Result:
    directory: str
    verdict: str
    reason: str = ""
    report: Report | None = None
    sha256: str = ""


def read_truth(path: Path) -> list[Known]:
    """Read the known samples: a table with tabs and the columns `TRUTH_COLUMNS`; `type` may be left out.

    Raises:
        AspsfusionError: the table is wrong; names the row.
    """
    header, rows = read_table(path)
    unknown = [column for column in header if column not in TRUTH_COLUMNS]
    if unknown or not {"sample_id", "expected"} <= set(header) or not rows:
        raise ParameterError(
            f"has an unknown column '{unknown[0]}'" if unknown else "lacks sample_id, expected or samples",
            path=path,
            remedy="give a table with tabs between the columns sample_id, expected and, optional, type",
        )
    seen: dict[str, Known] = {}
    for row in rows:
        expected: Expected = "positive" if row["expected"] == "positive" else "negative"
        if row["expected"] != expected:
            raise row.error(f"expected '{row['expected']}' is not known", "write positive or negative")
        if not row["sample_id"] or row["sample_id"] in seen:
            raise row.error(
                f"sample_id '{row['sample_id']}' is empty or given twice", "name each sample once"
            )
        seen[row["sample_id"]] = Known(row["sample_id"], expected, row["type"])
    return list(seen.values())


def compare(known: Sequence[Known], directories: Iterable[Path]) -> tuple[list[Compared], list[str]]:
    """Compare known samples with their results in the output directories of batches.

    Returns:
        The rows in the order of the samples, one for each directory that holds a sample, and the names of
        samples with a result of which nothing is known.

    Raises:
        AspsfusionError: a report or outcome cannot be read, or a directory holds no result.
    """
    results: dict[str, list[_Result]] = {}
    for directory in directories:
        found = list(_results(directory))
        if not found:
            raise ParameterError(
                "holds no result of a sample", path=directory, remedy="give the output directory of a batch"
            )
        for sample, result in found:
            results.setdefault(sample, []).append(result)
    missing = _Result("", NO_RESULT, "no output directory holds it")
    rows = [_row(one, result) for one in known for result in results.get(one.sample_id, [missing])]
    return rows, sorted(results.keys() - {one.sample_id for one in known})


def _results(directory: Path) -> Iterator[tuple[str, _Result]]:
    """Yield name and result of each sample of a batch, by name."""
    for place in sorted(path for path in directory.glob("*") if path.is_dir()):
        outcome = place / f"{place.name}{OUTCOME_SUFFIX}"
        report = beside(outcome, place.name, REPORT_SUFFIX)
        failed = without_result(read_outcome(outcome)) if outcome.is_file() else None
        if failed:
            yield place.name, _Result(str(directory), FAILED, failed.error)
        elif report.is_file():
            record = read_judged(report)
            checksum = content_of(report).sha256
            yield record.sample_id, _Result(str(directory), record.verdict.call, "", record, checksum)


def _row(known: Known, result: _Result) -> Compared:
    agreement: Literal["agrees", "discordant", "no answer"] = "no answer"
    if result.verdict in RIGHT.values():
        agreement = "agrees" if result.verdict == RIGHT[known.expected] else "discordant"
    given = (known.sample_id, result.directory, known.expected, known.type, result.verdict, agreement)
    report = result.report
    if report is None:
        return Compared(*given, reasons=result.reason)
    fusion = leading_fusion(report.fusions)
    kind = fusion.type if fusion else ""
    compared = known.type and report.verdict.call == "CONFIRMED"
    return Compared(
        *given,
        type=kind,
        type_agreement="" if not compared else "agrees" if kind == known.type else "discordant",
        fragments=fusion.fragments if fusion else None,
        detectable_fraction=report.exclusion.detectable_fraction,
        reasons="; ".join(f"{reason.code}: {reason.text}" for reason in report.verdict.reasons),
        panel_checksum=report.panel.checksum,
        **sources_of(report),
        thresholds="; ".join(
            f"{name} {value}" for stage in report.parameters.values() for name, value in stage.items()
        ),
        report_sha256=result.sha256,
        notices="; ".join(report.notices),
    )


def agreement_of(rows: Sequence[Compared], expected: Expected) -> Agreement:
    """Count the rows of samples that are known to be positive, or negative."""
    mine = [row for row in rows if row.expected == expected]
    verdicts = Counter(row.verdict for row in mine)
    types = [row.type_agreement == "agrees" for row in mine if row.type_agreement]
    right = sum(row.agreement == "agrees" for row in mine)
    answers = sum(row.agreement != "no answer" for row in mine)
    return Agreement(
        expected,
        tuple(verdicts[verdict] for verdict in VERDICTS),
        Share(right, answers),
        Share(right, len(mine)),
        Share(sum(types), len(types)),
    )
