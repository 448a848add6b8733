"""Regions from FASTA files of every packing and naming, and a wrong genome told from the right one."""

import bz2
import gzip
import hashlib
import lzma
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from Bio import bgzf
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.errors import ReferenceProofError
from aspsfusion.io import fasta as fasta_module
from aspsfusion.io.bam import Build
from aspsfusion.io.fasta import fasta_pieces
from aspsfusion.panel import genome as genome_module
from aspsfusion.panel.gene_spec import ChromosomeSpec, GenomeSpec
from aspsfusion.panel.genome import WATERMARK, GenomePieces, Region, read_regions

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

X = "ACGTTGCAAC" * 3 + "ggatcctagn" + "TTTACGCATG" * 2
"""60 bases; 31 to 40 are soft-masked."""

NINE = "GATTACA" * 5
WANTED = Region("chrX", 25, 42)
BUILD = GenomeSpec(build="GRCh38")


def known(**values: Any) -> GenomeSpec:
    """A build of which something is known about chromosome X."""
    return GenomeSpec(build="GRCh38", chromosomes={"chrX": ChromosomeSpec(**values)})


def md5(bases: str) -> str:
    return hashlib.md5(bases.upper().encode("ascii")).hexdigest()


def folded(bases: str, width: int, line_end: str = "\n") -> str:
    return "".join(bases[i : i + width] + line_end for i in range(0, len(bases), width))


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    return tmp_path / "genome.fa"


def read(path: Path, text: str, genome: GenomeSpec = BUILD, wanted: Region = WANTED) -> GenomePieces:
    path.write_text(text, encoding="ascii", newline="")
    return read_regions(path, [wanted], genome)


def refusal(path: Path, genome: GenomeSpec = BUILD, wanted: Region = WANTED) -> str:
    with pytest.raises(ReferenceProofError) as caught:
        read_regions(path, [wanted], genome)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert caught.value.remedy
    return message


@pytest.mark.parametrize("packing", ["plain", "gzip", "two gzip members", "bgzip"])
def test_packing(tmp_path: Path, packing: str) -> None:
    text = f">chr9\n{NINE}\n>chrX\n{folded(X, 7)}".encode("ascii")
    # The name says nothing: the content decides.
    path = tmp_path / "genome.fa"
    if packing == "bgzip":
        with bgzf.BgzfWriter(str(path), "wb") as out:
            out.write(text)
    else:
        halves = {"gzip": [text], "two gzip members": [text[:50], text[50:]]}
        path.write_bytes(b"".join(map(gzip.compress, halves.get(packing, []))) or text)
    pieces = read_regions(path, [WANTED], BUILD)
    assert pieces.bases == {WANTED: X[25:42]}
    assert pieces.whole_chromosomes


@pytest.mark.parametrize("name", ["chrX", "X", "NC_000023.11", "chrX CM000685.2 Homo sapiens chromosome X"])
def test_whole_chromosome_by_any_name(fasta: Path, name: str) -> None:
    pieces = read(fasta, f">{name}\n{X}\n", known(refseq="NC_000023.11"))
    assert pieces.bases == {WANTED: X[25:42]}
    (contig,) = pieces.contigs
    assert (contig.contig, contig.chrom, contig.length) == (name.split()[0], "chrX", len(X))
    assert contig.md5 == md5(X)


@pytest.mark.parametrize("name", ["chrX:101-160", "X:101-160", "NC_000023.11:101-160", "chrX:1,01-1,60"])
def test_locus_named_as_samtools_does(fasta: Path, name: str) -> None:
    wanted = Region("chrX", 110, 130)
    pieces = read(fasta, f">{name}\n{folded(X, 11)}", known(refseq="NC_000023.11"), wanted)
    assert pieces.bases == {wanted: X[10:30]}
    assert not pieces.whole_chromosomes
    (contig,) = pieces.contigs
    assert (contig.length, contig.md5, contig.authenticated) == (60, None, False)


def test_locus_is_used_to_its_last_base(fasta: Path) -> None:
    everything = Region("chrX", 100, 160)
    assert read(fasta, f">chrX:101-160\n{X}\n", wanted=everything).fetch(everything) == X
    beyond = refusal(fasta, wanted=Region("chrX", 100, 161))
    assert "does not hold chrX:101-161 (found 1 records: chrX:101-160)" in beyond
    assert "does not hold chrX:100-160" in refusal(fasta, wanted=Region("chrX", 99, 160))


@pytest.mark.parametrize("width", [1, 7, 59, 60, 61])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_widths_and_windows_line_ends(fasta: Path, width: int, line_end: str) -> None:
    text = f">chrX words{line_end}{folded(X, width, line_end)}>chr9{line_end}{folded(NINE, width, line_end)}"
    pieces = read(fasta, text, known(md5=md5(X), length=len(X)))
    assert pieces.bases == {WANTED: X[25:42]}
    assert pieces.contigs[0].authenticated


def test_last_line_without_an_end(fasta: Path) -> None:
    assert read(fasta, f">chrX\n{X}").bases == {WANTED: X[25:42]}


def test_case_is_kept_and_does_not_count_for_the_checksum(fasta: Path) -> None:
    pieces = read(fasta, f">chrX\n{X}\n", known(md5=md5(X)))
    assert pieces.bases[WANTED] == "GCAACggatcctagnTT"
    assert pieces.contigs[0].authenticated


def test_regions_of_several_records_in_any_order(fasta: Path) -> None:
    wanted = [Region("chrX", 50, 60), Region("chr9", 0, 3), Region("chrX", 0, 60), Region("chrX", 50, 60)]
    fasta.write_text(f">1\nACGT\n>chrX\n{X}\n>KI270728.1\nAC\n>9\n{NINE}\n", encoding="ascii")
    pieces = read_regions(fasta, wanted, BUILD)
    assert pieces.bases == {
        Region("chr9", 0, 3): "GAT",
        Region("chrX", 0, 60): X,
        Region("chrX", 50, 60): X[50:],
    }
    assert [contig.chrom for contig in pieces.contigs] == ["chrX", "chr9"]


def test_regions_of_one_chromosome_from_two_loci(fasta: Path) -> None:
    first, second = Region("chrX", 100, 110), Region("chrX", 305, 310)
    fasta.write_text(f">X:101-120\n{X[:20]}\n>X:301-320\n{X[20:40]}\n", encoding="ascii")
    assert read_regions(fasta, [first, second], BUILD).bases == {first: X[:10], second: X[25:30]}


def test_fetch_returns_parts_of_a_region_in_either_orientation(fasta: Path) -> None:
    pieces = read(fasta, f">chrX\n{X}\n")
    part = Region("chrX", 28, 33)
    assert pieces.fetch(part) == "ACgga"
    assert pieces.fetch_sense(part, "+") == "ACgga"
    assert pieces.fetch_sense(part, "-") == "tccGT"
    for outside in (Region("chrX", 24, 30), Region("chrX", 40, 43), Region("chr9", 28, 33)):
        with pytest.raises(KeyError):
            pieces.fetch(outside)


@pytest.mark.parametrize("block", range(1, 45))
def test_blocks_may_end_anywhere(fasta: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every block size up to a record's length, each border meets header, line end and bases."""
    monkeypatch.setattr(fasta_module, "BLOCK_BYTES", block)
    text = f">chr9 some words\n{folded(NINE, 8)}\n>chrX\n{folded(X, 10)}>chr1\nACGT\n"
    pieces = read(fasta, text, known(md5=md5(X)))
    assert pieces.bases == {WANTED: X[25:42]}
    headers = [header for header, _ in fasta_pieces(fasta) if header is not None]
    assert headers == ["chr9 some words", "chrX", "chr1"]


def test_header_exactly_at_the_border_of_a_block(fasta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = f">chr9\n{NINE}\n"
    fasta.write_text(f"{first}>chrX\n{X}\n", encoding="ascii")
    for block in (len(first) - 1, len(first), len(first) + 1):
        monkeypatch.setattr(fasta_module, "BLOCK_BYTES", block)
        assert read_regions(fasta, [WANTED], BUILD).bases == {WANTED: X[25:42]}


@st.composite
def chromosomes(draw: st.DrawFn) -> tuple[dict[str, str], list[Region], int, int]:
    """Chromosomes, regions on them, line width and block size."""
    sequences = {
        name: draw(st.text("ACGTNacgtn", min_size=1, max_size=120))
        for name in draw(
            st.lists(st.sampled_from(["chr1", "chr17", "chrX", "chrM"]), min_size=1, unique=True)
        )
    }
    regions = []
    for _ in range(draw(st.integers(1, 4))):
        chrom = draw(st.sampled_from(sorted(sequences)))
        start = draw(st.integers(0, len(sequences[chrom]) - 1))
        regions.append(Region(chrom, start, draw(st.integers(start + 1, len(sequences[chrom])))))
    return sequences, regions, draw(st.integers(1, 130)), draw(st.integers(1, 200))


@given(drawn=chromosomes(), offset=st.none() | st.integers(0, 10**6))
@settings(max_examples=200)
def test_any_region_is_the_slice_of_its_chromosome(
    drawn: tuple[dict[str, str], list[Region], int, int],
    offset: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sequences, regions, width, block = drawn
    shift = offset or 0
    path = tmp_path_factory.getbasetemp() / "any_region.fa"
    records = (
        f">{name}{'' if offset is None else f':{offset + 1}-{offset + len(bases)}'}\n{folded(bases, width)}"
        for name, bases in sequences.items()
    )
    path.write_text("".join(records), encoding="ascii")
    wanted = [Region(region.chrom, region.start + shift, region.end + shift) for region in regions]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fasta_module, "BLOCK_BYTES", block)
        pieces = read_regions(path, wanted, BUILD)
    expected = {
        there: sequences[here.chrom][here.start : here.end]
        for here, there in zip(regions, wanted, strict=True)
    }
    assert pieces.bases == expected


def test_truncated_gzip(fasta: Path) -> None:
    whole = gzip.compress(f">chrX\n{X * 50}\n".encode("ascii"))
    for length in (len(whole) // 2, len(whole) - 4, 3):
        fasta.write_bytes(whole[:length])
        assert "is a truncated or damaged gzip file" in refusal(fasta)


@pytest.mark.parametrize(
    ("pack", "name"), [(lzma.compress, "xz"), (bz2.compress, "bzip2"), (zstd.compress, "zstandard")]
)
def test_other_compressions_are_called_by_their_names(
    fasta: Path, pack: Callable[[bytes], bytes], name: str
) -> None:
    fasta.write_bytes(pack(f">chrX\n{X * 500}\n".encode("ascii"))[:-12])
    assert f"is a truncated or damaged {name} file" in refusal(fasta)


def test_corrupt_gzip(fasta: Path) -> None:
    whole = bytearray(gzip.compress(f">chrX\n{X * 50}\n".encode("ascii")))
    whole[len(whole) // 2] ^= 0xFF
    fasta.write_bytes(bytes(whole))
    assert "is a truncated or damaged gzip file" in refusal(fasta)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty or not a FASTA file"),
        (b"\n\n", "is not a FASTA file: it does not begin with '>'"),
        (b"@read\nACGT\n+\nIIII\n", "is not a FASTA file: it does not begin with '>'"),
        (b"\x00\x01binary\xff", "is not a FASTA file"),
        (b">chrX", "is empty or not a FASTA file: no record begins with '>'"),
        (gzip.compress(b"", mtime=0), "is empty or not a FASTA file"),
    ],
)
def test_file_that_is_no_fasta(fasta: Path, content: bytes, message: str) -> None:
    fasta.write_bytes(content)
    assert message in refusal(fasta)


def test_missing_file_and_directory(tmp_path: Path) -> None:
    assert "cannot be read (no such file or directory)" in refusal(tmp_path / "absent.fa")
    assert "cannot be read (is a directory)" in refusal(tmp_path)


def test_missing_chromosome_names_region_and_what_was_found(fasta: Path) -> None:
    fasta.write_text("".join(f">chr{n}\nACGT\n" for n in range(1, 7)), encoding="ascii")
    assert (
        "does not hold chrX:26-42 (found 6 records: chr1, chr2, chr3, chr4 ...); "
        "give a GRCh38 genome, or loci that cover every gene of the panel" in refusal(fasta)
    )
    wanted = [Region("chrX", 10 * n, 10 * n + 5) for n in range(1, 5)]
    with pytest.raises(ReferenceProofError, match=re.escape("chrX:11-15, chrX:21-25, chrX:31-35 ... (found")):
        read_regions(fasta, wanted, BUILD)
    fasta.write_text("".join(f">chr{n}\nACGT\n" for n in range(1, 5)), encoding="ascii")
    all_named = "chrX:11-15, chrX:21-25, chrX:31-35 (found 4 records: chr1, chr2, chr3, chr4);"
    with pytest.raises(ReferenceProofError, match=re.escape(all_named)):
        read_regions(fasta, wanted[:3], BUILD)


@pytest.mark.parametrize("name", ["chrX:101-161", "chrX:100-160", "chrX:0-60", "chrX:160-101"])
def test_locus_whose_length_differs_from_its_name(fasta: Path, name: str) -> None:
    fasta.write_text(f">{name}\n{X}\n", encoding="ascii")
    start, end = map(int, name.split(":")[1].split("-"))
    message = refusal(fasta, wanted=Region("chrX", 110, 120))
    assert f"record {name}: has 60 bases, its name says {end - start + 1}; write the locus again" in message


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (
            Build("GRCh37", "human", {"chrX": 61}, {}),
            "has 61 bases as in GRCh37, chrX of GRCh38 has 60; give a",
        ),
        (Build("GRCm39", "mouse", {"chrX": 61}, {}), "61 bases as in GRCm39, a mouse genome, chrX of GRCh38"),
    ],
)
def test_length_of_another_build(
    fasta: Path, build: Build, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(genome_module, "BUILDS", (build,))
    fasta.write_text(f">chrX\n{X}A\n", encoding="ascii")
    assert named in refusal(fasta, known(length=len(X)))


@pytest.mark.parametrize(
    ("records", "genome", "message"),
    [
        ({"chrX": X[:41]}, BUILD, "does not hold chrX:26-42 (found 1 records: chrX)"),
        ({"chrX": X, "X": X}, BUILD, "record X: chrX:26-42 is in the file twice"),
        ({"chrX:1-60": X, "chrX:21-60": X[20:]}, BUILD, "record chrX:21-60: chrX:26-42 is in the file twice"),
        (
            {"chrX": f"{X[:-1]}A"},
            known(md5=md5(X), length=len(X)),
            f"record chrX: has MD5 {md5(X[:-1] + 'A')}, chrX of GRCh38 has {md5(X)}; give an unaltered",
        ),
        (
            {"chrX": f"{X}A"},
            known(length=len(X)),
            "record chrX: has 61 bases, chrX of GRCh38 has 60; give a GRCh38 genome",
        ),
        *(
            ({name: X}, known(refseq="NC_000023.11"), "is NC_000023.10, GRCh38 has NC_000023.11")
            for name in ("NC_000023.10", "NC_000023.10:1-60")
        ),
    ],
)
def test_another_genome_is_refused(
    fasta: Path, records: dict[str, str], genome: GenomeSpec, message: str
) -> None:
    fasta.write_text("".join(f">{name}\n{bases}\n" for name, bases in records.items()), encoding="ascii")
    assert message in refusal(fasta, genome)


def test_authentic_only_with_a_known_checksum(fasta: Path) -> None:
    for genome, authenticated in (
        (known(md5=md5(X)), True),
        (known(length=len(X), refseq="NC_000023.11"), False),
        (BUILD, False),
    ):
        (contig,) = read(fasta, f">chrX\n{X}\n", genome).contigs
        assert contig.authenticated is authenticated


@pytest.mark.parametrize("foreign", [b"U", b"*", b"-", b"1", b"\xe4", b";"])
def test_foreign_letters_in_a_wanted_region(fasta: Path, foreign: bytes) -> None:
    text = f">chrX:101-160\n{folded(X[:30] + '?' + X[31:], 10)}".encode("ascii")
    fasta.write_bytes(text.replace(b"?", foreign))
    message = refusal(fasta, wanted=Region("chrX", 110, 140))
    assert "record chrX:101-160, base 131: holds " in message
    assert "which is not a base; give a nucleotide FASTA" in message


def test_foreign_letters_elsewhere_do_not_matter(fasta: Path) -> None:
    fasta.write_bytes(b">chrX\n\xe4" + X[1:].encode("ascii") + b"\n")
    assert read_regions(fasta, [WANTED], BUILD).bases == {WANTED: X[25:42]}


def test_ambiguity_codes_are_bases(fasta: Path) -> None:
    assert read(fasta, f">chrX\n{X[:25]}RYSWKMBDHVNryswkm\n").bases == {WANTED: "RYSWKMBDHVNryswkm"}


@pytest.mark.parametrize("block", [7, 30, 60, 10**6])
@pytest.mark.parametrize("words", [" DEMONSTRATION REFERENCE, not a genome; seed=1", ""])
@pytest.mark.parametrize("mark", [WATERMARK, WATERMARK.lower()])
def test_watermark_is_found_whatever_the_header_says(
    fasta: Path, mark: str, words: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fasta_module, "BLOCK_BYTES", block)
    text = f">chrX:101-208{words}\n{folded(mark + X, 50)}"
    pieces = read(fasta, text, wanted=Region("chrX", 150, 170))
    assert pieces.demonstration


def test_one_marked_locus_makes_a_demonstration(fasta: Path) -> None:
    wanted = [Region("chr9", 110, 120), Region("chrX", 150, 170)]
    fasta.write_text(f">chr9:101-135\n{NINE}\n>chrX:101-208\n{WATERMARK}{X}\n", encoding="ascii")
    assert read_regions(fasta, wanted, BUILD).demonstration
    assert not read_regions(fasta, wanted[:1], BUILD).demonstration


def test_genome_is_no_demonstration(fasta: Path) -> None:
    almost = WATERMARK[:-1] + "A"
    assert almost != WATERMARK
    assert not read(fasta, f">chrX\n{almost}{X}\n").demonstration
    assert not read(fasta, f">chrX\n{X}\n").demonstration
