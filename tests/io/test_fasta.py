"""Names of contigs, sequences turned round, records written and read back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.io.fasta import chromosome_name, fasta_pieces, fasta_record, parse_contig, reverse_complement


@pytest.mark.parametrize(
    ("contig", "place"),
    [
        ("chr9:1-10", ("chr9", 0, 10)),
        ("MT", ("chrM", 0, None)),
        ("NC_012920.1", ("chrNC_012920.1", 0, None)),
        ("NC_000024.10:5-6", ("chrY", 4, 6)),
        ("HLA-A*01:01:01:01", ("chrHLA-A*01:01:01:01", 0, None)),
        ("chrX:,-,", ("chrX:,-,", 0, None)),
        ("", ("chr", 0, None)),
    ],
)
def test_contig_names(contig: str, place: tuple[str, int, int | None]) -> None:
    assert parse_contig(contig) == place


@pytest.mark.parametrize(
    ("accession", "name"), [("NC_000001.11", "chr1"), ("NC_000010.11", "chr10"), ("NC_000022.11", "chr22")]
)
def test_autosome_accessions(accession: str, name: str) -> None:
    assert chromosome_name(accession) == name


@given(st.text("ACGTNacgtn"))
def test_a_sequence_turned_twice_is_itself(sequence: str) -> None:
    assert reverse_complement(reverse_complement(sequence)) == sequence


@pytest.mark.parametrize("length", [1, 9, 10, 11, 20, 25])
def test_a_record_is_read_as_it_was_written(tmp_path: Path, length: int) -> None:
    bases = ("ACGTN" * 5)[:length]
    path = tmp_path / "one.fa"
    path.write_text(fasta_record("one", bases, 10), encoding="ascii")
    assert max(map(len, path.read_text(encoding="ascii").splitlines())) <= 10
    assert list(fasta_pieces(path)) == [("one", b""), (None, bases.encode("ascii"))]
