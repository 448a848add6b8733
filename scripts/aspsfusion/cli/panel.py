"""Runs `demo-reference` and `panel`: a reference to build from, the panel directory, the loci of a panel."""

import argparse
import sys

from aspsfusion.cli import options

DEMO_DESCRIPTION = """\
Write a demonstration reference: the loci of a panel with true coordinates, exon lengths, splice sites, open
reading frames and published junction sequences, the real bases of the exons for which they are shipped, and
seeded random bases elsewhere. Build a panel from it to try the program offline. It is not a genome: reports
made on it are not for diagnosis, and say so.
"""
DEMO_EXAMPLE = """\
example:
  aspsfusion demo-reference --output demo.fa.gz
"""
BUILD_EXAMPLE = """example:
  aspsfusion panel build --genome GRCh38.fa.gz --output results/panel
  aspsfusion panel build --panel my_panel.yaml --genome GRCh38.fa.gz --gtf genes.gtf --output my_panel
"""
FETCH_EXAMPLE = """example:
  aspsfusion panel fetch --output loci.fa.gz
  aspsfusion panel build --genome loci.fa.gz --output results/panel
"""

REPEATS_UNKNOWN = (
    "repeats are not known: nothing in the FASTA is in lower case, and it holds loci only. Reads of Alu and "
    "other repeats will be kept as candidates, so that samples take longer; a soft-masked FASTA avoids it"
)


def _add_demo_reference(parser: argparse.ArgumentParser) -> None:
    parser.description = DEMO_DESCRIPTION
    options.add_panel_yaml(parser)
    options.add_path(parser, "--output", "FASTA.gz", "FASTA to write, compressed with bgzip")
    options.add_number(parser, "--seed", 1, "seed of the filler")
    options.add_flag(parser, "--force", "replace the output if it exists")


def _demo_reference(args: argparse.Namespace) -> None:
    from aspsfusion.panel.panel_yaml import load_panel_spec
    from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference

    reference = demonstration_reference(load_panel_spec(args.panel), args.seed, args.panel)
    write_demonstration_reference(reference, args.output, force=args.force)
    bases = sum(locus.end - locus.start for locus in reference.loci)
    real = sum(locus.real_bases for locus in reference.loci)
    print(
        f"wrote {args.output}: {len(reference.loci)} loci, {bases / 1e6:.2f} Mb, {real:,} bases of them real",
        file=sys.stderr,
    )


def _add_panel(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(title="panel commands", metavar="COMMAND", required=True)
    build = options.add_part(
        parts, "build", "build the panel directory from a panel YAML and a genome", _build, BUILD_EXAMPLE
    )
    _add_definition(build)
    options.add_path(
        build, "--genome", "FASTA", "genome, plain, gzip or bgzip; or loci as written by samtools faidx"
    )
    options.add_path(build, "--output", "DIR", "panel directory to write")
    options.add_flag(build, "--force", "replace an existing panel directory")

    fetch = options.add_part(
        parts, "fetch", "download the loci of a panel from a public sequence service", _fetch, FETCH_EXAMPLE
    )
    _add_definition(fetch)
    fetch.add_argument(
        "--source",
        default="ucsc",
        metavar="SOURCE",
        help="ucsc, ensembl, or ucsc=URL or ensembl=URL of a mirror of that form (default: ucsc)",
    )
    options.add_path(
        fetch,
        "--output",
        "FASTA",
        "gzip FASTA to write; what it holds is recorded beside it, under the same name with .json",
    )
    options.add_flag(fetch, "--force", "download again and replace an existing FASTA")


def _add_definition(parser: argparse.ArgumentParser) -> None:
    options.add_panel_yaml(parser)
    text = "annotation for genes that the panel names without exons"
    options.add_path(parser, "--gtf", "GTF", text, required=False)


def _build(args: argparse.Namespace) -> None:
    from aspsfusion.panel.build import build_panel
    from aspsfusion.report.words import plural

    with options.ProgressLine("bases of the genome counted") as line:
        panel = build_panel(args.panel, args.genome, args.gtf, args.output, line.update, force=args.force)
    checks = panel.provenance["checks"]
    looked = "" if panel.provenance["whole_genome_specificity"] else "not "
    passed = sum(check["passed"] for check in checks)
    bases = sum(len(decoy.sequence) for decoy in panel.decoys.values())
    print(
        f"{args.output}: {len(panel.primary)} genes, {len(panel.transcripts)} transcripts, "
        f"reference {panel.provenance['reference_kind']}, {passed} of {len(checks)} checks passed, "
        f"sequences {looked}looked for in a whole genome, "
        f"{plural(len(panel.decoys), 'decoy')} ({plural(bases, 'base')})"
    )
    for check in checks:
        if not check["passed"]:
            print(f"  not passed: {check['text']}")
    known = panel.provenance["repeats_marked"] or panel.provenance["genome_pass"]
    if not known and panel.provenance["reference_kind"] != "demonstration":
        print(f"  {REPEATS_UNKNOWN}")


def _fetch(args: argparse.Namespace) -> None:
    from aspsfusion.panel.fetch import fetch_loci

    with options.ProgressLine("bases") as line:
        fetched = fetch_loci(
            args.panel, args.gtf, args.output, args.source, force=args.force, progress=line.update
        )
    how = f"{fetched.asked} downloaded" if fetched.asked else "all there already"
    print(f"{args.output}: {fetched.loci} loci, {fetched.bases:,} bases, {how}")


COMMANDS = {
    "demo-reference": options.Command(_add_demo_reference, _demo_reference, DEMO_EXAMPLE),
    "panel": options.Command(_add_panel, options.run_part, BUILD_EXAMPLE),
}
