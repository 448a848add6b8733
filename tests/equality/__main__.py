"""Shows that a sample gets the same verdict and the same fusions in whatever form its reads come.

`make equality` writes the table of docs/inputs.md. Needs samtools and the aligners; those that are missing
are named. Exit status 1 when a complete file gives something else than FASTQ, or any form of a sample with
the fusion ends EXCLUDED.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from aspsfusion.align import run_align
from aspsfusion.call import run_call
from aspsfusion.compose import compose_report, read_calls_for, read_metrics
from aspsfusion.demo import DEFINITION, load_demo
from aspsfusion.demo_reference import demonstration_reference, write_demonstration_reference
from aspsfusion.evidence import run_evidence
from aspsfusion.extract import run_extract
from aspsfusion.mates import Lane
from aspsfusion.panel import load_panel
from aspsfusion.panel_build import build_panel
from aspsfusion.panel_yaml import load_panel_spec
from aspsfusion.parameters import CallParameters, ClassifyParameters
from aspsfusion.report_record import Report
from aspsfusion.screen import run_screen
from equality.formats import Reads, all_forms, make_genome

SAMPLES = ("type1", "type2_weak", "wild_type")
"""Samples of the demonstration that are tried: many and few fusion fragments, and an exclusion."""

ROOT = Path(__file__).parents[2]


def report_on(panel_directory: Path, reads: Reads, directory: Path) -> Report:
    """Take a sample through all stages, in one process."""
    names = (
        "candidates.fastq.gz",
        "screen.json",
        "panel.bam",
        "align.json",
        "evidence.json.gz",
        "calls.json",
    )
    candidates, metrics, bam, aligned, evidence, calls = (directory / name for name in names)
    if reads.alignments is not None:
        run_extract(panel_directory, reads.alignments, candidates, metrics, reads.reference, force=True)
    else:
        first, *second = reads.fastq
        lane = Lane(first, second[0] if second else None)
        run_screen(panel_directory, [lane], candidates, metrics, force=True)
    run_align(panel_directory, candidates, bam, aligned, "sample", 1, force=True)
    run_evidence(panel_directory, bam, evidence, CallParameters(), force=True)
    run_call(panel_directory, evidence, calls, CallParameters(), force=True)
    panel = load_panel(panel_directory)
    return compose_report(
        panel,
        "sample",
        read_metrics(metrics),
        read_metrics(aligned),
        read_calls_for(panel, calls),
        ClassifyParameters(),
        "polyA",
    )


def in_words(report: Report) -> str:
    """Return verdict, fusions and counts of a report."""
    fusions = [
        f"{f.name} {f.type}: {f.split_reads} split, {f.spanning_pairs} spanning" for f in report.fusions
    ]
    codes = sorted({r.code for r in report.verdict.reasons}) if report.verdict.call == "INDETERMINATE" else []
    return "; ".join([" ".join([report.verdict.call, *(f"({code})" for code in codes)]), *fusions])


def main() -> int:
    """Write the table to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, help="where to work (default: a temporary directory)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return compare_all(args.directory or Path(scratch))


def compare_all(directory: Path) -> int:
    """Compare every form of every sample with FASTQ; returns the exit status."""
    from aspsfusion.cli import main as command

    directory.mkdir(parents=True, exist_ok=True)
    demo = load_demo(ROOT / DEFINITION)
    yaml, reference, panel = ROOT / demo.panel, directory / "reference.fa.gz", directory / "panel"
    write_demonstration_reference(demonstration_reference(load_panel_spec(yaml)), reference, force=True)
    build_panel(yaml, reference, None, panel)
    genome = make_genome(reference, panel, directory)
    missing: list[str] = []
    failures = 0
    table: dict[str, list[str]] = {}
    for sample in (s for s in demo.samples if s.id in SAMPLES):
        place = directory / sample.id
        place.mkdir(exist_ok=True)
        command(
            ["simulate", "--panel", str(panel), "--output", str(place / "r"), "--force", *sample.options()]
        )
        mates = (place / "r_R1.fastq.gz", place / "r_R2.fastq.gz")
        expected: Report | None = None
        for reads in all_forms(genome, mates, place, missing):
            report = report_on(panel, reads, place)
            expected = expected or report
            same = report.verdict == expected.verdict and report.fusions == expected.fusions
            lost = bool(expected.fusions) and report.verdict.call == "EXCLUDED"
            failures += (reads.complete and not same) or lost
            said = any(flag.code == "INPUT_INCOMPLETE" for flag in report.qc.flags)
            failures += not reads.complete and not said
            words = ", ".join([*["equal"] * same, *["says that reads are missing"] * said]) or "DIFFERENT"
            first = report is expected
            call = report.verdict.call
            table.setdefault(reads.form, []).append(call if first else f"{call}, {words}")
            print(f"{sample.id}, {reads.form}: {in_words(report)}; {words}", file=sys.stderr)
    print("| Reads given as | " + " | ".join(SAMPLES) + " |\n" + "|---" * (len(SAMPLES) + 1) + "|")
    for form, cells in table.items():
        print(f"| {form} | {' | '.join(cells)} |")
    for program in missing:
        print(f"not installed, so not tried: {program}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
