"""Measures what long reads show of fusions, artefacts and negatives, and their time, and writes the page.

PYTHONPATH=tests python tests/benchmark/long_study.py --panel DIR --output PAGE [--scale N] [--part NAME]...

Reads are stretches of cDNA with substitutions and indels, each second one from its other strand. With the
scale 100 a cell has 100 samples, 200 reads of each type, or 2,000 concatemers.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from aspsfusion import __version__
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel, load_panel
from long_reads import across, analyse_reads, stretch, turned, with_errors

RATES = (0.005, 0.01, 0.03, 0.05, 0.08, 0.1)
LENGTHS = (300, 1000, 2000, 4000)
TYPES = ("ASPSCR1-TFE3-e7-e6", "ASPSCR1-TFE3-e7-e5")
SCALE = 100
INTRODUCTION = """# Long reads: what was measured

Written by `make long-study` with version {version} on the demonstration reference, whose exons of both target
genes are real. Reads are stretches of cDNA with substitutions (40 percent of the errors), lost bases (30) and
inserted ones (30), each second read from its other strand."""

BETWEEN = (
    "",
    "A" * 20,
    "GAAGATAGAGCGACAGGCAAGT",
    "AAAAAAAAAAAAAAAGAAGATAGAGCGACAGGCAAGTTTTCTGTTGGTGCTGATATTGCTGGG",
)
"""What concatemers have between their cDNAs: nothing, a tail, a primer, a tail with two primers."""


def sides(panel: Panel, name: str) -> tuple[str, str]:
    """The two sides of a listed junction."""
    junction = next(junction for junction, spec in panel.catalogue.items() if spec.id == name)
    return panel.joined_sequences(junction)


def fused(panel: Panel, name: str, rate: float, length: int, number: int, seed: str) -> list[str]:
    """Reads that cross a listed junction by 50 bases or more."""
    source = random.Random(f"{name} {rate} {length} {seed}")
    return turned(
        [with_errors(across(*sides(panel, name), length, source), rate, source) for _ in range(number)]
    )


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
            counts = Counter({"right": 0, "wrong": 0, "filtered": 0})
            for name in TYPES:
                reads = fused(panel, name, rate, length, 2 * scale, "crossing")
                report = analyse_reads(panel, work, reads)
                for fusion in report.fusions:
                    right = fusion.catalogue_id == name and not fusion.deviation
                    counts["right" if right else "wrong"] += fusion.split_reads
                counts["filtered"] += sum(each.split_reads for each in report.filtered)
            yield {"errors": f"{rate:.1%}", "length": length, "reads": 4 * scale, **counts}


def five_reads(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate the verdicts of samples with five crossing reads among wild type."""
    for rate in RATES:
        verdicts = Counter({"CONFIRMED": 0})
        for number in range(scale):
            name, length = TYPES[number % 2], LENGTHS[number % 4]
            reads = fused(panel, name, rate, length, 5, str(number)) + wild_type(panel, rate, 60, str(number))
            report = analyse_reads(panel, work, reads)
            right = [each.catalogue_id for each in report.fusions if not each.deviation] == [name]
            verdicts[f"{report.verdict.call}{'' if right else ', other junction'}"] += 1
        yield {"errors": f"{rate:.1%}", "samples": scale, **verdicts}


def negative(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate the verdicts of wild-type samples, and what they show of fusions."""
    bases = panel.primary[panel.spec.target.three_prime].sequence
    for rate in RATES:
        found = Counter({"EXCLUDED": 0, "INDETERMINATE": 0, "CONFIRMED": 0})
        for number in range(2 * scale):
            source = random.Random(f"{rate} {number} whole")
            whole = [
                with_errors(bases[source.randint(0, 600) : source.randint(1500, 3200)], rate, source)
                for _ in range(60)
            ]
            reads = [*whole, *wild_type(panel, rate, 90, f"negative {number}")]
            report = analyse_reads(panel, work, reads)
            found[report.verdict.call] += 1
            found["fusions"] += len(report.fusions)
            found["candidates"] += len(report.filtered)
            found["bridges"] += len(report.unexplained_bridges)
            found["one-sided"] += len(report.one_sided)
        yield {"errors": f"{rate:.1%}", "samples": 2 * scale, **found}


def joined(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate what concatemers are taken for."""
    for rate in RATES:
        report = analyse_reads(panel, work, concatemers(panel, rate, 20 * scale, "joined"))
        calls = json.loads((work / "sample.calls.json").read_text(encoding="utf-8"))
        yield {
            "errors": f"{rate:.1%}",
            "reads": 20 * scale,
            "verdict": report.verdict.call,
            "support": sum(each.fragments for each in report.fusions),
            "filtered": sum(each.fragments for each in report.filtered),
            "bridges": len(report.unexplained_bridges),
            **calls["long_reads"]["artefacts"],
        }


def direct_rna(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for each error rate what reads of RNA show: U for T, from the 3' end as far as they go."""
    for rate in RATES:
        counts: Counter[str] = Counter()
        for name in TYPES:
            source = random.Random(f"{name} {rate} rna")
            five, three = sides(panel, name)
            reads = [
                with_errors(five[-source.randint(50, len(five)) :] + three, rate, source).replace("T", "U")
                for _ in range(2 * scale)
            ]
            report = analyse_reads(panel, work, reads)
            counts["right"] += sum(each.split_reads for each in report.fusions if each.catalogue_id == name)
        yield {"errors": f"{rate:.1%}", "reads": 4 * scale, **counts}


def times(panel: Panel, work: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield for numbers and lengths of reads of the panel's genes what screen and analysis take."""
    genes = list(panel.primary.values())
    sizes = ((10, 2000), (100, 2000), (1000, 2000), (10, 500), (10, 5000), (10, 20_000))
    for number, length in sizes:
        source = random.Random(number)
        reads = [
            with_errors(
                "".join(source.choice(genes).sequence for _ in range(1 + length // 1500))[:length],
                0.04,
                source,
            )
            for _ in range(number * scale)
        ]
        begin = time.process_time()
        analyse_reads(panel, work, turned(reads))
        seconds, bases = time.process_time() - begin, sum(map(len, reads))
        yield {
            "reads": number * scale,
            "mean length": bases // len(reads),
            "seconds": round(seconds, 1),
            "us a base": round(1e6 * seconds / bases, 2),
            "MB at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


class Part(NamedTuple):
    """A section of the page."""

    title: str
    text: str
    measure: Callable[[Panel, Path, int], Iterator[dict[str, object]]]


PARTS = {
    "crossing": Part(
        "Fusion reads",
        "Reads of type 1 and type 2 that cross the junction by 50 nt or more: counted at the right one, "
        "at another one, and at one that was filtered.",
        crossing,
    ),
    "five": Part(
        "Samples with five fusion reads", "Five such reads among 60 of the panel's genes.", five_reads
    ),
    "rna": Part(
        "Direct RNA", "Reads with U from the 3' end to 50 nt or more beyond the junction.", direct_rna
    ),
    "joined": Part(
        "Concatemers",
        "Two cDNAs of both target genes, one in four of the second ones antisense: end to end, with a tail, "
        "a primer, or both between. Support is what a reported junction counts.",
        joined,
    ),
    "negative": Part("Wild type", "Samples of 90 such reads and 60 of most of the 3' gene.", negative),
    "times": Part(
        "Time",
        "Screen and analysis on one processor, 4 percent errors. The memory is that of the process that "
        "made the reads as well.",
        times,
    ),
}


def table(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(_cell(row.get(name, 0)) for name in names) + " |"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def main() -> None:
    """Measure each part and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--scale", type=int, default=SCALE)
    parser.add_argument("--part", choices=PARTS, action="append")
    args = parser.parse_args()
    panel = load_panel(args.panel)
    lines = [INTRODUCTION.format(version=__version__)]
    with tempfile.TemporaryDirectory() as work:
        for name in args.part or PARTS:
            part, rows = PARTS[name], []
            for row in part.measure(panel, Path(work), args.scale):
                print(name, *(f"{key}: {value}" for key, value in row.items()), sep="  ", flush=True)
                rows.append(row)
            lines += ["", f"## {part.title}", "", part.text, "", *table(rows)]
    args.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
