"""Runs `verify`: whether the results of a batch are as the workflow wrote them."""

import argparse

from aspsfusion.cli import options

EXAMPLE = """example:
  aspsfusion verify results

The workflow writes results/manifest.sha256 when every sample has a result; 'sha256sum -c manifest.sha256' in
that directory reads it too. A file that is missing, changed or not listed has a line, and the status is 1.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its argument."""
    options.add_path(parser, "outdir", "OUTDIR", "output directory of a finished batch")


def run(args: argparse.Namespace) -> None:
    """Print what is not as it was written."""
    from aspsfusion.batch.manifest import MANIFEST, ManifestError, differences, read_manifest
    from aspsfusion.report.words import plural

    listed = read_manifest(args.outdir)
    different = list(differences(args.outdir, listed))
    for name, what in different:
        print(f"{args.outdir / name}: {what}")
    if different:
        raise ManifestError(
            f"{plural(len(different), 'file is', 'files are')} missing, changed or not listed",
            path=args.outdir / MANIFEST,
            remedy="restore them, or analyse the samples again",
        )
    print(f"{args.outdir}: all {len(listed)} files are as they were written")
