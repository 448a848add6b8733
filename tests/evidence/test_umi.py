"""UMIs: where they are, what is none, and which of them are one molecule."""

import random
from pathlib import Path

import pysam
import pytest

from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.evidence.copies import Copies, join_copies
from aspsfusion.evidence.ends import End, Shown
from aspsfusion.evidence.umis import are_umis, cluster_umis, umi_of_name
from aspsfusion.screen.pairs import Lane
from carriers.genes import read_genes
from stages import Pair, call_pairs, fusion_molecule, report_files, report_pairs


@pytest.mark.parametrize(
    ("name", "umi"),
    [
        ("A01:10:HXX:1:1101:1000:2000:ACGTACGT", "ACGTACGT"),
        ("A01:10:HXX:1:1101:1000:2000:ACGT+TTGN", "ACGT+TTGN"),
        ("A01:10:HXX:1:1101:1000:2000", ""),
        # Seven fields of an Illumina name that end in bases are no UMI.
        ("A01:10:HXX:1:1101:1000:ACGT", ""),
        ("A01:10:HXX:1:1101:1000:2000:rACGTACGT", "ACGTACGT"),
        ("A01:10:HXX:1:1101:1000:2000:ACGT+rTTGN", "ACGT+TTGN"),
        ("A01:10:HXX:1:1101:1000:2000:UMI_ACGT_TTGA", "ACGT+TTGA"),
        ("A01:10:HXX:1:1101:1000:2000:umi:ACGTAC", "ACGTAC"),
        ("A01:10:HXX:1:1101:1000:2000:ACGTAC#", ""),
        ("SRR1.7_ACGTAC", "ACGTAC"),
        ("SRR1.7#ACGTAC", "ACGTAC"),
        ("SRR1.7_UMI_ACGTAC", "ACGTAC"),
        ("SRR1.7_cumiACGTAC", ""),
        ("read_ACG", ""),
        ("read_GATTACA1", ""),
    ],
)
def test_umi_of_a_name(name: str, umi: str) -> None:
    assert umi_of_name(name) == umi


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ACGT": 1, "TTGA": 1}, True),
        ({"ACGT": 4}, False),
        ({"ACGT": 9, "TTGA": 1}, False),
        ({"ACGT": 1, "TTGA": 1, "": 1}, False),
        ({"ACGT": 1, "TTGAA": 1}, True),
    ],
)
def test_what_counts_as_umis(values: dict[str, int], expected: bool) -> None:
    assert are_umis(values) is expected


def test_two_mismatches_are_errors_beside_far_more_copies() -> None:
    many, error, other = "ACGTACGTACGT", "ACGAACGTACGA", "TTTTACGTACGT"
    assert set(cluster_umis([many] * 60 + [error, other]).values()) == {many, other}
    assert set(cluster_umis([many] * 20 + [error]).values()) == {many, error}
    assert cluster_umis([]) == {}


def test_many_molecules_of_one_place_have_near_umis_by_chance() -> None:
    rng = random.Random(1)
    umis = ["".join(rng.choices("ACGT", k=8)) for _ in range(100)]
    counts = [each for each in umis[:60] for _ in range(40)] + umis[60:]
    assert len(set(cluster_umis(counts).values())) > 90


def test_umis_within_one_mismatch_are_one_molecule() -> None:
    found = cluster_umis(["ACGTACGT"] * 3 + ["ACGTACGA", "TCGTACGA", "GGGGGGGG"])
    assert set(found.values()) == {"ACGTACGT", "GGGGGGGG"}


@pytest.mark.parametrize("others", [0, 200])
def test_long_umis_may_have_two_mismatches(others: int) -> None:
    source = random.Random(1)
    own, more = (
        "ACGTACGT+TTGGCCAA",
        ["+".join("".join(source.choices("ACGT", k=8)) for _ in "12") for _ in range(others)],
    )
    copies = [own, "TCGTACGT+TTGGCCAT", "ACGAACGT+TTCGCCAA", "ACGTACCC+TTGGCCAA"]
    found = cluster_umis([*copies, own, "TCGAACGT+TTGGCGTA", *more])
    assert {found[copy] for copy in copies} == {own}
    assert len(set(found.values())) == 2 + others
    assert len(set(cluster_umis([copy[:-1] for copy in copies]).values())) > 1  # 15 bases

    bases = "".join(source.choices("ACGT", k=60))
    reads = [
        Copies(
            (number,),
            number,
            (umi,),
            Shown((End("chrX", False, 100 + 2 * (umi in copies[1:]), None, True, bases),)),
            1,
        )
        for number, umi in enumerate([*more, *copies])
    ]
    assert len(join_copies(reads, have_umis=True, misread_runs=False)) == 1 + others


@pytest.mark.parametrize("place", [100, 102])
def test_a_copy_at_another_place_is_compared_with_each_umi_of_a_molecule(place: int) -> None:
    """The second UMI is within one mismatch of the first alone, and none stands for all three."""
    bases = "".join(random.Random(1).choices("ACGT", k=60))

    def read(number: int, umi: str, position: int) -> Copies[int]:
        end = End("chrX", False, position, None, True, bases)
        return Copies((number,), number, (umi,), Shown((end,)), 1)

    reads = [read(0, "CGTACCTG", 100), read(1, "CGGACCTG", place), read(2, "AGTACCTG", 100)]
    once = join_copies(reads, have_umis=True, misread_runs=False)
    assert [each.count for each in once] == [3]
    assert set(once[0].umis) == {"CGTACCTG", "CGGACCTG", "AGTACCTG"}
    # Molecules of two places that are found to be at one later on, as on a fusion transcript.
    (apart,) = join_copies([reads[0], reads[2]], have_umis=True, misread_runs=False)
    assert len(join_copies([apart, reads[1]], have_umis=True, misread_runs=False)) == 1


def called(panel: Path, directory: Path, names: list[str]) -> CalledJunction:
    """Return the junction called from copies of one fragment under these names, and three other fragments."""
    molecule, junction = fusion_molecule(panel, ("ASPSCR1", 7), ("TFE3", 6))
    pairs = [Pair(name, molecule[junction - 40 : junction + 160], 75) for name in names]
    rng = random.Random(5)
    pairs += [
        Pair(
            f"S:1:F:1:1:1:{i}:{''.join(rng.choices('ACGT', k=8))}",
            molecule[junction - 50 - i : junction + 160],
            75,
        )
        for i in range(1, 4)
    ]
    (found,) = call_pairs(panel, directory, pairs).junctions
    return found


def test_molecules_of_one_place_are_distinguished_by_umis(demo_panel_directory: Path, tmp_path: Path) -> None:
    umis = ["AAAACCCC", "AAAACCCG", "GGGGTTTT", "GGGGTTTT", "CCAATTGG"]
    names = [f"S:1:F:1:1:2:{i}:{umi}" for i, umi in enumerate(umis)]
    found = called(demo_panel_directory, tmp_path, names)
    assert (found.split_reads, found.split_with_duplicates) == (6, 8)


def test_without_umis_one_place_is_one_molecule(demo_panel_directory: Path, tmp_path: Path) -> None:
    # The same index sequence in nearly every name is no UMI.
    names = [f"S:1:F:1:1:2:{i}:AAAACCCC" for i in range(9)]
    found = called(demo_panel_directory, tmp_path, names)
    assert (found.split_reads, found.split_with_duplicates) == (4, 12)


def umis_in(form: str, number: int, rng: random.Random) -> list[str]:
    """Return names whose UMIs, in this form, differ in at least three bases."""
    found: list[str] = []
    while len(found) < number:
        umi = "".join(rng.choices("ACGT", k=12))
        if all(sum(a != b for a, b in zip(umi, other, strict=True)) > 2 for other in found):
            found.append(umi)
    lengths = [12, 11, 10] if "{cut}" in form else [12]
    return [
        form.format(i=i, umi=umi, a=umi[:6], b=umi[6:], cut=umi[: lengths[i % len(lengths)]])
        for i, umi in enumerate(found)
    ]


FORMS = [
    "A01:10:HXX:1:1101:10:{i}:{umi}",
    "A01:10:HXX:1:1101:10:{i}:{a}+{b}",
    "A01:10:HXX:1:1101:10:{i}:{a}+r{b}",
    "A01:10:HXX:1:1101:10:{i}:r{umi}",
    "A01:10:HXX:1:1101:10:{i}:UMI_{a}_{b}",
    "A01:10:HXX:1:1101:10:{i}_{umi}",
    "A01:10:HXX:1:1101:10:{i}_{a}_{b}",
    "A01:10:HXX:1:1101:10:{i}:{cut}",
    "read{i}:umi:{umi}",
    "read{i}_UMI_{umi}",
    "read{i}#{umi}",
    "A01:10:HXX:1:1101:10:{i}:r{a}+r{b}",
    "A01:10:HXX:1:1101:10:{i}:{a}+{cut}",
    "A01:10:HXX:1:1101:10:{i}::umi:{umi}",
    "read{i}::umi:{a}+r{b}",
    "read{i}#{a}-{b}",
    "read{i}#{cut}",
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_umi_distinguishes_molecules(
    demo_panel_directory: Path, tmp_path: Path, form: str
) -> None:
    """Thirty molecules with the same ends, three copies of each."""
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    names = umis_in(form, 30, random.Random(3))
    names += [
        name.replace("A01", f"A1{copy}").replace("read", f"copy{copy}.") for copy in "ab" for name in names
    ]
    report = report_pairs(demo_panel_directory, tmp_path, [Pair(name, bases, 75) for name in names])
    assert report.qc.umi
    assert report.qc.candidate_fragments - report.qc.duplicates == 30
    assert report.qc.flags == [flag for flag in report.qc.flags if flag.code != "UMI_NOT_USED"]


@pytest.mark.parametrize("tag", ["RX", "OX", "MI", "UB", "UR"])
def test_every_field_of_a_comment_distinguishes_molecules(
    demo_panel_directory: Path, tmp_path: Path, tag: str
) -> None:
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    names = umis_in("r{i} 1:N:0:ACGTACGT " + tag + ":Z:{umi} BC:Z:AAAACCCC", 30, random.Random(3))
    fastq = tmp_path / "r.fastq"
    fastq.write_text("".join(f"@{name}\n{bases[:75]}\n+\n{'I' * 75}\n" for name in names))
    report = report_files(demo_panel_directory, tmp_path, Lane(fastq))
    assert report.qc.candidate_fragments - report.qc.duplicates == 30


@pytest.mark.parametrize(
    ("tag", "molecules"),
    [("RX", 30), ("OX", 30), ("MI", 30), ("UB", 30), ("UR", 30), ("BC", 1), ("CB", 1)],
)
def test_tags_of_a_bam_distinguish_molecules(
    demo_panel_directory: Path, tmp_path: Path, tag: str, molecules: int
) -> None:
    """Thirty molecules with the same ends, three copies of each; tags of samples and cells are no UMIs."""
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    path = tmp_path / "r.bam"
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as out:
        for number, umi in enumerate(3 * umis_in("{umi}", 30, random.Random(3))):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag, record.query_sequence = f"r{number}", 4, bases[:75]
            record.query_qualities_str = "I" * 75
            record.set_tag(tag, number % 30 if tag == "MI" else umi)
            out.write(record)
    report = report_files(demo_panel_directory, tmp_path, path)
    assert report.qc.candidate_fragments - report.qc.duplicates == molecules


@pytest.mark.parametrize("tag", ["BC", "CB"])
def test_fields_of_samples_and_cells_do_not(demo_panel_directory: Path, tmp_path: Path, tag: str) -> None:
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    names = umis_in("r{i} " + tag + ":Z:{umi}", 30, random.Random(3))
    fastq = tmp_path / "r.fastq"
    fastq.write_text("".join(f"@{name}\n{bases[:75]}\n+\n{'I' * 75}\n" for name in names))
    report = report_files(demo_panel_directory, tmp_path, Lane(fastq))
    assert report.qc.candidate_fragments - report.qc.duplicates == 1


@pytest.mark.parametrize(
    "form",
    [
        "read{i}:{umi}",
        "read{i}.{umi}",
        "A01:10:HXX:1:1101:10:{i}|{umi}",
        "{umi}:A01:10:HXX:1:1101:10:{i}",
        "{a}+{b}_read{i}",
        "UMI-{umi}-read{i}",
        "A01:10:HXX_{umi}:1:1101:10:{i}",
        # The sequence of the index is the same in all.
        "read{i}:{umi}:TTGGCCAA",
    ],
)
def test_fields_like_umis_that_are_not_used_are_said(
    demo_panel_directory: Path, tmp_path: Path, form: str
) -> None:
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    names = umis_in(form, 30, random.Random(3))
    report = report_pairs(demo_panel_directory, tmp_path, [Pair(name, bases, 75) for name in names])
    assert not report.qc.umi
    (text,) = [flag.text for flag in report.qc.flags if flag.code == "UMI_NOT_USED"]
    values = umis_in("{a}+{b}" if "{a}" in form else "{umi}", 30, random.Random(3))
    assert f" {min(values)}," in text
    assert "RX" in text


def test_names_of_which_some_lack_a_umi_are_said(demo_panel_directory: Path, tmp_path: Path) -> None:
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    names = [*umis_in("read{i}_{umi}", 30, random.Random(3)), "read30"]
    report = report_pairs(demo_panel_directory, tmp_path, [Pair(name, bases, 75) for name in names])
    assert "UMI_NOT_USED" in {flag.code for flag in report.qc.flags}


def test_one_index_in_all_names_is_not_said(demo_panel_directory: Path, tmp_path: Path) -> None:
    bases = read_genes(demo_panel_directory)["TFE3"].bases[700:900]
    pairs = [Pair(f"GATTACA:read{i}:ACGTACGT", bases, 75) for i in range(30)]
    report = report_pairs(demo_panel_directory, tmp_path, pairs)
    assert "UMI_NOT_USED" not in {flag.code for flag in report.qc.flags}
