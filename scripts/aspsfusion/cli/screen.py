"""Runs `screen` and `extract`: the fragments of a sample that share a k-mer with the panel."""

import argparse

from aspsfusion.cli import options
from aspsfusion.errors import ParameterError

SCREEN_EXAMPLE = """example:
  aspsfusion screen --panel results/panel sample_R1.fastq.gz sample_R2.fastq.gz \\
      --output sample.candidates.fastq.gz --metrics sample.screen.json
"""

EXTRACT_EXAMPLE = """example:
  aspsfusion extract --panel results/panel sample.bam \\
      --output sample.candidates.fastq.gz --metrics sample.screen.json
"""


def _add_screen(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    options.add_path(
        parser, "fastq_1", "R1", "first mates, single reads, or both mates interleaved; - for standard input"
    )
    options.add_path(parser, "fastq_2", "R2", "second mates", nargs="?")
    text = "one file holds both mates interleaved (default: detected from the names)"
    options.add_flag(parser, "--interleaved", text)
    text = "one or two files of a further lane of the same sample; may be repeated"
    options.add_path(parser, "--lane", "FASTQ", text, nargs="+", action="append", default=[])
    _add_outputs(parser)


def _screen(args: argparse.Namespace) -> None:
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.screen.screen import run_screen

    first = [args.fastq_1, args.fastq_2] if args.fastq_2 else [args.fastq_1]
    if args.interleaved and any(len(files) > 1 for files in (first, *args.lane)):
        raise ParameterError(
            "--interleaved takes one file for each lane",
            remedy="leave it out, or give one file with both mates",
        )
    lanes = []
    for files in (first, *args.lane):
        if len(files) > 2:
            raise ParameterError(f"--lane takes one or two files, not {len(files)}", remedy="repeat --lane")
        second = files[1] if len(files) > 1 else None
        lanes.append(Lane(files[0], second, args.interleaved or None))
    options.refuse_existing([args.output, args.metrics], force=args.force)
    with options.ProgressLine("fragments") as line:
        result = run_screen(args.panel, lanes, args.output, args.metrics, line.update, force=args.force)
    print(f"kept {result.candidate_fragments} of {result.total_fragments} fragments")


def _add_extract(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    text = "reads as BAM, CRAM or SAM, aligned to any genome or unaligned, in any order, indexed or not"
    options.add_path(parser, "alignments", "BAM", text)
    text = "what a CRAM file was compressed with, unless it holds it; nothing is ever downloaded"
    options.add_path(parser, "--reference", "FASTA", text, required=False)
    _add_outputs(parser)


def _extract(args: argparse.Namespace) -> None:
    from aspsfusion.screen.extract import run_extract

    options.refuse_existing([args.output, args.metrics], force=args.force)
    with options.ProgressLine("reads") as line:
        files = args.alignments, args.output, args.metrics, args.reference
        result = run_extract(args.panel, *files, line.update, force=args.force)
    print(f"kept {result['candidate_fragments']} of {result['total_fragments']} fragments")
    incomplete = result["incomplete"]
    assert isinstance(incomplete, list)
    for sentence in incomplete:
        print(f"note: {sentence}")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    options.add_path(parser, "--output", "FASTQ", "candidate fragments, gzip FASTQ")
    options.add_path(parser, "--metrics", "JSON", "counts of the whole input")
    options.add_force(parser)


COMMANDS = {
    "screen": options.Command(_add_screen, _screen, SCREEN_EXAMPLE),
    "extract": options.Command(_add_extract, _extract, EXTRACT_EXAMPLE),
}
