"""Simulated reads: what they say, what the truth says of them, and that both agree."""

import gzip
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.errors import ParameterError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Exon, Panel, Transcript, Unspliced
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.simulate.fragments import Fragments, anchors, whole_reads
from aspsfusion.simulate.molecules import fusion_molecule, parse_fusion
from aspsfusion.simulate.reads import ADAPTERS
from aspsfusion.simulate.records import SimulatedFragment, SimulationParameters, TruthRecord
from aspsfusion.simulate.simulate import simulate, write_simulation
from aspsfusion.validation.study import read_rows
from repository import run_command

GENOME = "".join(
    np.random.default_rng(5).choice(list("ACGT"), 6000).tolist()
)  # one chromosome, enough for three genes


def make_transcript(
    gene: str,
    name: str,
    strand: str,
    spans: list[tuple[int, int]],
    cds: tuple[int, int] | None,
    primary: bool,
) -> Transcript:
    """Transcript of GENOME; spans are 0-based half-open, in transcript order."""
    exons, parts, offset = [], [], 0
    for number, (start, end) in enumerate(spans, start=1):
        exons.append(Exon(number, start, end, offset, offset + end - start))
        piece = GENOME[start:end]
        parts.append(piece if strand == "+" else reverse_complement(piece))
        offset += end - start
    return Transcript(gene, name, "chr1", strand, tuple(exons), cds, primary, "".join(parts))


def make_panel() -> Panel:
    transcripts = [
        make_transcript("FIVE", "F.1", "+", [(100, 400), (600, 750), (1000, 1400)], (30, 630), True),
        make_transcript("FIVE", "F.2", "+", [(100, 400), (1000, 1400)], None, False),
        make_transcript("THREE", "T.1", "-", [(4600, 5000), (4000, 4105), (2000, 2600)], (50, 1001), True),
        make_transcript("CTRL", "C.1", "+", [(5200, 5500), (5600, 5900)], None, True),
    ]
    unspliced = [
        Unspliced("FIVE", "chr1", "+", 100, 1400, GENOME[100:1400]),
        Unspliced("THREE", "chr1", "-", 2000, 5000, reverse_complement(GENOME[2000:5000])),
    ]
    spec = PanelSpec.model_validate(
        {
            "schema_version": 1,
            "name": "test",
            "version": "1",
            "title": "test panel",
            "genome": {"build": "GRCh38"},
            "target": {"five_prime": "FIVE", "three_prime": "THREE", "disease": "none"},
            "genes": [
                {"symbol": symbol, "roles": [role]}
                for symbol, role in (("FIVE", "target"), ("THREE", "target"), ("CTRL", "control"))
            ],
            "texts": {"confirmed": "yes", "excluded": "no", "indeterminate": "unknown"},
        }
    )
    return Panel(Path(), spec, {t.key: t for t in transcripts}, {u.gene: u for u in unspliced}, {})


PANEL = make_panel()
FIVE, THREE = PANEL.primary["FIVE"], PANEL.primary["THREE"]


def run(**parameters: object) -> list[SimulatedFragment]:
    return list(simulate(PANEL, SimulationParameters(**parameters)))  # type: ignore[arg-type]


def molecule_of(truth: TruthRecord) -> str:
    if truth.source == "fusion":
        return fusion_molecule(PANEL, parse_fusion(truth.contig)).sequence
    return PANEL.sequence_of(truth.contig)


def agreement(read: str, inside: str, adapter: str) -> bool:
    """Whether an error-free read begins with the fragment and goes on with the adapter."""
    expected = (inside + adapter)[: len(read)]
    return read.startswith(expected)


# --- Fusions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "five", "three"),
    [
        ("FIVE:2::THREE:2", FIVE.sequence[:450], THREE.sequence[400:]),
        ("FIVE:3::THREE:1", FIVE.sequence, THREE.sequence),
        ("FIVE:c.100::THREE:c.360", FIVE.sequence[:130], THREE.sequence[409:]),
        ("FIVE:1+20::THREE:2", FIVE.sequence[:300] + GENOME[400:420], THREE.sequence[400:]),
        (
            "FIVE:2::THREE:2-30",
            FIVE.sequence[:450],
            reverse_complement(GENOME[4105:4135]) + THREE.sequence[400:],
        ),
        (
            "THREE:2+25::FIVE:3-250",
            THREE.sequence[:505] + reverse_complement(GENOME[3975:4000]),
            GENOME[750:1000] + FIVE.sequence[450:],
        ),
        ("FIVE:2::THREE:2@0:1>", FIVE.sequence[:450], THREE.sequence[401:]),
        ("FIVE:2::THREE:2@3:0>a", FIVE.sequence[:450], THREE.sequence[400:403] + "A" + THREE.sequence[403:]),
        ("FIVE:2::THREE:2@-1:1>", FIVE.sequence[:449], THREE.sequence[400:]),
        ("FIVE:2::THREE:2@-4:3>T", FIVE.sequence[:446] + "T" + FIVE.sequence[449], THREE.sequence[400:]),
    ],
)
def test_fusion_transcript(stated: str, five: str, three: str) -> None:
    molecule = fusion_molecule(PANEL, parse_fusion(stated))
    assert molecule.sequence == five + three
    assert molecule.junction == len(five)
    assert molecule.name == stated


def test_inserted_bases_are_between_the_genes_and_of_neither() -> None:
    molecule = fusion_molecule(PANEL, parse_fusion("FIVE:2::acgta::THREE:2"))
    assert molecule.sequence == FIVE.sequence[:450] + "ACGTA" + THREE.sequence[400:]
    assert (molecule.junction, molecule.inserted) == (450, 5)


@pytest.mark.parametrize("stated", ["FIVE:2::?:300", "?:300::THREE:2"])
def test_a_partner_off_the_panel_is_the_same_in_all_fragments_of_a_sample(stated: str) -> None:
    partners = []
    for seed in (1, 2):
        options = {"insert_mean": 65, "insert_sd": 2, "error_rate": 0.0, "anchor_three_prime": 25}
        found = run(fusions=(f"{stated}=x40",), seed=seed, **options)
        bases: dict[int, set[str]] = {}
        for fragment in found:
            truth = fragment.truth
            read = fragment.read_1.sequence[: truth.end - truth.start + 1]
            sense = read if truth.strand == "+" else reverse_complement(read)
            for at, base in enumerate(sense, start=truth.start):
                bases.setdefault(at, set()).add(base)
        assert all(len(seen) == 1 for seen in bases.values())
        partners.append("".join(seen.pop() for _, seen in sorted(bases.items())))
    assert partners[0] != partners[1]
    gene = FIVE.sequence[:450] if stated.startswith("FIVE") else THREE.sequence[400:]
    assert all(partner[:25] in gene or partner[-25:] in gene for partner in partners)


@given(
    genes=st.tuples(*[st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True)] * 2),
    exons=st.tuples(*[st.integers(1, 99)] * 2),
    introns=st.tuples(*[st.integers(0, 5000)] * 2),
    number=st.none() | st.integers(0, 10**6),
    placing=st.sampled_from(["", "n", "x"]),
)
def test_fusion_text_is_read_as_written(
    genes: tuple[str, str],
    exons: tuple[int, int],
    introns: tuple[int, int],
    number: int | None,
    placing: str,
) -> None:
    five = f"{genes[0]}:{exons[0]}" + (f"+{introns[0]}" if introns[0] else "")
    three = f"{genes[1]}:{exons[1]}" + (f"-{introns[1]}" if introns[1] else "")
    suffix = "" if number is None else f"={placing}{number}"
    request = parse_fusion(f"{five}::{three}{suffix}")
    assert request.name == f"{five}::{three}"
    assert (request.five_prime.gene, request.three_prime.gene) == genes
    assert (request.five_prime.exon, request.three_prime.exon) == exons
    assert (request.five_prime.intronic, request.three_prime.intronic) == introns
    assert request.fragments == (100 if number is None else number)
    expected = {"": "along", "n": "near", "x": "crossing"}[placing if number is not None else ""]
    assert request.placing == expected


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ("FIVE:2-THREE:2", "cannot be read; write it like GENE1:7::GENE2:6"),
        ("FIVE:two::THREE:2", "position 'two' .* cannot be read"),
        ("FIVE:2::THREE:2=y5", "cannot be read"),
        ("FIVE:2-5::THREE:2", "wrong sign; .* after its exon"),
        ("NONE:2::THREE:2", "gene NONE is not in panel test; it has CTRL, FIVE, THREE"),
        ("FIVE:4::THREE:2", r"FIVE\|F.1 has no exon 4; give an exon from 1 to 3"),
        ("FIVE:0::THREE:2", r"has no exon 0"),
        ("FIVE:c.601::THREE:2", r"c.601 is outside .* FIVE\|F.1; give a position from c.1 to c.600"),
        ("CTRL:c.1::THREE:2", r"CTRL\|C.1 has no reading frame; give an exon number"),
        ("FIVE:3+5::THREE:2", "there is no intron after exon 3"),
        ("FIVE:2::THREE:1-5", "there is no intron before exon 1"),
        ("FIVE:1+201::THREE:2", "intron 1 of .* has 200 nt, not 201"),
        ("CTRL:1+5::THREE:2", "holds no introns of CTRL; it holds those of FIVE, THREE"),
        ("?:30::?:40", "has no gene of the panel; name one gene"),
        ("?:c.30::THREE:2", r"\? has no positions; give its number of bases: \?:300"),
        ("FIVE:2::ACGN::THREE:2", "cannot be read"),
        ("FIVE:2::THREE:2@-2:3>A", "has bases of both genes; give it fewer lost bases"),
    ],
)
def test_fusion_that_cannot_be(stated: str, problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        run(fusions=(stated,))


# --- Reads and truth --------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32),
    read_length=st.integers(1, 160),
    insert_mean=st.integers(1, 400),
    insert_min=st.integers(1, 60),
    stranded=st.sampled_from(["none", "forward", "reverse"]),
    single_end=st.booleans(),
)
@settings(max_examples=40)
def test_reads_are_what_the_truth_says(
    seed: int, read_length: int, insert_mean: int, insert_min: int, stranded: str, single_end: bool
) -> None:
    found = run(
        fusions=("FIVE:2::THREE:2=20", "FIVE:1+20::ACGTACGTAC::THREE:2-30=20"),
        fragments=5,
        transcripts={"FIVE|F.2": 5},
        unspliced={"THREE": 5},
        seed=seed,
        read_length=read_length,
        insert_mean=insert_mean,
        insert_min=insert_min,
        stranded=stranded,
        single_end=single_end,
        error_rate=0.0,
    )
    assert len(found) == 65
    for fragment in found:
        truth = fragment.truth
        molecule = molecule_of(truth)
        assert 1 <= truth.start <= truth.end <= len(molecule)
        assert truth.end - truth.start + 1 >= insert_min
        insert = molecule[truth.start - 1 : truth.end]
        ends = (insert, reverse_complement(insert))
        if truth.strand == "-":
            ends = ends[::-1]
        assert len(fragment.read_1.sequence) == len(fragment.read_1.qualities) == read_length
        assert agreement(fragment.read_1.sequence, ends[0], ADAPTERS[0])
        assert (fragment.read_2 is None) == single_end
        if fragment.read_2 is not None:
            assert agreement(fragment.read_2.sequence, ends[1], ADAPTERS[1])
        if stranded != "none":
            assert truth.strand == {"forward": "+", "reverse": "-"}[stranded]
        # The anchors are those of a read that is there.
        if truth.junction is None:
            assert truth.crosses_junction == 0
        elif truth.crosses_junction:
            five, three = truth.anchor_five_prime, truth.anchor_three_prime
            inserted = len(parse_fusion(truth.contig).inserted)
            crossing = molecule[truth.junction - five : truth.junction + inserted + three]
            reads = [fragment.read_1.sequence]
            reads += [fragment.read_2.sequence] if fragment.read_2 else []
            seen = min(read_length, len(insert))
            assert five + inserted + three == seen
            assert crossing in [read[:seen] for read in reads] + [reverse_complement(r[:seen]) for r in reads]
        assert (truth.crosses_junction > 0) == (truth.anchor_five_prime > 0) == (truth.anchor_three_prime > 0)


@given(
    start=st.integers(0, 300),
    length=st.integers(1, 300),
    junction=st.integers(1, 400),
    inserted=st.sampled_from([0, 0, 3, 30]),
    read_length=st.integers(1, 150),
    sense=st.booleans(),
    paired=st.booleans(),
    asked=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_anchors_are_those_of_the_best_crossing_read(
    start: int,
    length: int,
    junction: int,
    inserted: int,
    read_length: int,
    sense: bool,
    paired: bool,
    asked: tuple[int, int],
) -> None:
    library = SimulationParameters(
        read_length=read_length,
        single_end=not paired,
        anchor_five_prime=asked[0],
        anchor_three_prime=asked[1],
    )
    one = np.array([0])
    fragments = Fragments(one, one + start, one + length, np.array([sense]), one - 1)
    sides, shown = (one + junction, one + junction + inserted), whole_reads(1, library)
    five, three = (int(side[0]) for side in anchors(fragments, sides, shown, library))
    seen = min(length, read_length)
    reads = [(start, start + seen), (start + length - seen, start + length)]
    if not paired:
        reads = reads[:1] if sense else reads[1:]
    onwards = junction + inserted
    possible = [(junction - a, b - onwards) for a, b in reads if a < junction and onwards < b]
    if not possible:
        assert (five, three) == (0, 0)
    else:
        assert (five, three) in possible
        fits = [sides for sides in possible if sides[0] >= asked[0] and sides[1] >= asked[1]]
        assert not fits or (five, three) in fits


@pytest.mark.parametrize("single_end", [False, True])
@pytest.mark.parametrize("stranded", ["none", "forward", "reverse"])
def test_exact_number_of_crossing_fragments(single_end: bool, stranded: str) -> None:
    found = run(fusions=("FIVE:2::THREE:2=x137",), single_end=single_end, stranded=stranded)
    assert len(found) == 137
    for fragment in found:
        assert fragment.truth.anchor_five_prime >= 30
        assert fragment.truth.anchor_three_prime >= 12
    # Chance, not a fixed place: the anchors spread over what a read allows.
    assert len({fragment.truth.anchor_three_prime for fragment in found}) > 15


def test_fragments_across_inserted_bases_show_both_genes() -> None:
    found = run(fusions=(f"FIVE:2::{'ACGTT' * 6}::THREE:2=x50",), anchor_five_prime=14, anchor_three_prime=14)
    assert len(found) == 50
    for truth in (fragment.truth for fragment in found):
        assert min(truth.anchor_five_prime, truth.anchor_three_prime) >= 14
        assert truth.anchor_five_prime + 30 + truth.anchor_three_prime <= 75
    with pytest.raises(ParameterError, match=r"no read of 75 nt can have 30 nt .* with 40 nt between"):
        run(fusions=(f"FIVE:2::{'A' * 40}::THREE:2=x5",))


def test_anchors_of_crossing_fragments_can_be_chosen() -> None:
    found = run(fusions=("FIVE:2::THREE:2=x50",), anchor_five_prime=8, anchor_three_prime=60)
    assert min(fragment.truth.anchor_three_prime for fragment in found) >= 60
    assert min(fragment.truth.anchor_five_prime for fragment in found) >= 8


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"read_length": 41}, "no read of 41 nt can have 30 nt before and 12 nt after"),
        ({"anchor_five_prime": 451, "read_length": 600}, "whose sides have 450 and 705 nt"),
        ({"insert_mean": 30, "insert_sd": 0}, "only 0 of 5 fragments"),
    ],
)
def test_crossing_fragments_that_cannot_be(parameters: dict[str, int], problem: str) -> None:
    with pytest.raises(ParameterError, match=f"{problem}.*; lower --anchor-five-prime"):
        run(fusions=("FIVE:2::THREE:2=x5",), **parameters)


def test_numbers_of_fragments() -> None:
    found = run(
        fusions=("FIVE:1::THREE:3=7", "FIVE:2::THREE:2"),
        fragments=3,
        coverage={"THREE": 11},
        transcripts={"FIVE|F.2": 4},
        unspliced={"FIVE": 5},
        background=13,
    )
    assert Counter((f.truth.source, f.truth.contig) for f in found) == {
        ("wild_type", "FIVE|F.1"): 3,
        ("wild_type", "THREE|T.1"): 11,
        ("wild_type", "CTRL|C.1"): 3,
        ("wild_type", "FIVE|F.2"): 4,
        ("unspliced", "FIVE|unspliced"): 5,
        ("fusion", "FIVE:1::THREE:3"): 7,
        ("fusion", "FIVE:2::THREE:2"): 100,
        ("background", "background"): 13,
    }


def test_background_is_not_of_the_panel() -> None:
    words = set()
    for transcript in PANEL.transcripts.values():
        for strand in (transcript.sequence, reverse_complement(transcript.sequence)):
            words |= {strand[i : i + 20] for i in range(len(strand) - 19)}
    for fragment in run(background=300, read_length=100, insert_mean=250):
        assert fragment.read_2 is not None
        for read in (fragment.read_1.sequence, fragment.read_2.sequence):
            assert not words & {read[i : i + 20] for i in range(len(read) - 19)}


def test_either_strand_when_unstranded() -> None:
    strands = Counter(fragment.truth.strand for fragment in run(fragments=200))
    assert min(strands["+"], strands["-"]) > 200


def test_insert_lengths_follow_the_parameters() -> None:
    lengths = [
        f.truth.end - f.truth.start + 1 for f in run(coverage={"THREE": 2000}, insert_mean=150, insert_sd=20)
    ]
    assert abs(np.mean(lengths) - 150) < 2
    assert abs(np.std(lengths) - 20) < 2


def test_errors_and_their_qualities() -> None:
    found = run(coverage={"FIVE": 3000}, error_rate=0.02, stranded="forward", insert_min=75)
    right, wrong = Counter[str](), Counter[str]()
    for fragment in found:
        expected = FIVE.sequence[fragment.truth.start - 1 :]
        for base, quality, true in zip(
            fragment.read_1.sequence, fragment.read_1.qualities, expected, strict=False
        ):
            (right if base == true else wrong)[quality] += 1
    assert set(right) | set(wrong) == set("#,8F")
    assert abs(wrong.total() / (right.total() + wrong.total()) - 0.02) < 0.002

    def mean(counts: Counter[str]) -> float:
        return sum((ord(quality) - 33) * count for quality, count in counts.items()) / counts.total()

    assert mean(right) > 35
    assert mean(wrong) < 20


def test_unknown_bases_stay_unknown_with_the_lowest_quality() -> None:
    masked = replace(FIVE, sequence="N" * len(FIVE.sequence))
    panel = Panel(Path(), PANEL.spec, {masked.key: masked}, {}, {})
    for fragment in simulate(panel, SimulationParameters(fragments=5, error_rate=1.0, insert_min=75)):
        assert fragment.read_1.sequence == "N" * 75
        assert fragment.read_1.qualities == "#" * 75


def test_duplicates_have_errors_and_names_of_their_own() -> None:
    found = run(fragments=500, duplicate_rate=0.2, error_rate=0.02)
    by_name = {fragment.name: fragment for fragment in found}
    copies = [fragment for fragment in found if fragment.truth.duplicate_of]
    assert len(found) == 1800
    assert len(copies) == 300
    assert len({copy.truth.duplicate_of for copy in copies}) == 300
    for copy in copies:
        original = by_name[copy.truth.duplicate_of]
        assert not original.truth.duplicate_of
        assert replace(copy.truth, fragment="", duplicate_of="") == replace(original.truth, fragment="")
    assert sum(c.read_1.sequence != by_name[c.truth.duplicate_of].read_1.sequence for c in copies) > 150


def test_every_fragment_is_written_as_often_as_asked() -> None:
    found = run(fragments=10, pcr_copies=5, duplicate_rate=0.1, error_rate=0.02)
    assert len(found) == 10 * 3 * 5 + 3
    molecules = Counter((f.truth.contig, f.truth.start, f.truth.end, f.truth.strand) for f in found)
    assert Counter(molecules.values()) == {5: 27, 6: 3}
    originals = [fragment for fragment in found if not fragment.truth.duplicate_of]
    assert len(originals) == 30
    assert {f.truth.duplicate_of for f in found} == {"", *(f.name for f in originals)}


@pytest.mark.parametrize("single_end", [False, True])
def test_trimmed_reads_lose_their_ends_and_their_anchors(single_end: bool) -> None:
    options = {"fusions": ("FIVE:2::THREE:2=x200",), "error_rate": 0.0, "single_end": single_end}
    whole, found = run(**options), run(**options, trim_rate=0.5)
    assert [fragment.truth.start for fragment in found] == [fragment.truth.start for fragment in whole]
    trimmed = 0
    for fragment, before in zip(found, whole, strict=True):
        reads = [read for read in (fragment.read_1, fragment.read_2) if read is not None]
        was = [read for read in (before.read_1, before.read_2) if read is not None]
        assert all(long.sequence.startswith(short.sequence) for short, long in zip(reads, was, strict=True))
        assert all(len(read.sequence) == len(read.qualities) >= 38 for read in reads)
        trimmed += sum(len(read.sequence) < 75 for read in reads)
        truth = fragment.truth
        if truth.crosses_junction:
            crossing = molecule_of(truth)[450 - truth.anchor_five_prime : 450 + truth.anchor_three_prime]
            either = [reverse_complement(read.sequence) for read in reads] + [r.sequence for r in reads]
            assert any(crossing in read for read in either)
    assert abs(trimmed / len(found) / len(reads) - 0.5) < 0.12
    assert sum(fragment.truth.crosses_junction for fragment in found) < 200


@pytest.mark.parametrize(("base", "quality"), [("G", "F"), ("N", "#")])
def test_a_dark_second_read_says_nothing(base: str, quality: str) -> None:
    found = run(fusions=("FIVE:2::THREE:2=x50",), fragments=30, dark_rate=1.0, dark_base=base)
    for fragment in found:
        assert fragment.read_2 is not None
        assert (fragment.read_2.sequence, fragment.read_2.qualities) == (base * 75, quality * 75)
        if fragment.truth.source == "fusion":
            # It is the first read that crosses.
            assert fragment.truth.anchor_five_prime >= 30
            assert fragment.truth.anchor_five_prime + fragment.truth.anchor_three_prime <= 75
    some = run(fragments=200, dark_rate=0.3, dark_base=base)
    dark = sum(f.read_2 is not None and f.read_2.sequence == base * 75 for f in some)
    assert abs(dark / len(some) - 0.3) < 0.08


def test_lanes_repeat_the_names_of_the_first(tmp_path: Path) -> None:
    one, found = run(fragments=20), run(fragments=20, lanes=3)
    assert [fragment.read_1 for fragment in found] == [fragment.read_1 for fragment in one]
    names: dict[int, list[str]] = {}
    for fragment in found:
        names.setdefault(fragment.lane, []).append(fragment.name)
        assert fragment.truth.fragment == fragment.name
    assert len(names[0]) == len(set(names[0])) == 20
    assert names[1] == names[2] == names[0]
    paths = write_simulation(PANEL, SimulationParameters(fragments=20, lanes=3), tmp_path / "s")
    assert [path.name for path in paths] == [
        *(f"s_L00{lane}_R{mate}.fastq.gz" for lane in (1, 2, 3) for mate in (1, 2)),
        "s.truth.tsv",
    ]
    for path in paths[:-1]:
        lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines()
        assert [line.split()[0][1:] for line in lines[::4]] == names[0]


def test_names_and_order_give_nothing_away() -> None:
    found = run(fusions=("FIVE:2::THREE:2=500",), fragments=500)
    names = [fragment.name for fragment in found]
    assert len(set(names)) == len(names)
    assert names == [fragment.name for fragment in run(fragments=2000 // 3, coverage={"CTRL": 668})], (
        "names depend on the order alone"
    )
    first_half = sum(fragment.truth.source == "fusion" for fragment in found[:1000])
    assert 200 < first_half < 300


def test_one_seed_stands_for_one_simulation() -> None:
    assert run(fragments=20, seed=3) == run(fragments=20, seed=3)
    assert run(fragments=20, seed=3) != run(fragments=20, seed=4)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"read_length": 0}, "--read-length 0 is out of range; give 1 or more"),
        ({"read_length": 1001}, "--read-length 1001 is out of range; give 1000 or less"),
        ({"insert_mean": 0}, "--insert-mean 0"),
        ({"insert_mean": float("nan")}, "--insert-mean nan"),
        ({"insert_sd": -1}, "--insert-sd -1"),
        ({"insert_min": 0}, "--insert-min 0"),
        ({"fragments": -1}, "--fragments -1"),
        ({"background": -1}, "--background -1"),
        ({"seed": -1}, "--seed -1"),
        ({"anchor_three_prime": 0}, "--anchor-three-prime 0"),
        ({"error_rate": 1.5}, "--error-rate 1.5 is no rate; give a number from 0 to 1"),
        ({"duplicate_rate": -0.1}, "--duplicate-rate -0.1"),
        ({"coverage": {"FIVE": -2}}, "-2 fragments of FIVE"),
        ({"coverage": {"NONE": 2}}, "gene NONE is not in panel test"),
        ({"transcripts": {"FIVE|X": 2}}, r"FIVE\|X is not in panel test; give one of FIVE\|F.1, FIVE\|F.2"),
        ({"transcripts": {"NONE|X": 2}}, r"give GENE\|TRANSCRIPT as named in transcripts.fa"),
        ({"unspliced": {"CTRL": 2}}, "no unspliced sequence of CTRL; it holds that of FIVE, THREE"),
        ({"near": {"THREE": 5}}, "'THREE' is no exon; write it like GENE:6"),
        ({"near": {"THREE:9": 5}}, r"THREE\|T.1 has no exon 9; give an exon from 1 to 3"),
        ({"copies": {"NONE": 5}}, "gene NONE is not in panel test"),
        ({"repeats": {"CTRL": 5}}, "holds no introns of CTRL; it holds those of FIVE, THREE"),
        ({"repeats": {"FIVE": 5}}, "no intron of FIVE with 300 nt; give a target gene with introns"),
        ({"umi_length": 31}, "--umi-length 31 is out of range; give 30 or less"),
        ({"deamination_rate": 2}, "--deamination-rate 2 is no rate"),
        ({"assay": "anchored", "fragments": 5}, "--assay needs --primer"),
        ({"primers": ("THREE:2+40up",), "fragments": 5}, "--primer needs --assay"),
        ({"assay": "anchored", "primers": ("THREE:2",)}, "--primer 'THREE:2' cannot be read; write it like"),
        ({"assay": "anchored", "primers": ("NONE:2+40up",)}, "gene NONE is not in panel test"),
        ({"assay": "anchored", "primers": ("THREE:1+9up",)}, r"THREE:1\+9up is outside THREE\|T.1"),
        (
            {"assay": "anchored", "primers": ("THREE:2+40up",), "coverage": {"CTRL": 9}},
            "primers that work on it",
        ),
        (
            {
                "assay": "amplicon",
                "primers": ("THREE:2-60down", "THREE:2+60up"),
                "fusions": ("FIVE:2::THREE:2=x5",),
            },
            "only 0 of 5 fragments with a read across",
        ),
        ({}, "nothing to simulate; give --fusion"),
        ({"fusions": ("FIVE:2::THREE:2=0",)}, "nothing to simulate"),
    ],
)
def test_parameters_without_sense(parameters: dict[str, object], problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        run(**parameters)


# --- Libraries that primers make --------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["up", "down"])
def test_an_anchored_fragment_reaches_from_its_primer_to_a_random_end(direction: str) -> None:
    """Read 1 begins at the random end, read 2 with the primer."""
    found = run(
        assay="anchored",
        primers=(f"THREE:2+50{direction}",),
        fragments=300,
        error_rate=0.0,
        stranded="reverse",
    )
    # The primer works on no other gene.
    assert {fragment.truth.contig for fragment in found} == {THREE.key}
    begin = THREE.exons[1].tx_start + 50
    up = direction == "up"
    fixed, free = ("end", "start") if up else ("start", "end")
    assert {getattr(f.truth, fixed) for f in found} == {begin if up else begin + 1}
    assert len({getattr(f.truth, free) for f in found}) > 50
    assert {f.truth.strand for f in found} == {"+" if up else "-"}
    primer = THREE.sequence[begin - 24 : begin] if up else THREE.sequence[begin : begin + 24]
    for fragment in found:
        assert fragment.read_2 is not None
        assert fragment.read_2.sequence.startswith(reverse_complement(primer) if up else primer)


def test_a_primer_in_the_third_gene_extends_into_its_partner() -> None:
    asked = {"assay": "anchored", "primers": ("THREE:2+50up",), "insert_mean": 120.0, "read_length": 100}
    found = run(**asked, fusions=("FIVE:2::THREE:2=40", "FIVE:1::THREE:3=40"))
    assert {fragment.truth.contig for fragment in found} == {"FIVE:2::THREE:2"}
    assert sum(fragment.truth.crosses_junction for fragment in found) > 30
    across = run(**asked, fusions=("FIVE:2::THREE:2=x40",))
    assert len(across) == 40
    assert all(f.truth.anchor_five_prime >= 30 and f.truth.anchor_three_prime >= 12 for f in across)


def test_an_amplicon_lies_between_two_primers_that_face_each_other() -> None:
    primers = ("FIVE:2-40down", "FIVE:2+70up", "FIVE:3+50up", "THREE:2+60up", "THREE:2-40down")
    found = run(assay="amplicon", primers=primers, fragments=200, fusions=("FIVE:2::THREE:2=50",))
    ends = Counter((f.truth.contig, f.truth.end - f.truth.start + 1) for f in found)
    exon = FIVE.exons[1].tx_end - FIVE.exons[1].tx_start
    assert set(ends) == {
        *((FIVE.key, length) for length in (110, 40 + exon + 50)),
        (THREE.key, 100),
        # The fusion lacks one primer of each gene.
        *(("FIVE:2::THREE:2", length) for length in (110, 40 + exon + 60)),
    }
    assert min(ends.values()) > 10
    assert {f.truth.strand for f in found} == {"+", "-"}


def test_primers_are_written_as_they_are_ordered(tmp_path: Path) -> None:
    asked = SimulationParameters(assay="anchored", primers=("THREE:2+50up", "FIVE:1+9down"), fragments=5)
    paths = write_simulation(PANEL, asked, tmp_path / "s")
    assert [path.name for path in paths][2:] == ["s.primers.fa", "s.truth.tsv"]
    begin = THREE.exons[1].tx_start + 50
    first, second = reverse_complement(THREE.sequence[begin - 24 : begin]), FIVE.sequence[9:33]
    assert paths[2].read_text() == f">THREE:2+50up\n{first}\n>FIVE:1+9down\n{second}\n"


# --- What makes callers err -------------------------------------------------------------------------


@pytest.mark.parametrize("option", [{"near": {"THREE:2": 300}}, {"fusions": ("FIVE:2::THREE:2=n300",)}])
def test_fragments_near_a_place_lie_in_its_window(option: dict[str, object]) -> None:
    found = run(**option, window=150, insert_mean=100, insert_sd=10)
    center = 400 if "near" in option else 450
    assert len(found) == 300
    assert min(fragment.truth.start for fragment in found) >= center - 150 + 1
    assert max(fragment.truth.end for fragment in found) <= center + 150
    covering = sum(f.truth.start <= center - 5 and f.truth.end >= center + 5 for f in found)
    # Fragments of 100 nt have 201 starts in a window of 300, 90 of which cover the 10 bases in the middle.
    assert abs(covering / 300 - 90 / 201) < 0.1


def test_the_same_depth_near_a_junction_and_near_its_acceptor() -> None:
    found = run(near={"THREE:2": 3000}, fusions=("FIVE:2::THREE:2=n3000",), window=300)
    depth = Counter(
        f.truth.source
        for f in found
        if (at := 450 if f.truth.source == "fusion" else 400) and f.truth.start <= at < f.truth.end
    )
    assert abs(depth["fusion"] / depth["wild_type"] - 1) < 0.08


def test_deamination_is_of_the_molecule_and_not_of_the_read() -> None:
    rate = 0.1
    found = run(
        coverage={"FIVE": 600},
        deamination_rate=rate,
        error_rate=0.0,
        duplicate_rate=0.5,
        read_length=60,
        insert_mean=60,
        insert_sd=0,
        insert_min=60,
    )
    by_name = {fragment.name: fragment for fragment in found}
    changed: Counter[tuple[str, str]] = Counter()
    cytosines = 0
    for fragment in found:
        truth = fragment.truth
        assert fragment.read_2 is not None
        seen = [fragment.read_1.sequence, reverse_complement(fragment.read_2.sequence)]
        # Both mates cover the whole fragment and show the same damage.
        assert seen[0] == seen[1]
        sense = seen[0] if truth.strand == "+" else reverse_complement(seen[0])
        original = FIVE.sequence[truth.start - 1 : truth.end]
        here = Counter((a, b) for a, b in zip(original, sense, strict=True) if a != b)
        assert len(here) <= 1, "one strand of a molecule is damaged"
        changed += here
        cytosines += sum(original.count(base) for base in "CG")
        if truth.duplicate_of:
            assert fragment.read_1.sequence == by_name[truth.duplicate_of].read_1.sequence
    assert set(changed) == {("C", "T"), ("G", "A")}
    # Half of the molecules show C>T, the other half G>A.
    assert abs(changed.total() / cytosines - rate / 2) < 0.006


def test_molecular_identifiers_are_those_of_molecules() -> None:
    found = run(coverage={"FIVE": 200}, duplicate_rate=0.5, umi_length=8)
    umis = {fragment.name: fragment.name.split(":")[7] for fragment in found}
    assert all(len(umi) == 8 and set(umi) <= set("ACGT") for umi in umis.values())
    for fragment in found:
        if fragment.truth.duplicate_of:
            assert umis[fragment.name] == umis[fragment.truth.duplicate_of]
    assert len(set(umis.values())) == 200
    assert all(fragment.name.count(":") == 6 for fragment in run(coverage={"FIVE": 5}))


def test_chimeras_join_two_molecules_where_they_share_bases() -> None:
    found = run(coverage={"FIVE": 400, "THREE": 400}, chimera_rate=0.2, chimera_homology=5, error_rate=0.0)
    chimeras = [f for f in found if f.truth.source == "chimera"]
    # Each of 800 fragments with a probability of 0.2, four standard deviations.
    assert abs(len(chimeras) - 160) < 46
    for fragment in chimeras:
        truth = fragment.truth
        assert truth.junction is not None
        (first, switch), (second, place) = (side.rsplit(":", 1) for side in truth.contig.split("::"))
        five, three = PANEL.sequence_of(first), PANEL.sequence_of(second)
        before, after = int(switch), int(place) - 1
        assert first != second
        assert five[before - 5 : before] == three[after - 5 : after]
        molecule = five[before - truth.junction : before] + three[after:]
        assert truth.start == 1
        ends = (molecule[: truth.end], reverse_complement(molecule[: truth.end]))
        read = fragment.read_1.sequence
        assert agreement(read, ends[truth.strand == "-"], ADAPTERS[0])


def test_copies_are_as_alike_as_asked() -> None:
    found = run(copies={"FIVE": 300}, copy_identity=0.9, error_rate=0.0, stranded="forward", insert_min=75)
    assert {(f.truth.source, f.truth.contig) for f in found} == {("copy", "FIVE|F.1|copy")}
    same = total = 0
    for fragment in found:
        original = FIVE.sequence[fragment.truth.start - 1 :][:75]
        same += sum(a == b for a, b in zip(fragment.read_1.sequence, original, strict=True))
        total += 75
    assert abs(same / total - 0.9) < 0.02


def test_repeats_share_one_place_of_an_intron() -> None:
    found = run(repeats={"THREE": 40}, copy_identity=1.0, error_rate=0.0, read_length=100, stranded="forward")
    assert Counter(f.truth.contig for f in found) == {"THREE|repeat": 40}
    introns = PANEL.unspliced["THREE"].sequence
    inside = [f for f in found if f.truth.start > 150 and f.truth.start + 100 <= 450]
    assert len(inside) > 5
    for fragment in inside:
        # Error-free copies: the read is a piece of the intron, all from the same 300 bases.
        at = introns.find(fragment.read_1.sequence)
        assert at - (fragment.truth.start - 1) == introns.find(inside[0].read_1.sequence) - (
            inside[0].truth.start - 1
        )


def test_a_share_of_another_sample_hops_over() -> None:
    found = run(other_fusions=("FIVE:2::THREE:2=x2000",), hopping_rate=0.05, fragments=1)
    hopped = [f for f in found if f.truth.source == "other_sample"]
    assert 60 < len(hopped) < 140
    assert all(f.truth.crosses_junction for f in hopped)


def test_expression_varies_from_gene_to_gene_around_its_mean() -> None:
    numbers = np.array(
        [
            [Counter(f.truth.contig for f in run(fragments=200, expression_spread=1.0, seed=s))[t.key]]
            for s in range(40)
            for t in (FIVE, THREE)
        ]
    )
    assert np.std(np.log(numbers)) == pytest.approx(1.0, abs=0.25)
    assert 120 < np.mean(numbers) < 330


def test_what_is_added_does_not_change_the_rest() -> None:
    plain = run(coverage={"FIVE": 50}, umi_length=0)
    labelled = run(coverage={"FIVE": 50}, umi_length=6)
    assert [f.read_1 for f in plain] == [f.read_1 for f in labelled]


# --- Files ------------------------------------------------------------------------------------------

MIXED = SimulationParameters(
    fusions=("FIVE:2::THREE:2=x30",), fragments=50, background=20, duplicate_rate=0.1, seed=11
)


def records(path: Path) -> list[list[str]]:
    lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines()
    return [lines[i : i + 4] for i in range(0, len(lines), 4)]


def test_files_hold_the_records(tmp_path: Path) -> None:
    paths = write_simulation(PANEL, MIXED, tmp_path / "new" / "sample")
    assert [path.name for path in paths] == ["sample_R1.fastq.gz", "sample_R2.fastq.gz", "sample.truth.tsv"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in paths)
    expected = list(simulate(PANEL, MIXED))
    for mate, path in enumerate(paths[:2], start=1):
        for (name, sequence, plus, qualities), fragment in zip(records(path), expected, strict=True):
            read = fragment.read_1 if mate == 1 else fragment.read_2
            assert read is not None
            assert name == f"@{fragment.name} {mate}:N:0:ACGT"
            assert (sequence, plus, qualities) == (read.sequence, "+", read.qualities)
    assert read_rows(TruthRecord, paths[2]) == [fragment.truth for fragment in expected]


def test_single_end_files(tmp_path: Path) -> None:
    paths = write_simulation(PANEL, replace(MIXED, single_end=True), tmp_path / "sample")
    assert [path.name for path in paths] == ["sample.fastq.gz", "sample.truth.tsv"]
    assert len(records(paths[0])) == len(read_rows(TruthRecord, paths[1]))


def test_same_seed_same_bytes_and_nothing_of_time_or_name(tmp_path: Path) -> None:
    one = write_simulation(PANEL, MIXED, tmp_path / "one")
    other = write_simulation(PANEL, MIXED, tmp_path / "other")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    header = one[0].read_bytes()[:10]
    assert header[3] == 0, "no optional gzip fields such as the file's name"
    assert header[4:8] == bytes(4), "no time"


def test_existing_files_are_kept_unless_forced(tmp_path: Path) -> None:
    precious = tmp_path / "sample_R2.fastq.gz"
    precious.write_text("patient", encoding="ascii")
    with pytest.raises(ParameterError, match=r"sample_R2.fastq.gz: exists already; .*--force"):
        write_simulation(PANEL, MIXED, tmp_path / "sample")
    assert [path.name for path in tmp_path.iterdir()] == [precious.name]
    assert precious.read_text(encoding="ascii") == "patient"
    write_simulation(PANEL, MIXED, tmp_path / "sample", force=True)
    assert len(records(precious)) == len(list(simulate(PANEL, MIXED)))


# --- Command ----------------------------------------------------------------------------------------


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find the panel of these tests."""
    monkeypatch.setattr("aspsfusion.panel.panel.load_panel", lambda directory: PANEL)


def write(output: Path, *arguments: str) -> None:
    run_command("simulate", "--panel", "panel", "--output", output, *arguments)


@pytest.mark.usefixtures("built")
def test_command_passes_every_option_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--fusion FIVE:2::THREE:2=x5 --fusion FIVE:1::THREE:2=3 --fragments 2 --coverage THREE=4 "
        "--transcript FIVE|F.2=1 --unspliced FIVE=2 --background 3 --read-length 60 --insert-mean 150 "
        "--insert-sd 10 --insert-min 20 --error-rate 0.01 --duplicate-rate 0.5 --anchor-five-prime 20 "
        "--anchor-three-prime 15 --stranded reverse --single-end --seed 9 --near THREE:2=7 --window 200 "
        "--umi-length 5 --deamination-rate 0.03 --three-prime-decay 900 --assay anchored "
        "--primer THREE:2+50up --primer THREE:3-9up"
    )
    write(tmp_path / "s", *options.split())
    expected = SimulationParameters(
        fusions=("FIVE:2::THREE:2=x5", "FIVE:1::THREE:2=3"),
        fragments=2,
        coverage={"THREE": 4},
        transcripts={"FIVE|F.2": 1},
        unspliced={"FIVE": 2},
        background=3,
        read_length=60,
        single_end=True,
        insert_mean=150,
        insert_sd=10,
        insert_min=20,
        error_rate=0.01,
        duplicate_rate=0.5,
        stranded="reverse",
        anchor_five_prime=20,
        anchor_three_prime=15,
        seed=9,
        near={"THREE:2": 7},
        window=200,
        assay="anchored",
        primers=("THREE:2+50up", "THREE:3-9up"),
        umi_length=5,
        deamination_rate=0.03,
        three_prime_decay=900,
    )
    assert read_rows(TruthRecord, tmp_path / "s.truth.tsv") == [f.truth for f in simulate(PANEL, expected)]
    assert [r[1] for r in records(tmp_path / "s.fastq.gz")] == [
        f.read_1.sequence for f in simulate(PANEL, expected)
    ]
    assert "s.truth.tsv" in capsys.readouterr().err


@pytest.mark.usefixtures("built")
def test_defaults_of_command_and_library_are_the_same(tmp_path: Path) -> None:
    write(tmp_path / "s", "--fragments", "30", "--fusion", "FIVE:2::THREE:2=x5")
    expected = SimulationParameters(fragments=30, fusions=("FIVE:2::THREE:2=x5",))
    assert read_rows(TruthRecord, tmp_path / "s.truth.tsv") == [f.truth for f in simulate(PANEL, expected)]


@pytest.mark.usefixtures("built")
def test_counts_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("FIVE", "FIVE=many", "=3", "FIVE=-3"):
        with pytest.raises(SystemExit, match="2"):
            write(tmp_path / "x", "--coverage", wrong)
        assert "is not NAME=N" in capsys.readouterr().err
    with pytest.raises(ParameterError, match="--coverage FIVE is given twice"):
        write(tmp_path / "x", "--coverage", "FIVE=1", "--coverage", "FIVE=2")
