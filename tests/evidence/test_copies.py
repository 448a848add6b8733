"""One molecule in many copies is one molecule, whatever its copies look like.

Copies are read with errors of the simulator of `carriers` that move a read's ends and its bases, and taken
through the stages. Untrimmed copies of a fusion molecule are judged by `carriers.study`.
"""

import random
from pathlib import Path
from typing import NamedTuple

import pytest

from aspsfusion.report.models import Report
from carriers.genes import opposite, read_genes
from carriers.misreading import Misreading, misread_runs, random_indels
from stages import fusion_molecule, report_reads

READ = 75
INSERT = 180
UMI = "ACGTTGCA"


class Copies(NamedTuple):
    """How a molecule is copied and read.

    Attributes:
        number: copies.
        paired: whether both ends are read.
        errors: made in each read.
        shortest: single reads lose up to all but so many bases at their 3' end.
    """

    number: int
    paired: bool
    errors: Misreading = lambda bases, _: bases
    shortest: int = READ


def read_copies(molecule: str, copies: Copies, rng: random.Random) -> list[list[str]]:
    """Return the reads of a molecule's copies, the first one from its first base on."""
    ends = [molecule, opposite(molecule)] if copies.paired else [molecule]
    found = []
    for _ in range(copies.number):
        reads = [copies.errors(end, rng)[:READ] for end in ends]
        if copies.shortest < READ:
            reads = [read[: rng.randint(copies.shortest, READ)] for read in reads]
        found.append(reads)
    return found


def named(copies: list[list[str]], prefix: str, umi: str = "") -> list[tuple[str, list[str]]]:
    return [(f"{prefix}{i}{umi and '_' + umi}", reads) for i, reads in enumerate(copies)]


def across(panel: Path, rng: random.Random) -> str:
    """Return a molecule across the junction of type 1 that its first read shows from either end."""
    transcript, junction = fusion_molecule(panel, ("ASPSCR1", 7), ("TFE3", 6))
    shown = rng.randint(24, READ - 36)
    if rng.random() < 0.5:
        return transcript[junction - shown : junction - shown + INSERT]
    # As the reverse strand, whose read begins in TFE3.
    return opposite(transcript[junction + shown - INSERT : junction + shown])


def fusion_fragments(report: Report) -> int:
    return sum(fusion.fragments for fusion in report.fusions)


def molecules(report: Report) -> int:
    return report.qc.candidate_fragments - report.qc.duplicates


ERRORS = {"indels": random_indels, "homopolymers": misread_runs}


@pytest.mark.parametrize("umi", ["", UMI], ids=["no UMI", "one UMI"])
def test_trimmed_copies_are_one_molecule(demo_panel_directory: Path, tmp_path: Path, umi: str) -> None:
    for seed in range(4):
        rng = random.Random(seed)
        copies = Copies(20, paired=False, shortest=30)
        fragments = named(read_copies(across(demo_panel_directory, rng), copies, rng), "c", umi)
        report = report_reads(demo_panel_directory, tmp_path / str(seed), fragments)
        assert fusion_fragments(report) <= 1
        assert molecules(report) <= 1 if not umi else molecules(report) <= 2
        assert report.verdict.call != "CONFIRMED"


@pytest.mark.parametrize("errors", ["none", *sorted(ERRORS)])
def test_molecules_are_never_more_than_there_are(
    demo_panel_directory: Path, tmp_path: Path, errors: str
) -> None:
    """Single reads of wild-type and fusion molecules, trimmed at random."""
    genes = [gene.bases for gene in read_genes(demo_panel_directory).values() if len(gene.bases) > 2 * INSERT]
    for seed in range(3):
        rng = random.Random(seed)
        truth = [across(demo_panel_directory, rng) for _ in range(4)]
        for _ in range(24):
            gene = rng.choice(genes)
            start = rng.randrange(len(gene) - INSERT)
            molecule = gene[start : start + INSERT]
            truth.append(rng.choice([molecule, opposite(molecule)]))
        fragments = []
        for i, molecule in enumerate(truth):
            copies = Copies(rng.randint(1, 20), paired=False, shortest=30)
            if errors != "none":
                copies = copies._replace(errors=ERRORS[errors])
            fragments += named(read_copies(molecule, copies, rng), f"m{i}.")
        rng.shuffle(fragments)
        report = report_reads(demo_panel_directory, tmp_path / str(seed), fragments)
        assert 0.9 * len(truth) <= molecules(report) <= len(truth)


@pytest.mark.parametrize("paired", [True, False], ids=["pairs", "singles"])
@pytest.mark.parametrize("errors", ["none", *sorted(ERRORS)])
def test_distinct_molecules_stay_distinct(
    demo_panel_directory: Path, tmp_path: Path, errors: str, paired: bool
) -> None:
    gene = read_genes(demo_panel_directory)["TFE3"].bases
    rng = random.Random(6)
    fragments = []
    for i, start in enumerate(sorted(rng.sample(range(len(gene) - INSERT - 40), 300))):
        copies = Copies(1, paired)
        if errors != "none":
            copies = copies._replace(errors=ERRORS[errors])
        molecule = gene[start : start + INSERT + rng.randint(-40, 40)]
        molecule = rng.choice([molecule, opposite(molecule)])
        fragments += named(read_copies(molecule, copies, rng), f"m{i}.")
    report = report_reads(demo_panel_directory, tmp_path, fragments)
    assert molecules(report) >= 0.95 * len(fragments)


def test_distinct_fusion_molecules_stay_distinct(demo_panel_directory: Path, tmp_path: Path) -> None:
    transcript, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    for paired in (True, False):
        rng = random.Random(7)
        # Not at every base: in a run of equal bases the beginnings of two molecules cannot be distinguished.
        starts = range(junction - 51, junction - 17, 3)
        fragments = []
        for i, start in enumerate(starts):
            molecule = transcript[start : start + INSERT]
            fragments += named(read_copies(molecule, Copies(1, paired, random_indels), rng), f"m{i}.")
        report = report_reads(demo_panel_directory, tmp_path / str(paired), fragments)
        found = fusion_fragments(report)
        assert found >= 0.9 * len(starts), found
