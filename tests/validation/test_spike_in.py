"""Made fragments: what they take from a library's own reads, and the samples that they are put into."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ParameterError
from aspsfusion.screen.pairs import Lane
from aspsfusion.simulate.molecules import Molecule
from aspsfusion.simulate.reads import ANY_BASE
from aspsfusion.simulate.records import SimulationParameters
from aspsfusion.simulate.simulate import write_simulation
from aspsfusion.simulate.spike_in import MADE, Donor, Place, _without_variants, make_fragments
from aspsfusion.validation.run import Chain
from aspsfusion.validation.spike_in import SpikeIn, run_spike_in, write_spiked

FUSION = "ASPSCR1:7::TFE3:6"
MOLECULE = Molecule("fusion", "A:1::B:2", "A" * 60 + "C" * 60, junction=60)
LEAD, TAIL = "TTTT", "GGG"


def donor(start: int, wrong: dict[int, int], *, length: int = 30, label: str = "M:1:ACGT") -> Donor:
    """Return a fragment whose only read, with a UMI before and adapter after it, differs at some bases."""
    shift = np.zeros(length, dtype=np.uint8)
    for at, by in wrong.items():
        shift[at] = by
    reads = ((LEAD + "A" * length + TAIL, "#" * (len(LEAD + TAIL) + length)),)
    return Donor(label, "", reads, (len(LEAD),), Place("T", start, start + length, True), (shift,))


def test_a_made_fragment_has_everything_of_its_donor_but_the_sequence() -> None:
    made = make_fragments(MOLECULE, [donor(0, {3: 2, 4: ANY_BASE})], 5, 10, np.random.default_rng(1))
    assert sum(one.truth.crosses_junction for one in made) == 5
    for number, one in enumerate(made, start=1):
        assert one.name == f"{MADE}{number}:1:ACGT"
        ((bases, quality),) = one.reads
        expected = list(MOLECULE.sequence[one.truth.start - 1 : one.truth.end])
        expected[3] = {"A": "G", "C": "T"}[expected[3]]  # two further in ACGT
        expected[4] = "N"
        assert bases == LEAD + "".join(expected) + TAIL
        assert quality == "#" * len(bases)
        before = 60 - (one.truth.start - 1)
        assert one.truth.crosses_junction == (10 <= before <= 20)


def test_the_same_seed_makes_the_same_fragments() -> None:
    donors = [donor(0, {}, length=length) for length in (25, 40)]
    first, again, other = (
        make_fragments(MOLECULE, donors, 4, 10, np.random.default_rng(s)) for s in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_reads_that_cannot_cross_are_said() -> None:
    with pytest.raises(ParameterError, match="0 of 2 fragments with 10 bases on both sides"):
        make_fragments(MOLECULE, [donor(0, {}, length=15)], 2, 10, np.random.default_rng(1))


def test_differences_that_reads_share_are_variants_and_no_errors() -> None:
    donors = _without_variants([donor(100, {5: 1, 9: 2}), donor(102, {3: 1}), donor(104, {7: 3})])
    # Base 105 differs in two of the three; the others in one each.
    assert [np.flatnonzero(one.shifts[0]).tolist() for one in donors] == [[9], [], [7]]


@pytest.fixture
def negative(chain: Chain, tmp_path: Path) -> Lane:
    """Write a negative sample with UMIs in the names."""
    parameters = SimulationParameters(coverage={"TFE3": 700, "ASPSCR1": 250}, umi_length=8, seed=5)
    first, second, _ = write_simulation(chain.panel, parameters, tmp_path / "neg")
    return Lane(first, second)


def test_shares_come_out_as_asked_and_what_was_given_stays(
    chain: Chain, negative: Lane, tmp_path: Path
) -> None:
    output = tmp_path / "made"
    asked = SpikeIn(negative, FUSION, shares=(0.3,), library="capture")
    before, spiked = run_spike_in(chain, tmp_path / "scratch", asked, output)
    assert before.verdict != "CONFIRMED"
    assert (spiked.sample, spiked.verdict) == ("made_share_0.3", "CONFIRMED")
    assert spiked.made_crossing == round(0.3 / 0.7 * before.wild_type)
    assert spiked.split_reads is not None
    assert 0.8 * spiked.made_crossing <= spiked.split_reads <= spiked.made
    with (output / "spike_in.tsv").open(newline="") as handle:
        assert [row["verdict"] for row in csv.DictReader(handle, dialect="excel-tab")] == [
            before.verdict,
            "CONFIRMED",
        ]
    assert "Made samples" in (output / "README.md").read_text()
    for given, end in zip(negative.paths, ("R1", "R2"), strict=True):
        written = output / spiked.sample / f"{spiked.sample}_{end}.fastq.gz"
        assert written.read_bytes().startswith(given.read_bytes())
        added = gzip.decompress(written.read_bytes())[len(gzip.decompress(given.read_bytes())) :].decode()
        names = added.split("\n")[:-1:4]
        assert len(names) == spiked.made
        assert all(name.startswith(f"@{MADE}") and len(name.rpartition(":")[2]) == 8 for name in names)
    with pytest.raises(ParameterError, match="exists already and is not empty; name a new directory"):
        run_spike_in(chain, tmp_path / "scratch", asked, output)


def test_plain_files_without_a_last_line_end_are_continued(tmp_path: Path) -> None:
    source = tmp_path / "x.fastq"
    source.write_text("@r\nACGT\n+\nIIII")
    made = make_fragments(MOLECULE, [donor(0, {})], 1, 10, np.random.default_rng(1))
    lane = write_spiked(Lane(source), made, tmp_path / "s")
    lines = lane.fastq_1.read_text().split("\n")
    assert lines[:4] == ["@r", "ACGT", "+", "IIII"]
    assert lines[4].startswith(f"@{MADE}1:")
    assert lane.fastq_1.name == "s_R1.fastq"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to make"),
        (["--shares", "1"], "a share is not above 0 and below 1"),
        (["--fragments", "3", "--fusion", f"{FUSION}=x3"], "states a number of fragments"),
    ],
)
def test_wrong_requests_are_one_sentence(
    options: list[str],
    message: str,
    demo_panel_directory: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reads = tmp_path / "r.fq"
    reads.write_text("@r\nACGT\n+\nIIII\n")
    command = ["spike-in", "--panel", str(demo_panel_directory), "--fusion", FUSION, str(reads)]
    assert main([*command, "--output", str(tmp_path / "o"), *options]) == 1
    assert message in capsys.readouterr().err
