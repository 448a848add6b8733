"""`aspsfusion explain`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aspsfusion.report.models import Report

EXAMPLE = """\
examples:
  aspsfusion explain results/P17/P17.report.json
  aspsfusion explain results/P17/P17.report.json INSTRUMENT:7:FC:1:1101:1000:2727
  aspsfusion explain results/P17/P17.report.json INSTRUMENT:7:FC:1:1101:1000:2727 \\
      --panel results/panel --evidence results/P17/P17.evidence.json.gz --bam results/P17/P17.panel.bam

The report holds the reads that count. For any other read give --panel and --evidence: the fragment is then
weighed again as 'aspsfusion call' does it. --bam shows where its reads lie.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("report", type=Path, metavar="REPORT.json", help="report of the sample")
    parser.add_argument("read", nargs="?", metavar="READ", help="name of a read")
    parser.add_argument("--panel", type=Path, metavar="DIR", help="panel that the sample was called with")
    parser.add_argument(
        "--evidence", type=Path, metavar="JSON.GZ", help="written by 'aspsfusion evidence' for the sample"
    )
    parser.add_argument("--bam", type=Path, metavar="BAM", help="the sample's panel.bam")


def run(args: argparse.Namespace) -> None:
    """Print the explanation.

    Raises:
        AspsfusionError: a file can not be read, or an option is missing.
    """
    from aspsfusion.errors import ParameterError
    from aspsfusion.report.explain import explain_supporting_read, explain_verdict, find_read
    from aspsfusion.report.json_tsv import read_report

    if bool(args.panel) != bool(args.evidence):
        raise ParameterError("--panel and --evidence go together", remedy="give both of them")
    report = read_report(args.report)
    if args.read is None:
        print(explain_verdict(report), end="")
        return
    found = find_read(report, args.read)
    if found:
        print(explain_supporting_read(*found), end="")
    else:
        print("\n".join(_other_read(args, report)))


def _other_read(args: argparse.Namespace, report: "Report") -> Iterator[str]:
    """Yield what can be said of a read that is not among those that count."""
    yield f"{args.read} is not among the supporting reads of {report.sample_id}."
    weighed: list[str] = []
    if args.panel:
        weighed = _weigh(args, report)
        yield from weighed
    lines: list[str] = []
    if args.bam:
        from aspsfusion.call.explain_read import alignments

        lines = alignments(args.bam, args.read)
        if lines and not weighed:
            yield "Its reads on the panel:"
            yield from (f"  {line}" for line in lines)
    if weighed:
        return
    if args.panel and (lines or not args.bam):
        yield (
            "It is not among the open fragments: one gene explains all its reads, another fragment has the "
            "same coordinates, or it is no candidate."
        )
    elif args.bam and not lines:
        yield "It is no candidate: it shares no sequence with the panel, or the name is another one."
    elif not args.panel:
        yield "Give --panel and --evidence to have it weighed again, and --bam to see where it lies."


def _weigh(args: argparse.Namespace, report: "Report") -> list[str]:
    from aspsfusion.call.explain_read import explain_fragment
    from aspsfusion.config import CallParameters
    from aspsfusion.evidence.evidence_file import read_evidence
    from aspsfusion.panel.panel import load_panel

    panel = load_panel(args.panel)
    # The thresholds of the report, so that the answer is that of the run.
    known = {
        name: value
        for name, value in report.parameters.get("call", {}).items()
        if name in CallParameters.model_fields
    }
    parameters = CallParameters.model_validate(known)
    return explain_fragment(panel, parameters, read_evidence(args.evidence), args.read)
