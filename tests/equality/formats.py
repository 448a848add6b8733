"""Writes one sample's reads in every form that a laboratory has them in, by real aligners.

The demonstration reference stands in for the genome: each locus is a contig, the panel's exons its
annotation. Aligners that are not installed are passed over and named.
"""

import gzip
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pysam

from aspsfusion.panel.panel import load_panel

STAR_INDEX_BASES = "8"
"""STAR's genomeSAindexNbases for a genome of some megabases: min(14, log2(length) / 2 - 1)."""


@dataclass(frozen=True)
class Genome:
    """The demonstration reference as aligners take it."""

    fasta: Path
    gtf: Path
    directory: Path


@dataclass(frozen=True)
class Reads:
    """A sample in one form.

    Attributes:
        form: what it is, in words.
        fastq: FASTQ files, none for an alignment.
        alignments: BAM or CRAM file, None for FASTQ.
        reference: FASTA that a CRAM file needs.
        complete: whether the file holds every read of the sample.
    """

    form: str
    fastq: tuple[Path, ...] = ()
    alignments: Path | None = None
    reference: Path | None = None
    complete: bool = True


def run(*command: str | Path, stdout: Path | None = None, directory: Path | None = None) -> None:
    """Run a program; raises CalledProcessError with what it said."""
    words = [str(word) for word in command]
    with Path(stdout or "/dev/null").open("wb") as out:
        done = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, cwd=directory, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode(errors='replace')[-2000:]}")


def make_genome(reference: Path, panel_directory: Path, directory: Path) -> Genome:
    """Write the loci of the demonstration reference as contigs, and the panel's exons as a GTF on them."""
    fasta, gtf = directory / "genome.fa", directory / "genome.gtf"
    loci: list[tuple[str, str, int, int]] = []
    with gzip.open(reference, "rt") as source, fasta.open("w") as out:
        for line in source:
            if line.startswith(">"):
                place = line[1:].split()[0]
                chrom, span = place.split(":")
                start, end = (int(number) for number in span.split("-"))
                name = f"{chrom}_{start}"
                loci.append((name, chrom, start, end))
                line = f">{name}\n"
            out.write(line)
    pysam.faidx(str(fasta))
    with gtf.open("w") as out:
        for transcript in load_panel(panel_directory).transcripts.values():
            for exon in transcript.exons:
                name, start = next(
                    (name, low)
                    for name, chrom, low, high in loci
                    if chrom == transcript.chrom and low <= exon.start + 1 and exon.end <= high
                )
                fields = [name, "panel", "exon", exon.start + 2 - start, exon.end + 1 - start, "."]
                names = f'gene_id "{transcript.gene}"; transcript_id "{transcript.key}";'
                out.write("\t".join(map(str, [*fields, transcript.strand, ".", names])) + "\n")
    return Genome(fasta, gtf, directory)


def sort_to(bam: Path, output: Path, *options: str) -> Path:
    """Sort alignments."""
    run("samtools", "sort", *options, "-o", output, bam)
    return output


def records(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, bases and qualities."""
    with pysam.FastxFile(str(path)) as source:
        for entry in source:
            yield str(entry.name), str(entry.sequence), str(entry.quality)


def interleaved(mates: tuple[Path, Path], directory: Path) -> Reads:
    """Both mates in one FASTQ file."""
    path = directory / "interleaved.fastq.gz"
    with gzip.open(path, "wt") as out:
        for pair in zip(*(records(mate) for mate in mates), strict=True):
            for number, (name, bases, quality) in enumerate(pair, start=1):
                bare = name[:-2] if name.endswith(("/1", "/2")) else name
                out.write(f"@{bare}/{number}\n{bases}\n+\n{quality}\n")
    return Reads("interleaved FASTQ", (path,))


def unaligned(mates: tuple[Path, Path], directory: Path) -> Reads:
    """Unaligned BAM, as samtools makes it of FASTQ."""
    path = directory / "unaligned.bam"
    run("samtools", "import", "-1", mates[0], "-2", mates[1], "-o", path)
    return Reads("unaligned BAM (samtools import)", alignments=path)


def star_index(genome: Genome) -> Path:
    """Build STAR's index once."""
    index = genome.directory / "star"
    if not index.is_dir():
        index.mkdir()
        run(
            "STAR", "--runMode", "genomeGenerate", "--genomeDir", index, "--genomeFastaFiles", genome.fasta,
            "--sjdbGTFfile", genome.gtf, "--genomeSAindexNbases", STAR_INDEX_BASES, "--sjdbOverhang", "74",
            "--outFileNamePrefix", f"{index}/",
        )  # fmt: skip
    return index


def star(name: str, genome: Genome, mates: tuple[Path, Path], directory: Path, *options: str) -> Path:
    """Align with STAR; returns its BAM."""
    prefix = directory / f"star_{name}."
    run(
        "STAR", "--genomeDir", star_index(genome), "--readFilesIn", *mates, "--readFilesCommand", "zcat",
        "--outFileNamePrefix", prefix, *options,
    )  # fmt: skip
    return next(path for path in directory.glob(f"{prefix.name}Aligned*.bam"))


CHIMERIC = ("--chimSegmentMin", "12", "--chimJunctionOverhangMin", "8", "--chimOutType", "WithinBAM")
SORTED = ("--outSAMtype", "BAM", "SortedByCoordinate", "--limitBAMsortRAM", "1000000000")
UNSORTED = ("--outSAMtype", "BAM", "Unsorted")
UNMAPPED_WITHIN = ("--outSAMunmapped", "Within")


def star_forms(genome: Genome, mates: tuple[Path, Path], directory: Path) -> Iterator[Reads]:
    """STAR with and without chimeric records, with and without unmapped reads."""
    for name, form, options, complete in (
        ("plain", "STAR, unmapped reads within", (*SORTED, *UNMAPPED_WITHIN), True),
        ("chimeric", "STAR, chimeric records within, hard clips",
         (*UNSORTED, *UNMAPPED_WITHIN, *CHIMERIC, "HardClip"), True),
        ("soft", "STAR, chimeric records within, soft clips",
         (*SORTED, *UNMAPPED_WITHIN, *CHIMERIC, "SoftClip"), True),
        ("default", "STAR as by default, without unmapped reads", SORTED, False),
    ):  # fmt: skip
        yield Reads(form, alignments=star(name, genome, mates, directory, *options), complete=complete)


def hisat2(genome: Genome, mates: tuple[Path, Path], directory: Path) -> Iterator[Reads]:
    """HISAT2."""
    index = genome.directory / "hisat2"
    if not Path(f"{index}.1.ht2").is_file():
        run("hisat2-build", "-q", genome.fasta, index)
    sam = directory / "hisat2.sam"
    run("hisat2", "-x", index, "-1", mates[0], "-2", mates[1], "-S", sam)
    yield Reads("HISAT2, sorted by position", alignments=sort_to(sam, directory / "hisat2.bam"))


def minimap2(genome: Genome, mates: tuple[Path, Path], directory: Path) -> Iterator[Reads]:
    """minimap2 for short reads; its preset for spliced ones is newer than what distributions ship."""
    sam = directory / "minimap2.sam"
    run("minimap2", "-ax", "sr", genome.fasta, *mates, stdout=sam)
    yield Reads("minimap2, sorted by position", alignments=sort_to(sam, directory / "minimap2.bam"))


def bwa(genome: Genome, mates: tuple[Path, Path], directory: Path) -> Iterator[Reads]:
    """BWA-MEM as BAM in several orders, as SAM and as CRAM."""
    if not Path(f"{genome.fasta}.bwt").is_file():
        run("bwa", "index", genome.fasta)
    sam = directory / "bwa.sam"
    run("bwa", "mem", genome.fasta, *mates, stdout=sam)
    yield Reads("BWA-MEM, SAM as it comes", alignments=sam)
    by_position = sort_to(sam, directory / "bwa.bam")
    run("samtools", "index", by_position)
    yield Reads("BWA-MEM, sorted by position, indexed", alignments=by_position)
    yield Reads("BWA-MEM, sorted by name", alignments=sort_to(sam, directory / "bwa.name.bam", "-n"))
    cram = directory / "bwa.cram"
    run("samtools", "view", "-C", "-T", genome.fasta, "-o", cram, by_position)
    yield Reads("the same as CRAM, reference given", alignments=cram, reference=genome.fasta)
    embedded = directory / "bwa.embedded.cram"
    run(
        "samtools", "view", "-C", "-T", genome.fasta, "--output-fmt-option", "embed_ref=1", "-o", embedded,
        by_position,
    )  # fmt: skip
    yield Reads("the same as CRAM, reference embedded", alignments=embedded)
    mapped = directory / "bwa.mapped.bam"
    run("samtools", "view", "-b", "-F", "12", "-o", mapped, by_position)
    yield Reads("the same, mapped pairs only (samtools view -F 12)", alignments=mapped, complete=False)


ALIGNERS: dict[str, Callable[[Genome, tuple[Path, Path], Path], Iterator[Reads]]] = {
    "STAR": star_forms,
    "hisat2": hisat2,
    "minimap2": minimap2,
    "bwa": bwa,
}


def all_forms(
    genome: Genome, mates: tuple[Path, Path], directory: Path, missing: list[str]
) -> Iterator[Reads]:
    """Yield a sample in every form that the installed programs can make."""
    yield Reads("FASTQ, two files", mates)
    yield interleaved(mates, directory)
    if not shutil.which("samtools"):
        missing.append("samtools")
        return
    yield unaligned(mates, directory)
    for program, forms in ALIGNERS.items():
        if shutil.which(program):
            yield from forms(genome, mates, directory)
        elif program not in missing:
            missing.append(program)
