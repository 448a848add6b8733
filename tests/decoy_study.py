"""Copies of the target genes elsewhere in a simulated genome, expressed 100 times higher than the genes.

    python tests/decoy_study.py > table.md

prints the table of docs/methods.md; `tests/test_decoys.py` runs a part of it. The genome has four chromosomes
of random bases: the targets FIVE and THREE on chr2 and chrX, their copies on chr5, and on chr7 a gene made of
copied exons of both, which reads like the fusion. A copy differs from its gene by substitutions at random
places, in exons and introns alike.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aspsfusion.call.calls_file import read_calls
from aspsfusion.panel.build import build_panel
from aspsfusion.report.models import Report
from small_panel import SMALL_PANEL, coding_transcript, random_bases, with_gene
from stages import Pair, report_pairs

IDENTITIES = (0.90, 0.95, 0.98)
CHROMOSOME = 300_000
EXON_LENGTHS = (150, 160, 170, 180)
INTRON = 400
FIRST_EXON = 100_000
JOINED_AFTER = 2
"""The fusion joins the end of exon 2 of FIVE to the start of exon 3 of THREE."""

READ_LENGTH, INSERT, INSERT_SPREAD = 75, 200, 30
ERROR_RATE = 0.002
GENE_FRAGMENTS = 30
"""Fragments of each gene itself; too few for an exclusion, which needs 59 at one exon border."""

FUSION_FRAGMENTS = 60
FOLD = 100
SCENARIOS = {
    "copies of both genes": ("five", "three", "five copy", "three copy"),
    "a gene made of both copies": ("five", "three", "copied fusion"),
    "FIVE joined to the copy of THREE": ("five", "three", "half copied fusion"),
    "a copy of THREE that ends within": ("five", "three", "broken copy"),
    "fusion, and copies of both genes": ("five", "three", "fusion", "five copy", "three copy"),
    "fusion, and a gene made of both copies": ("five", "three", "fusion", "copied fusion"),
}


def exons() -> list[list[int]]:
    """Exons of each gene, 1-based inclusive."""
    found, start = [], FIRST_EXON
    for length in EXON_LENGTHS:
        found.append([start, start + length - 1])
        start += length + INTRON
    return found


def substituted(sequence: str, rate: float, seed: str) -> str:
    """The sequence with each base replaced by another one with the given probability."""
    source = random.Random(seed)
    return "".join(
        source.choice([other for other in "ACGT" if other != base]) if source.random() < rate else base
        for base in sequence
    )


@dataclass(frozen=True)
class World:
    """Genome, transcripts and the two panels built from it: from the whole genome and from two loci."""

    transcripts: dict[str, str]
    with_genome: Path
    without_genome: Path


def make_world(identity: float, directory: Path) -> World:
    """Make genome and panels for copies of one identity."""
    length = sum(EXON_LENGTHS)
    five, three = (coding_transcript(length, (11, 640), seed=seed) for seed in (101, 103))
    places = exons()
    chr2 = with_gene(random_bases(CHROMOSOME, seed=2), five, places, "+")
    chr_x = with_gene(random_bases(CHROMOSOME, seed=23), three, places, "+")
    low, high = places[0][0] - 1, places[-1][1]
    copies = {
        name: substituted(chrom[low:high], 1 - identity, f"{name}{identity}")
        for name, chrom in (("five", chr2), ("three", chr_x))
    }

    def spliced(copy: str, first: int, last: int) -> str:
        return "".join(copy[start - 1 - low : end - low] for start, end in places[first:last])

    end = sum(EXON_LENGTHS[:JOINED_AFTER])
    joined = len(EXON_LENGTHS), JOINED_AFTER
    five_copy, three_copy = (spliced(copies[name], 0, joined[0]) for name in ("five", "three"))
    half = places[JOINED_AFTER - 1][1] + INTRON // 2 - low
    chr5 = random_bases(50_000, 5) + copies["five"] + random_bases(50_000, 6) + copies["three"]
    chr7 = random_bases(50_000, 7) + copies["five"][:half] + copies["three"][half:] + random_bases(9_000, 8)
    foreign = random_bases(400, seed=9)
    transcripts = {
        "five": five,
        "three": three,
        "five copy": five_copy,
        "three copy": three_copy,
        "fusion": five[:end] + three[end:],
        "copied fusion": five_copy[:end] + three_copy[end:],
        "half copied fusion": five[:end] + three_copy[end:],
        "broken copy": three_copy[: end + 60] + foreign,
    }
    directory.mkdir(parents=True, exist_ok=True)
    panel_yaml = directory / "decoys.yaml"
    panel_yaml.write_text(yaml.safe_dump(panel_data(places), sort_keys=False), encoding="utf-8")
    whole, loci = directory / "genome.fa", directory / "loci.fa"
    chromosomes = {
        "chr2": chr2,
        "chr5": chr5 + foreign + random_bases(9_000, 10),
        "chr7": chr7,
        "chrX": chr_x,
    }
    whole.write_text("".join(f">{name}\n{bases}\n" for name, bases in chromosomes.items()), encoding="ascii")
    locus = [f">{name}:{low + 1}-{high}\n{chromosomes[name][low:high]}\n" for name in ("chr2", "chrX")]
    loci.write_text("".join(locus), encoding="ascii")
    for genome, output in ((whole, "with"), (loci, "without")):
        build_panel(panel_yaml, genome, None, directory / output)
    return World(transcripts, directory / "with", directory / "without")


def panel_data(places: list[list[int]]) -> dict[str, Any]:
    """Panel of the two genes, with the fusion's junction listed."""
    genes = [
        {
            "symbol": symbol,
            "roles": ["target"],
            "transcripts": [
                {"id": f"T{symbol}", "primary": True, "chrom": chrom, "strand": "+", "exons": places}
                | {"cds": [11, 640]}
            ],
        }
        for symbol, chrom in (("FIVE", "chr2"), ("THREE", "chrX"))
    ]
    junction = {
        "id": "main",
        "five_prime": {"gene": "FIVE", "exon": JOINED_AFTER},
        "three_prime": {"gene": "THREE", "exon": JOINED_AFTER + 1},
        "direction": "diagnostic",
        "evidence": "inferred",
        "source": "made for the study",
    }
    lengths: dict[str, Any] = {"chr2": {"length": CHROMOSOME}, "chr5": {}, "chr7": {}, "chrX": {}}
    return SMALL_PANEL | {
        "name": "decoys",
        "genome": {"build": "simulated", "chromosomes": lengths},
        "genes": genes,
        "junctions": [junction],
        "domains": [],
    }


def fragments(world: World, names: tuple[str, ...], seed: str, of_gene: int = GENE_FRAGMENTS) -> list[Pair]:
    """Fragments of transcripts with sequencing errors; copies have FOLD times as many as their genes."""
    source = random.Random(seed)
    pairs = []
    for name in names:
        count = FUSION_FRAGMENTS if name == "fusion" else of_gene
        if "cop" in name:
            count = of_gene * FOLD
        transcript = world.transcripts[name]
        for number in range(count):
            length = max(READ_LENGTH, round(source.gauss(INSERT, INSERT_SPREAD)))
            start = source.randrange(len(transcript) - length)
            molecule = substituted(transcript[start : start + length], ERROR_RATE, f"{seed}{name}{number}")
            pairs.append(
                Pair(f"{name.replace(' ', '_')}_{number}", molecule, READ_LENGTH, source.random() < 0.5)
            )
    return pairs


def outcome(report: Report) -> str:
    """The verdict and what the report says of the target fusion, in short."""
    target = [fusion for fusion in report.fusions if fusion.is_target]
    counted = sum(fusion.fragments for fusion in target)
    times = Counter(reason.code for reason in report.verdict.reasons)
    codes = ", ".join(f"{count} x {code}" if count > 1 else code for code, count in times.items())
    seen = min(report.exclusion.informative_fragments.values(), default=0)
    return f"{report.verdict.call} ({codes}); {counted} fragments counted, {seen} wild-type"


def unique_share(calls: Path) -> str:
    """Fragments at the listed junction that prove each gene, 5' and 3', of those that decide."""
    for junction in read_calls(calls).calls.junctions:
        if junction.catalogue_id:
            sides = (
                (junction.unique_five_prime, junction.elsewhere_five_prime),
                (junction.unique_three_prime, junction.elsewhere_three_prime),
            )
            return ", ".join(f"{unique}/{unique + other}" for unique, other in sides)
    return ""


def study(directory: Path) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| Copies | Expressed | With the whole genome | Proof of FIVE, THREE | From two loci only |"
    yield "|---|---|---|---|---|"
    for identity in IDENTITIES:
        world = make_world(identity, directory / f"{identity}")
        for title, names in SCENARIOS.items():
            pairs = fragments(world, names, f"{title}{identity}")
            without = outcome(report_pairs(world.without_genome, directory / "run", pairs))
            found = outcome(report_pairs(world.with_genome, directory / "run", pairs))
            shares = unique_share(directory / "run" / "calls.json")
            yield f"| {identity:.0%} | {title} | {found} | {shares} | {without} |"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for line in study(Path(scratch)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
