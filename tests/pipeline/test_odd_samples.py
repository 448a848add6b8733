"""Samples that are no good: nothing is excluded that they cannot show, and garbage gets no verdict."""

import gzip
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspsfusion.errors import AspsfusionError
from aspsfusion.evidence.strand import Direction
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import load_panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.report.models import Report
from aspsfusion.screen.extract import run_extract
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from bam_factory import GRCH38_LENGTHS, UNMAPPED, Record, pair, placed_pair, write_records
from carriers.misreading import mutated
from small_panel import SmallPanel, random_bases
from stages import Pair, fusion_molecule, report_files, report_reads

READ, INSERT = 75, 180
TARGETS = {"ASPSCR1": "chr17", "TFE3": "chrX"}
LOCI = {"chr17": 81_990_000, "chrX": 49_035_000}


def codes(report: Report) -> set[str]:
    return {reason.code for reason in report.verdict.reasons}


def write_reads(path: Path, reads: list[str]) -> Lane:
    """Write single reads."""
    path.write_text("".join(f"@r{i}\n{b}\n+\n{'I' * len(b)}\n" for i, b in enumerate(reads)))
    return Lane(path)


# --- BAM files that have lost something -------------------------------------------------------------


@pytest.fixture(scope="module")
def wild_type(demo_panel_directory: Path) -> list[list[Record]]:
    """Unaligned pairs of both target genes, enough for an exclusion."""
    panel = load_panel(demo_panel_directory)
    source, groups = random.Random(3), []
    for gene, count in (("ASPSCR1", 60), ("TFE3", 900)):
        sequence = panel.primary[gene].sequence
        for i in range(count):
            start = source.randrange(len(sequence) - INSERT)
            molecule = sequence[start : start + source.randrange(120, INSERT)]
            groups.append(pair(f"{gene}{i}", *Pair("", molecule, READ, flipped=bool(i % 2)).reads()))
    return groups


@pytest.fixture(scope="module")
def fusion(demo_panel_directory: Path) -> list[list[Record]]:
    """Unaligned pairs with a read across the junction."""
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    groups = []
    for i in range(12):
        start = junction - 30 - i
        reads = Pair("", molecule[start : start + 150 + i], READ, flipped=bool(i % 2)).reads()
        groups.append(pair(f"fusion{i}", *reads))
    return groups


def aligned(groups: list[list[Record]]) -> list[Record]:
    """The pairs as an aligner leaves them that places no read across a junction."""
    records = []
    for first, second in groups:
        gene = next((gene for gene in TARGETS if first.name.startswith(gene)), None)
        if gene is None:
            records += [first, second]
        else:
            contig = TARGETS[gene]
            records += placed_pair(first.name, first.bases, second.bases, contig, LOCI[contig])
    return [*records, *pair("nowhere", random_bases(READ, seed=1), random_bases(READ, seed=2))]


def test_complete_file_of_the_wild_type_is_excluded(
    demo_panel_directory: Path, tmp_path: Path, wild_type: list[list[Record]]
) -> None:
    """What the cases below rest on: with every read there, the verdict would be EXCLUDED."""
    path = write_records(tmp_path / "x.bam", aligned(wild_type), GRCH38_LENGTHS)
    report = report_files(demo_panel_directory, tmp_path, path)
    assert report.verdict.call == "EXCLUDED", report.verdict.statement
    assert report.qc.input == "BAM aligned to GRCh38 by aligner"
    assert report.qc.strand == "unstranded"


@pytest.mark.parametrize(
    "loss", ["unmapped reads", "second mates of the fusion", "bases of the fusion", "one locus"]
)
def test_positive_file_that_has_lost_its_fusion_is_never_excluded(
    demo_panel_directory: Path,
    tmp_path: Path,
    wild_type: list[list[Record]],
    fusion: list[list[Record]],
    loss: str,
) -> None:
    records = aligned([*wild_type, *fusion])
    remains: dict[str, Callable[[Record], bool]] = {
        "unmapped reads": lambda r: not r.flag & UNMAPPED,
        "second mates of the fusion": lambda r: not (r.name.startswith("fusion") and r.flag & 0x80),
        "bases of the fusion": lambda r: True,
        "one locus": lambda r: r.contig == "chrX",
    }
    kept = [record for record in records if remains[loss](record)]
    if loss == "bases of the fusion":
        kept = [replace(r, bases="") if r.name.startswith("fusion") else r for r in kept]
    path = write_records(tmp_path / "x.bam", kept, GRCH38_LENGTHS)
    report = report_files(demo_panel_directory, tmp_path, path)
    assert report.verdict.call != "EXCLUDED"
    if report.verdict.call == "INDETERMINATE":
        assert "INPUT_INCOMPLETE" in codes(report)
    assert "INPUT_INCOMPLETE" in {flag.code for flag in report.qc.flags}


# --- Samples of something else ----------------------------------------------------------------------


def diverged(panel_directory: Path, substitutions: float) -> list[str]:
    """Reads of both genes, enough for an exclusion, with substitutions at so many of their bases."""
    panel, source = load_panel(panel_directory), random.Random(10)
    five, three = panel.primary["ASPSCR1"], panel.primary["TFE3"]
    joined = [three.exons[number - 1].tx_start for number in (5, 6)]
    starts = [source.randint(0, len(five.sequence) - READ) for _ in range(100)]
    reads = [five.sequence[start : start + READ] for start in starts]
    starts = [source.randint(joined[0] - 200, joined[1] + 100) for _ in range(400)]
    reads += [three.sequence[start : start + READ] for start in starts]
    return [
        mutated(read if source.random() < 0.5 else reverse_complement(read), substitutions, source)
        for read in reads
    ]


@pytest.mark.parametrize(
    "kind", ["random", "N", "20 nt", "one read again and again", "poly-A", "wild type again", "mouse"]
)
def test_a_useless_sample_is_indeterminate(demo_panel_directory: Path, tmp_path: Path, kind: str) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    wild = load_panel(demo_panel_directory).primary["TFE3"].sequence
    reads = {
        "random": [random_bases(READ, seed=i) for i in range(200)],
        "N": ["N" * READ] * 200,
        "20 nt": [molecule[i : i + 20] for i in range(junction - 100, junction + 100)],
        "one read again and again": [molecule[junction - 40 : junction + 35]] * 2000,
        "poly-A": ["A" * READ] * 200,
        "wild type again": [wild[800 : 800 + READ]] * 2000,
        "mouse": diverged(demo_panel_directory, 0.12),
    }[kind]
    report = report_files(demo_panel_directory, tmp_path, write_reads(tmp_path / "r.fq", reads))
    assert report.verdict.call == "INDETERMINATE"
    if kind in ("random", "N", "poly-A"):
        assert "NO_CANDIDATES" in {flag.code for flag in report.qc.flags}
    if kind == "one read again and again":
        assert [f.fragments for f in report.fusions] == [1]
        assert "HIGH_DUPLICATION" in {flag.code for flag in report.qc.flags}


def test_the_reads_of_the_mouse_would_exclude_as_those_of_man(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    reads = diverged(demo_panel_directory, 0.0)
    report = report_files(demo_panel_directory, tmp_path, write_reads(tmp_path / "r.fq", reads))
    assert report.verdict.call == "EXCLUDED"


def test_dna_is_no_rna(demo_panel_directory: Path, tmp_path: Path) -> None:
    panel = load_panel(demo_panel_directory)
    gene = panel.primary["TFE3"]
    whole = panel.unspliced["TFE3"]
    reads = []
    for exon in gene.exons:
        middle = whole.from_genome(exon.start if gene.strand == "+" else exon.end - 1)
        reads += [
            whole.sequence[start : start + READ]
            for start in range(middle - 60, middle + 40, 5)
            if 0 <= start <= len(whole.sequence) - READ
        ]
    report = report_files(demo_panel_directory, tmp_path, write_reads(tmp_path / "r.fq", reads))
    assert report.verdict.call == "INDETERMINATE"
    assert "NO_SPLICED_READS" in codes(report)


@pytest.mark.parametrize(("flipped", "strand"), [(False, "forward"), (True, "reverse"), (None, "unstranded")])
def test_strand_is_told_from_the_reads(
    demo_panel_directory: Path, tmp_path: Path, flipped: bool | None, strand: str
) -> None:
    sequence = load_panel(demo_panel_directory).primary["TFE3"].sequence
    reads = [
        Pair(
            "", sequence[i * 5 :][:READ], READ, bool(i % 2) if flipped is None else flipped, single=True
        ).reads()[0]
        for i in range(120)
    ]
    report = report_files(demo_panel_directory, tmp_path, write_reads(tmp_path / "r.fq", reads))
    assert report.qc.strand == strand


def test_strand_needs_fragments() -> None:
    assert Direction(sense=49).strand == "not determined"
    assert Direction(sense=50).strand == "forward"
    assert Direction(antisense=50).strand == "reverse"
    assert Direction(sense=37, antisense=13).strand == "unstranded"
    assert Direction().share is None
    assert Direction.from_json(Direction(1, 2, 3, 4).to_json()) == Direction(1, 2, 3, 4)


# --- Garbage ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallPanel:
    """The small panel, built."""
    panel = SmallPanel.in_directory(tmp_path_factory.mktemp("garbage"))
    panel.build()
    return panel


@contextmanager
def refused_in_words(path: Path) -> Iterator[None]:
    """Let nothing out of the block but an error that names the file."""
    try:
        yield
    except AspsfusionError as error:
        if str(path) not in error.sentence():
            raise AssertionError(error.sentence()) from error


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with bytes changed, cut out or added anywhere."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        action = draw(st.sampled_from(["change", "cut", "insert", "truncate"]))
        noise = draw(st.binary(min_size=1, max_size=8))
        if action == "change":
            data[place : place + len(noise)] = noise
        elif action == "cut":
            del data[place : place + draw(st.integers(1, 100))]
        elif action == "insert":
            data[place:place] = noise
        else:
            del data[place:]
    return bytes(data)


FASTQ = "".join(f"@r{i}\n{random_bases(30, seed=i)}\n+\n{'I' * 30}\n" for i in range(20)).encode()
ONCE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ONCE
@given(content=damaged(FASTQ) | damaged(gzip.compress(FASTQ, mtime=0)) | st.binary(max_size=200))
def test_garbage_fastq(small: SmallPanel, tmp_path: Path, content: bytes) -> None:
    """Read or refused in words; nothing else."""
    path = tmp_path / "r.fq"
    path.write_bytes(content)
    with refused_in_words(path):
        result = run_screen(small.output, [Lane(path)], tmp_path / "c.gz", tmp_path / "s.json", force=True)
        assert result.total_reads >= 0


def whole_bam(directory: Path) -> bytes:
    records = [r for i in range(10) for r in pair(f"r{i}", random_bases(40, i), random_bases(40, i + 50))]
    return write_records(directory / "whole.bam", records, {"chr2": 1000}).read_bytes()


@pytest.fixture(scope="module")
def bam_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small intact BAM file."""
    return whole_bam(tmp_path_factory.mktemp("bam"))


@ONCE
@given(data=st.data())
def test_garbage_bam(small: SmallPanel, tmp_path: Path, bam_bytes: bytes, data: st.DataObject) -> None:
    path = tmp_path / "x.bam"
    inflated = gzip.decompress(bam_bytes)
    end = bam_bytes[-28:]
    content = data.draw(
        damaged(bam_bytes) | st.binary(max_size=100) | damaged(inflated).map(lambda d: gzip.compress(d) + end)
    )
    path.write_bytes(content)
    with refused_in_words(path):
        run_extract(small.output, path, tmp_path / "c.gz", tmp_path / "s.json", force=True)


@ONCE
@given(data=st.data())
def test_garbage_panel_yaml(small: SmallPanel, tmp_path: Path, data: st.DataObject) -> None:
    small.write()
    path = tmp_path / "p.yaml"
    path.write_bytes(data.draw(damaged(small.yaml_path.read_bytes()) | st.binary(max_size=100)))
    with refused_in_words(path):
        load_panel_spec(path)


# --- Cycles that failed -----------------------------------------------------------------------------


def with_unknown_ends(molecules: list[str]) -> list[tuple[str, list[str]]]:
    """Return pairs of molecules, by name, of which the last ten cycles failed."""
    pairs = [Pair(f"r{i}", molecule, READ, flipped=bool(i % 2)) for i, molecule in enumerate(molecules)]
    return [(pair.name, [bases[:-10] + "N" * 10 for bases in pair.reads()]) for pair in pairs]


def test_unknown_last_bases_suggest_no_break(demo_panel_directory: Path, tmp_path: Path) -> None:
    genes, source = load_panel(demo_panel_directory).primary, random.Random(3)
    starts = [(gene, source.randrange(600, 1500)) for gene in TARGETS for _ in range(200)]
    molecules = [
        genes[gene].sequence[start : start + source.randrange(160, INSERT)] for gene, start in starts
    ]
    report = report_reads(demo_panel_directory, tmp_path, with_unknown_ends(molecules))
    assert not codes(report) & {"ONE_SIDED_BREAK", "UNPROVEN_EVIDENCE", "FIVE_PRIME_GENE_NOT_SEEN"}


def test_unknown_last_bases_hide_no_fusion(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    fragments = with_unknown_ends(
        [molecule[junction - 45 + 4 * i : junction + 125 + 9 * i] for i in range(6)]
    )
    (fusion,) = report_reads(demo_panel_directory, tmp_path, fragments).fusions
    assert fusion.split_reads == len(fragments)
