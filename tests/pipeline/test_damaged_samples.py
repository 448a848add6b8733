"""A sample with the fusion is never EXCLUDED, however its files are damaged: an error, or another verdict.

The sample is made so that nothing but its fusion fragments stands between it and EXCLUDED; without them it is
excluded, which the first test shows. They are spread over the files, so that what is cut off never takes all
of them without the rest. Hypothesis draws the damage from a fixed seed.
"""

import gzip
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspsfusion.config import ClassifyParameters
from aspsfusion.errors import AspsfusionError
from aspsfusion.screen.pairs import Lane
from bam_factory import Record, pair, placed_pair, write_records
from small_panel import FIVE_TRANSCRIPT, THREE_TRANSCRIPT, SmallPanel, random_bases
from stages import Pair, report_files

READ = 50
LENGTHS = {"chr2": 2000, "chrX": 2000}
FUSED = FIVE_TRANSCRIPT[:120] + THREE_TRANSCRIPT[80:]
LENIENT = ClassifyParameters(max_detectable_fraction=0.3)
"""So that some ten informative fragments exclude, and the files can be small."""


def examples(number: int) -> settings:
    """So many examples, the same in every run."""
    return settings(
        max_examples=number,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def molecules(*, fused: bool) -> list[tuple[str, str]]:
    """Fragments by name; every sixth one crosses the junction, the first one too."""
    source, found = random.Random(7), []
    for number in range(72):
        gene, sequence = ("FIVE", FIVE_TRANSCRIPT) if number % 4 == 1 else ("THREE", THREE_TRANSCRIPT)
        start, length = source.randrange(100), source.randrange(70, 91)
        if fused and number % 6 == 0:
            gene, sequence, start = "fusion", FUSED, source.randrange(55, 110)
        found.append((f"{gene}{number}", sequence[start : start + length]))
    return found


def pairs(*, fused: bool) -> list[list[Record]]:
    """The reads of the fragments."""
    return [
        pair(name, *Pair(name, molecule, READ, flipped=number % 4 > 1).reads())
        for number, (name, molecule) in enumerate(molecules(fused=fused))
    ]


def fastq(records: list[Record]) -> bytes:
    """Reads as FASTQ."""
    return "".join(f"@{r.name}\n{r.bases}\n+\n{'I' * len(r.bases)}\n" for r in records).encode()


def alignments(groups: list[list[Record]]) -> list[Record]:
    """The pairs as an aligner leaves them, those of the fusion without a position."""
    records = [*pair("nowhere", random_bases(READ, seed=1), random_bases(READ, seed=2))]
    for first, second in groups:
        contig = {"FIVE": "chr2", "THRE": "chrX"}.get(first.name[:4])
        records += (
            [first, second]
            if contig is None
            else placed_pair(first.name, first.bases, second.bases, contig, 100)
        )
    return records


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small panel, built."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("small"))
    small.build()
    return small.output


def outcome(panel: Path, directory: Path, reads: Path | Lane) -> str:
    """The verdict, or `error` where the input is refused in words."""
    try:
        return report_files(panel, directory, reads, LENIENT).verdict.call
    except AspsfusionError as error:
        if str(directory) not in error.sentence():
            raise AssertionError(error.sentence()) from error
        return "error"


@pytest.mark.parametrize(("fused", "call"), [(False, "EXCLUDED"), (True, "CONFIRMED")])
@pytest.mark.parametrize("form", ["pairs", "interleaved", "bam"])
def test_only_the_fusion_stands_against_an_exclusion(
    panel: Path, tmp_path: Path, form: str, fused: bool, call: str
) -> None:
    groups = pairs(fused=fused)
    reads: Path | Lane
    if form == "bam":
        reads = write_records(tmp_path / "x.bam", alignments(groups), LENGTHS)
    else:
        reads = lane(tmp_path, [fastq(list(mates)) for mates in zip(*groups, strict=True)], form)
    assert report_files(panel, tmp_path, reads, LENIENT).verdict.call == call


def lane(directory: Path, mates: list[bytes], form: str) -> Lane:
    """Write both mates' FASTQ in one of the forms."""
    if form == "interleaved":
        records = [[m[i : i + 4] for i in range(0, len(m), 4)] for m in (b.split(b"\n") for b in mates)]
        joined = itertools.chain.from_iterable(zip(*records, strict=False))
        (directory / "r.fq").write_bytes(b"\n".join(b"\n".join(record) for record in joined) + b"\n")
        return Lane(directory / "r.fq", interleaved=True)
    paths = [directory / f"r{number}.fq" for number in (1, 2)]
    for path, content in zip(paths, mates, strict=True):
        path.write_bytes(content)
    return Lane(paths[0], paths[1])


def change(data: bytearray, place: int, noise: bytes, length: int) -> None:
    data[place : place + len(noise)] = noise


def insert(data: bytearray, place: int, noise: bytes, length: int) -> None:
    data[place:place] = noise


def cut(data: bytearray, place: int, noise: bytes, length: int) -> None:
    del data[place : place + length]


def truncate(data: bytearray, place: int, noise: bytes, length: int) -> None:
    del data[place:]


def zero(data: bytearray, place: int, noise: bytes, length: int) -> None:
    data[place : place + length] = bytes(len(data[place : place + length]))


def repeat(data: bytearray, place: int, noise: bytes, length: int) -> None:
    data[place:place] = data[place : place + length]


def lose_lines(data: bytearray, place: int, noise: bytes, length: int) -> None:
    start = data.rfind(b"\n", 0, place) + 1
    end = data.find(b"\n", place + length)
    del data[start : end + 1 if end >= 0 else len(data)]


def unknown_bases(data: bytearray, place: int, noise: bytes, length: int) -> None:
    for base in b"ACGT":
        data[place : place + length] = data[place : place + length].replace(bytes([base]), b"N")


Damage = Callable[[bytearray, int, bytes, int], None]
DAMAGES: list[Damage] = [change, insert, cut, truncate, zero, repeat, lose_lines, unknown_bases]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes with one to three damages of up to a tenth of them."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        damage = draw(st.sampled_from(DAMAGES))
        place = draw(st.integers(0, len(data)))
        noise = draw(st.binary(min_size=1, max_size=8))
        damage(data, place, noise, draw(st.integers(1, 1 + len(whole) // 10)))
    return bytes(data)


@examples(40)
@given(data=st.data())
def test_damaged_fastq_is_never_excluded(panel: Path, tmp_path: Path, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["first", "second", "both", "packed", "interleaved", "inflated again"]))
    mates = [fastq(list(mates)) for mates in zip(*pairs(fused=True), strict=True)]
    if form in ("first", "both", "inflated again"):
        mates[0] = data.draw(damaged(mates[0]))
    if form in ("second", "both"):
        mates[1] = data.draw(damaged(mates[1]))
    if form == "packed":
        mates[0] = data.draw(damaged(gzip.compress(mates[0], mtime=0)))
    if form == "inflated again":
        mates = [gzip.compress(content, mtime=0) for content in mates]
    reads = lane(tmp_path, mates, form)
    if form == "interleaved":
        path = tmp_path / "r.fq"
        path.write_bytes(data.draw(damaged(path.read_bytes())))
    assert outcome(panel, tmp_path, reads) in {"error", "CONFIRMED", "INDETERMINATE"}


@examples(40)
@given(data=st.data())
def test_damaged_bam_is_never_excluded(panel: Path, tmp_path: Path, data: st.DataObject) -> None:
    path = write_records(tmp_path / "x.bam", alignments(pairs(fused=True)), LENGTHS)
    whole = path.read_bytes()
    if data.draw(st.booleans()):
        content = data.draw(damaged(whole))
    else:  # the packing intact around damaged records
        content = gzip.compress(data.draw(damaged(gzip.decompress(whole))), mtime=0) + whole[-28:]
    path.write_bytes(content)
    assert outcome(panel, tmp_path, path) in {"error", "CONFIRMED", "INDETERMINATE"}


def with_unknown(bases: str, chance: random.Random, share: float) -> str:
    return "".join("N" if chance.random() < share else base for base in bases)


def with_errors(bases: str, chance: random.Random, share: float) -> str:
    return "".join(chance.choice("ACGT") if chance.random() < share else base for base in bases)


def cut_short(bases: str, chance: random.Random, share: float) -> str:
    return bases[: max(1, round(len(bases) * (1 - share)))]


def cut_in_front(bases: str, chance: random.Random, share: float) -> str:
    return bases[round(len(bases) * share * 0.9) :]


def poly_g(bases: str, chance: random.Random, share: float) -> str:
    kept = round(len(bases) * (1 - share))
    return bases[:kept] + "G" * (len(bases) - kept)


@examples(16)
@given(data=st.data())
def test_bad_reads_are_never_excluded(panel: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Files that are whole, of reads that are not: some or all of them, of one mate or both."""
    chance = random.Random(data.draw(st.integers(0, 1000)))
    spoil = data.draw(st.sampled_from([with_unknown, with_errors, cut_short, cut_in_front, poly_g]))
    share, of_reads = data.draw(st.floats(0.0, 1.0)), data.draw(st.sampled_from([0.3, 1.0]))
    spoilt = data.draw(st.sampled_from([(0,), (1,), (0, 1)]))
    mates = [list(mates) for mates in zip(*pairs(fused=True), strict=True)]
    for number in spoilt:
        mates[number] = [
            replace(read, bases=spoil(read.bases, chance, share)) if chance.random() < of_reads else read
            for read in mates[number]
        ]
    reads = lane(tmp_path, [fastq(records) for records in mates], "pairs")
    assert outcome(panel, tmp_path, reads) in {"error", "CONFIRMED", "INDETERMINATE"}


@examples(12)
@given(data=st.data())
def test_a_bam_that_lost_records_is_never_excluded(panel: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Records removed by flag, mate, order or name, which leaves a file that is intact as a file."""
    records = alignments(pairs(fused=True))
    share = data.draw(st.floats(0.0, 0.9))
    kind = data.draw(
        st.sampled_from(["any", "first mates", "unmapped", "mates of the fusion", "flags", "order"])
    )
    chance = random.Random(data.draw(st.integers(0, 1000)))
    doomed: dict[str, Callable[[Record], bool]] = {
        "any": lambda r: chance.random() < share,
        "first mates": lambda r: bool(r.flag & 0x40) and chance.random() < share,
        "unmapped": lambda r: bool(r.flag & 0x4),
        "mates of the fusion": lambda r: r.name.startswith("fusion") and bool(r.flag & 0x80),
    }
    if kind in doomed:
        records = [record for record in records if not doomed[kind](record)]
    elif kind == "flags":
        wrong = (0x100, 0x800, 0x900, 0x40, 0x80)
        records = [
            Record(r.name, r.bases, r.flag ^ chance.choice(wrong), r.contig, r.position)
            if chance.random() < share
            else r
            for r in records
        ]
    else:
        chance.shuffle(records)
    path = write_records(tmp_path / "x.bam", records, LENGTHS)
    assert outcome(panel, tmp_path, path) in {"error", "CONFIRMED", "INDETERMINATE"}
