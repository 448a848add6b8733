"""Names of reads are labels: a sample whose names repeat has the report of one whose names do not."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.panel.panel import load_panel
from aspsfusion.pipeline import SampleFiles, SampleInput, Thresholds, run_analyse
from aspsfusion.screen.extract import run_extract
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from bam_factory import (
    MATE_REVERSE,
    MATE_UNMAPPED,
    PAIRED,
    REVERSE,
    SECOND,
    UNMAPPED,
    Record,
    pair,
    placed,
    write_records,
)
from small_panel import random_bases
from stages import Pair, fusion_molecule

READ = 75
LENGTHS = {"chr17": 83257441, "chrX": 156040895}
LANES = 3

Named = tuple[str, list[str]]
"""Name and reads of a fragment."""


@pytest.fixture(scope="module")
def reads(demo_panel_directory: Path) -> list[list[str]]:
    """A carrier: 21 fragments across the junction, wild type of both genes, and reads of neither."""
    rng = random.Random(15)
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    panel = load_panel(demo_panel_directory)
    found = [
        Pair("", molecule[start : start + 180 + 5 * (n % 9)], READ, flipped=bool(n % 2)).reads()
        for n in range(21)
        for start in [junction - 20 - 2 * n]
    ]
    for gene in ("ASPSCR1", "TFE3"):
        bases = panel.primary[gene].sequence
        for _ in range(60):
            length = rng.randint(150, 230)
            start = rng.randint(0, len(bases) - length)
            found.append(Pair("", bases[start : start + length], READ, flipped=rng.random() < 0.5).reads())
    found += [Pair("", random_bases(200, seed=100 + n), READ).reads() for n in range(40)]
    rng.shuffle(found)
    return found


def fastq(path: Path, names: Sequence[str], reads: Sequence[str]) -> Path:
    path.write_text(
        "".join(
            f"@{name}\n{bases}\n+\n{'I' * len(bases)}\n" for name, bases in zip(names, reads, strict=True)
        ),
        encoding="latin-1",
    )
    return path


def lanes_of(
    directory: Path, names: Sequence[str], reads: Sequence[list[str]], *, count: int, single: bool = False
) -> list[Lane]:
    """Write the fragments as so many lanes, one part after the other."""
    size = -(-len(reads) // count)
    lanes = []
    for lane in range(count):
        part = slice(lane * size, (lane + 1) * size)
        paths = [
            fastq(directory / f"L{lane}_{mate + 1}.fastq", names[part], [each[mate] for each in reads[part]])
            for mate in range(1 if single else 2)
        ]
        lanes.append(Lane(paths[0], None if single else paths[1]))
    return lanes


def analysed(panel: Path, directory: Path, given: Sequence[Lane] | Path) -> dict[str, Any]:
    """Return the report without its labels and the bytes of its files, which hold the names."""
    candidates, metrics = directory / "c.fastq.gz", directory / "screen.json"
    if isinstance(given, Path):
        run_extract(panel, given, candidates, metrics)
    else:
        run_screen(panel, given, candidates, metrics)
    files = SampleFiles(directory, "s")
    run_analyse(
        SampleInput(panel, candidates, metrics), files, Thresholds(CallParameters(), ClassifyParameters())
    )
    report: dict[str, Any] = json.loads(files.path(".report.json").read_text())
    del report["inputs"]
    for fusion in report["fusions"] + report["filtered"]:
        for read in fusion.get("reads", ()):
            read["name"] = ""
    return report


@pytest.fixture(scope="module")
def with_own_names() -> dict[object, dict[str, Any]]:
    """Reports of the fragments under names of their own, by how they are given; made where first wanted."""
    return {}


NAMES: dict[str, Callable[[int, int], str]] = {
    "equal in lanes": lambda n, of_lane: f"M1:7:{n % of_lane}",
    "one": lambda n, of_lane: "r",
    "long": lambda n, of_lane: f"{n:0300}",
    "bytes": lambda n, of_lane: f"l\xe4ser\x01\xff{n}",
}


@pytest.mark.parametrize(
    ("names", "lanes", "single"),
    [
        ("equal in lanes", 3, False),
        ("equal in lanes", 2, False),
        ("equal in lanes", 1, False),
        ("one", 1, False),
        ("long", 1, False),
        ("bytes", 1, False),
        ("equal in lanes", 1, True),
        ("one", 2, True),
    ],
)
def test_names_of_fastq_do_not_matter(
    demo_panel_directory: Path,
    tmp_path: Path,
    reads: list[list[str]],
    with_own_names: dict[object, dict[str, Any]],
    names: str,
    lanes: int,
    single: bool,
) -> None:
    def report(given: list[str], kind: str) -> dict[str, Any]:
        directory = tmp_path / kind
        directory.mkdir()
        written = lanes_of(directory, given, reads, count=lanes, single=single)
        return analysed(demo_panel_directory, directory, written)

    if (lanes, single) not in with_own_names:
        with_own_names[lanes, single] = report([f"own{n}" for n in range(len(reads))], "own")
    own = with_own_names[lanes, single]
    of_lane = -(-len(reads) // max(2, lanes))
    assert report([NAMES[names](n, of_lane) for n in range(len(reads))], names) == own
    assert own["verdict"]["call"] == "CONFIRMED"
    assert own["fusions"][0]["fragments"] >= (8 if single else 21)


def bam_records(reads: Sequence[list[str]], names: Sequence[str], *, order: str) -> list[Record]:
    """The fragments as an aligner left them, at places that are made up."""
    rng = random.Random(4)
    records = []
    for number, (name, mates) in enumerate(zip(names, reads, strict=True)):
        first, second = pair(name, mates[0], mates[1])
        if order != "unaligned" and number % 10:
            places = [(rng.choice(sorted(LENGTHS)), rng.randint(1, 50_000_000)) for _ in range(2)]
            one = replace(placed(first, *places[0]), flag=PAIRED | 0x40 | MATE_REVERSE, mate=places[1])
            two = placed(second, *places[1], reverse=True)
            first, second = one, replace(two, flag=two.flag & ~0x8, mate=places[0])
            if number % 10 == 5:
                # One mate alone has a place; the other one stands beside it.
                first = replace(first, flag=first.flag & ~MATE_REVERSE | MATE_UNMAPPED, mate=places[0])
                flag = second.flag & ~REVERSE | UNMAPPED
                second = replace(second, flag=flag, contig=places[0][0], position=places[0][1])
        tag = (("RG", f"lane{number * LANES // len(reads)}"),)
        records += [replace(first, tags=tag), replace(second, tags=tag)]
    if order == "sorted":
        records.sort(key=lambda r: (r.contig or "z", r.position))
    return records


@pytest.mark.parametrize("order", ["unaligned", "grouped", "sorted"])
@pytest.mark.parametrize("names", ["equal in lanes", "one"])
def test_names_of_bam_do_not_matter(
    demo_panel_directory: Path,
    tmp_path: Path,
    reads: list[list[str]],
    with_own_names: dict[object, dict[str, Any]],
    names: str,
    order: str,
) -> None:
    def report(given: list[str], kind: str) -> dict[str, Any]:
        directory = tmp_path / kind
        directory.mkdir()
        records = bam_records(reads, given, order=order)
        bam = write_records(directory / "s.bam", records, {} if order == "unaligned" else LENGTHS)
        return analysed(demo_panel_directory, directory, bam)

    if order not in with_own_names:
        with_own_names[order] = report([f"own{n}" for n in range(len(reads))], "own")
    own = with_own_names[order]
    of_lane = -(-len(reads) // LANES)
    assert report([NAMES[names](n, of_lane) for n in range(len(reads))], names) == own
    assert own["verdict"]["call"] == "CONFIRMED"
    assert own["fusions"][0]["fragments"] >= 21


@pytest.mark.parametrize("order", ["unaligned by name", "by name"])
def test_mates_that_cannot_be_told_apart_exclude_nothing(
    demo_panel_directory: Path, tmp_path: Path, reads: list[list[str]], order: str
) -> None:
    """A sort by name puts the first mates of one name before the second ones."""
    unaligned = order.startswith("unaligned")
    records = bam_records(reads, ["r"] * len(reads), order="unaligned" if unaligned else "grouped")
    records.sort(key=lambda r: bool(r.flag & SECOND))
    bam = write_records(tmp_path / "s.bam", records, {} if unaligned else LENGTHS)
    report = analysed(demo_panel_directory, tmp_path, bam)
    assert report["verdict"]["call"] != "EXCLUDED"
    flags = [flag["text"] for flag in report["qc"]["flags"] if flag["code"] == "INPUT_INCOMPLETE"]
    assert any("which mates belong together" in text for text in flags)
    # No strangers are joined: nothing but the true junction is a candidate.
    genes = {
        (f["five_prime"]["gene"], f["three_prime"]["gene"]) for f in report["fusions"] + report["filtered"]
    }
    assert genes <= {("ASPSCR1", "TFE3")}
