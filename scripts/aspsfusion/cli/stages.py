"""Runs `align`, `evidence`, `call` and `tag`: the stages that `analyse` runs in one process, one by one."""

import argparse

from aspsfusion.cli import options
from aspsfusion.config import CallParameters

ALIGN_EXAMPLE = """example:
  aspsfusion align --panel results/panel --reads sample.candidates.fastq.gz --sample sample \\
      --output sample.aligned.bam --metrics sample.align.json
"""

EVIDENCE_EXAMPLE = """example:
  aspsfusion evidence --panel results/panel --bam sample.aligned.bam --output sample.evidence.json.gz
"""

CALL_EXAMPLE = """example:
  aspsfusion call --panel results/panel --evidence sample.evidence.json.gz --output sample.calls.json
"""

TAG_EXAMPLE = """example:
  aspsfusion tag --panel results/panel --bam sample.aligned.bam --calls sample.calls.json \\
      --output sample.panel.bam --reference sample.junctions.fa
"""


def _add_align(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    options.add_path(parser, "--reads", "FASTQ", "candidates written by 'aspsfusion screen'")
    options.add_sample(parser, "sample name for the read group")
    options.add_path(parser, "--output", "BAM", "sorted BAM; .bai beside it")
    options.add_path(parser, "--metrics", "JSON", "counts of the stage")
    options.add_umi(parser)
    options.add_platform(parser, ("short", "ont", "pacbio", "long"))
    options.add_number(parser, "--threads", 1, "processes that align a large sample")
    options.add_force(parser)


def _align(args: argparse.Namespace) -> None:
    from aspsfusion.align.align import AlignFiles, run_align
    from aspsfusion.long.align import run_long_align
    from aspsfusion.long.platform import SHORT

    options.refuse_existing([args.output, args.metrics], force=args.force)
    structures = options.structures_from(args)
    with options.ProgressLine("fragments") as line:
        sample = args.panel, AlignFiles(args.reads, args.output, args.metrics), args.sample
        if args.platform in (None, SHORT):
            run_align(*sample, args.threads, line.update, structures=structures, force=args.force)
        else:
            run_long_align(*sample, args.platform, line.update, force=args.force)


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    options.add_path(parser, "--bam", "BAM", "BAM written by 'aspsfusion align'")
    options.add_path(parser, "--output", "JSON.GZ", "evidence to write")
    options.add_primers(parser)
    options.add_force(parser)
    options.add_parameters(parser, CallParameters)


def _evidence(args: argparse.Namespace) -> None:
    from aspsfusion.evidence.evidence import run_evidence
    from aspsfusion.long.evidence import is_long, run_long_evidence

    parameters = options.parameters_from(args, CallParameters)
    options.refuse_existing([args.output], force=args.force)
    if is_long(args.bam):
        evidence = run_long_evidence(args.panel, args.bam, args.output, parameters, force=args.force)
    else:
        evidence = run_evidence(
            args.panel, args.bam, args.output, parameters, primers=args.primers, force=args.force
        )
    print(
        f"{evidence.candidates} candidate fragments, {evidence.duplicates} duplicates, "
        f"{len(evidence.fragments)} not explained by the wild type"
    )


def _add_call(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    options.add_path(parser, "--evidence", "JSON.GZ", "file written by 'aspsfusion evidence'")
    options.add_path(parser, "--output", "JSON", "calls to write")
    options.add_force(parser)
    options.add_parameters(parser, CallParameters)


def _call(args: argparse.Namespace) -> None:
    from aspsfusion.call.call import run_call

    options.refuse_existing([args.output], force=args.force)
    parameters = options.parameters_from(args, CallParameters)
    calls = run_call(args.panel, args.evidence, args.output, parameters, force=args.force)
    reported = [junction for junction in calls.junctions if not junction.rejections]
    for junction in reported:
        print(
            f"{junction.five_gene}::{junction.three_gene} {junction.catalogue_id or 'not listed'}: "
            f"{junction.split_reads} split, {junction.spanning_pairs} spanning"
        )
    print(f"{len(reported)} junctions reported, {len(calls.junctions) - len(reported)} filtered")


def _add_tag(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    options.add_path(parser, "--bam", "BAM", "BAM written by 'aspsfusion align'")
    options.add_path(parser, "--calls", "JSON", "file written by 'aspsfusion call'")
    options.add_path(parser, "--output", "BAM", "BAM to write, with index")
    options.add_path(parser, "--reference", "FASTA", "FASTA to write, with index: what the BAM is aligned to")
    options.add_path(
        parser, "--igv", "XML", "IGV session to write, which opens both at the junction", required=False
    )
    options.add_force(parser)


def _tag(args: argparse.Namespace) -> None:
    from aspsfusion.call.tag import run_tag

    options.refuse_existing([args.output, args.reference, args.igv], force=args.force)
    files = args.output, args.reference
    tagged = run_tag(args.panel, args.bam, args.calls, *files, session=args.igv, force=args.force)
    print(f"{tagged} supporting fragments placed on their junctions")


COMMANDS = {
    "align": options.Command(_add_align, _align, ALIGN_EXAMPLE),
    "evidence": options.Command(_add_evidence, _evidence, EVIDENCE_EXAMPLE),
    "call": options.Command(_add_call, _call, CALL_EXAMPLE),
    "tag": options.Command(_add_tag, _tag, TAG_EXAMPLE),
}
