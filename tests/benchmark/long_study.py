"""Measures what long reads show: fusion reads by error rate and length, concatemers, wild type, time.

PYTHONPATH=tests python tests/benchmark/long_study.py --panel DIR [--scale N] [--part NAME]...

Reads are stretches of cDNA with substitutions and indels, each second one from its other strand. With the
scale 1 a cell has 20 reads of each type, a sample, or 100 concatemers.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel, load_panel
from long_reads import across, analyse_reads, stretch, turned, with_errors

RATES = (0.005, 0.01, 0.03, 0.05, 0.08, 0.1)
LENGTHS = (300, 1000, 2000, 4000)
TYPES = ("ASPSCR1-TFE3-e7-e6", "ASPSCR1-TFE3-e7-e5")
READS = 20
BETWEEN = (
    "",
    "A" * 20,
    "GAAGATAGAGCGACAGGCAAGT",
    "AAAAAAAAAAAAAAAGAAGATAGAGCGACAGGCAAGTTTTCTGTTGGTGCTGATATTGCTGGG",
)
"""What concatemers have between their cDNAs: nothing, a tail, a primer, a tail with two primers."""


def fused(panel: Panel, name: str, rate: float, length: int, number: int, seed: str) -> list[str]:
    """Reads that cross a listed junction by 50 bases or more."""
    source = random.Random(f"{name} {rate} {length} {seed}")
    junction = next(junction for junction, spec in panel.catalogue.items() if spec.id == name)
    sides = panel.joined_sequences(junction)
    return turned([with_errors(across(*sides, length, source), rate, source) for _ in range(number)])


def wild_type(panel: Panel, rate: float, number: int, seed: str) -> list[str]:
    """Reads of all genes, each third one of a target."""
    source = random.Random(f"{rate} {seed}")
    genes, targets = list(panel.primary), panel.spec.genes_with_role("target")
    reads = []
    for index in range(number):
        gene = source.choice(genes if index % 3 else sorted(targets))
        length = source.randint(300, 3000)
        reads.append(with_errors(stretch(panel.primary[gene].sequence, length, source), rate, source))
    return turned(reads)


def concatemers(panel: Panel, rate: float, number: int, seed: str) -> list[str]:
    """Reads of two cDNAs of the target's genes, whose 5' ends are anywhere."""
    source = random.Random(f"{rate} {seed}")
    genes = [
        panel.primary[gene].sequence for gene in (panel.spec.target.five_prime, panel.spec.target.three_prime)
    ]
    reads = []
    for _ in range(number):
        one, other = (bases[-source.randint(200, len(bases)) :] for bases in source.sample(genes, 2))
        other = reverse_complement(other) if source.random() < 0.25 else other
        reads.append(with_errors(one + source.choice(BETWEEN) + other, rate, source))
    return turned(reads)


def crossing(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each cell how many reads across a junction were counted at the right one."""
    for rate in RATES:
        for length in LENGTHS:
            counts: Counter[str] = Counter()
            for name in TYPES:
                reads = fused(panel, name, rate, length, READS * scale, "crossing")
                report = analyse_reads(panel, work, reads)
                for fusion in report.fusions:
                    right = fusion.catalogue_id == name and not fusion.deviation
                    counts["right" if right else "wrong"] += fusion.split_reads
                counts["filtered"] += sum(each.split_reads for each in report.filtered)
            yield {"rate": rate, "length": length, "reads": 2 * READS * scale, **counts}


def five_reads(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate the verdicts of samples with five crossing reads among wild type."""
    for rate in RATES:
        verdicts: Counter[str] = Counter()
        for number in range(scale):
            name, length = TYPES[number % 2], LENGTHS[number % 4]
            reads = fused(panel, name, rate, length, 5, str(number)) + wild_type(panel, rate, 60, str(number))
            report = analyse_reads(panel, work, reads)
            right = [each.catalogue_id for each in report.fusions if not each.deviation] == [name]
            verdicts[f"{report.verdict.call}{'' if right else ', other junction'}"] += 1
        yield {"rate": rate, **verdicts}


def negative(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate the verdicts of wild-type samples, and what they show of fusions."""
    for rate in RATES:
        found: Counter[str] = Counter()
        for number in range(scale):
            report = analyse_reads(panel, work, wild_type(panel, rate, 240, f"negative {number}"))
            found[report.verdict.call] += 1
            found["fusions"] += len(report.fusions)
            found["candidates"] += len(report.filtered)
            found["bridges"] += len(report.unexplained_bridges)
            found["one-sided"] += len(report.one_sided)
        yield {"rate": rate, **found}


def joined(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate what concatemers are taken for."""
    for rate in RATES:
        report = analyse_reads(panel, work, concatemers(panel, rate, 100 * scale, "joined"))
        calls = json.loads((work / "sample.calls.json").read_text(encoding="utf-8"))
        yield {
            "rate": rate,
            "reads": 100 * scale,
            "verdict": report.verdict.call,
            "support": sum(each.fragments for each in report.fusions),
            "filtered": sum(each.fragments for each in report.filtered),
            "bridges": len(report.unexplained_bridges),
            **calls["long_reads"]["artefacts"],
        }


def times(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for numbers and lengths of reads what a processor takes."""
    whole = "".join(transcript.sequence for transcript in panel.primary.values())
    for number, length in ((250, 500), (250, 2000), (250, 20_000), (2500, 2000)):
        source = random.Random(number)
        reads = [
            with_errors(stretch(whole, source.randint(length // 2, 3 * length // 2), source), 0.04, source)
            for _ in range(number * scale)
        ]
        begin = time.process_time()
        analyse_reads(panel, work, turned(reads))
        seconds, bases = time.process_time() - begin, sum(map(len, reads))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        yield {
            "reads": number * scale,
            "length": length,
            "seconds": round(seconds, 1),
            "us a base": round(1e6 * seconds / bases, 2),
            "MB at most": memory,
        }


PARTS = {"crossing": crossing, "five": five_reads, "negative": negative, "joined": joined, "times": times}


def main() -> None:
    """Print the cells of each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--part", choices=PARTS, action="append")
    args = parser.parse_args()
    panel = load_panel(args.panel)
    with tempfile.TemporaryDirectory() as work:
        for part in args.part or PARTS:
            for row in PARTS[part](panel, Path(work), args.scale):
                print(part, *(f"{key}: {value}" for key, value in row.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
