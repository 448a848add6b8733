"""Shows that a sample gets the same verdict and the same fusions in whatever form its reads come.

`make equality` writes the table of docs/inputs.md. Needs samtools and the aligners; those that are missing
are named. Exit status 1 when a complete file gives something else than FASTQ, or any form of a sample with
the fusion ends EXCLUDED.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.simulate.demo import load_demo
from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference
from equality.formats import Reads, all_forms, make_genome
from repository import ROOT
from stages import report_files

SAMPLES = ("type1", "type2_weak", "wild_type")
"""Samples of the demonstration that are tried: many and few fusion fragments, and an exclusion."""


def report_on(panel_directory: Path, reads: Reads, directory: Path) -> Report:
    """Take a sample through all stages, in one process."""
    source = reads.alignments or Lane(reads.fastq[0], reads.fastq[1] if len(reads.fastq) > 1 else None)
    return report_files(panel_directory, directory, source, reference=reads.reference, library="polyA")


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
    demo = load_demo()
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
