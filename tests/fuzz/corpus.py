"""Builds what is mutated: a small panel, a sample with the fusion, one without, and their stages' files."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import pysam
import yaml

from aspsfusion.batch.outcomes import Inputs, Outcome, file_identities, panel_identity, write_outcome
from aspsfusion.cli import main
from aspsfusion.io.fasta import reverse_complement
from bam_factory import pair, write_records
from repository import ROOT
from small_panel import FIVE_TRANSCRIPT, THREE_TRANSCRIPT, SmallPanel, by_name_only, random_bases

PRIMERS = f">P1 downstream\n{reverse_complement(THREE_TRANSCRIPT[150:172])}\n>P2\n{FIVE_TRANSCRIPT[20:42]}\n"
FUSED = FIVE_TRANSCRIPT[:120] + THREE_TRANSCRIPT[80:]
READ, INSERT = 60, 110
SAMPLES = ("carrier", "negative")
"""CONFIRMED and EXCLUDED."""


@dataclass(frozen=True)
class Corpus:
    """Where the files are: the panel's sources, the panel, and a directory for each sample."""

    directory: Path

    @property
    def panel(self) -> Path:
        """The built panel."""
        return self.directory / "panel"

    def sample(self, seed: int) -> Path:
        """The directory of the sample that a seed takes."""
        return self.directory / SAMPLES[seed % 2]


def _molecules(sample: str) -> list[str]:
    if sample == "carrier":
        sources = [(FIVE_TRANSCRIPT, 4), (THREE_TRANSCRIPT, 4), (FUSED, 4)]
    else:
        sources = [(FIVE_TRANSCRIPT, 2), (THREE_TRANSCRIPT, 1)]
    molecules = []
    for bases, step in sources:
        molecules += [bases[i : i + INSERT + i % 7] for i in range(0, len(bases) - INSERT, step)]
    return molecules + [random_bases(INSERT, seed=i) for i in range(20)]


def write_sample(panel: Path, directory: Path) -> None:
    """Write a sample's reads in every format, and what the stages make of them."""
    directory.mkdir()
    groups = []
    for number, molecule in enumerate(_molecules(directory.name)):
        if number % 2:
            molecule = reverse_complement(molecule)
        groups.append(pair(f"r{number}", molecule[:READ], reverse_complement(molecule)[:READ]))
    for mate in (0, 1):
        text = "".join(f"@{g[mate].name}\n{g[mate].bases}\n+\n{'I' * READ}\n" for g in groups)
        (directory / f"reads_{mate + 1}.fq").write_text(text)
        (directory / f"reads_{mate + 1}.fq.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    records = [record for group in groups for record in group]
    for suffix in ("bam", "sam"):
        write_records(directory / f"reads.{suffix}", records)
    with (
        pysam.AlignmentFile(str(directory / "reads.bam"), check_sq=False) as bam,
        pysam.AlignmentFile(str(directory / "reads.cram"), "wc", header=bam.header) as cram,
    ):
        for read in bam:
            cram.write(read)
    with gzip.open(directory / "reads.bam") as packed:
        (directory / "reads.bam.bin").write_bytes(packed.read())
    files = [str(directory / f"reads_{mate}.fq") for mate in (1, 2)]
    made = ["--output", str(directory / "c.fastq.gz"), "--metrics", str(directory / "s.json")]
    assert main(["screen", "--panel", str(panel), *files, *made]) == 0
    words = ["--sample", "x", "--reads", made[1], "--screen", made[3], "--output", str(directory / "out")]
    assert main(["analyse", "--panel", str(panel), *words]) == 0
    primed = ["--library", "anchored", "--primers", str(directory.parent / "primers.fa")]
    words[-1] = str(directory / "primed")
    assert main(["analyse", "--panel", str(panel), *words, *primed]) == 0
    inputs = Inputs(file_identities(files), panel_identity(panel))
    write_outcome(Outcome("x", "analyse", inputs=inputs), directory / "x.outcome.json")
    made[1], made[3] = str(directory / "e.fastq.gz"), str(directory / "e.screen.json")
    assert main(["extract", "--panel", str(panel), str(directory / "reads.bam"), *made]) == 0


def build_corpus(directory: Path) -> Corpus:
    """Build all files below a directory, which is made."""
    directory.mkdir(parents=True)
    small = SmallPanel.in_directory(directory)
    small.build()
    (directory / "primers.fa").write_text(PRIMERS)
    by_name_only(small)
    (directory / "named.yaml").write_text(yaml.safe_dump(small.data, sort_keys=False))
    corpus = Corpus(directory)
    for name in SAMPLES:
        write_sample(corpus.panel, directory / name)
    sheet = ["sample_id\tfastq_1\tfastq_2\tbam\tcontrol\tlibrary\ttumour_fraction"]
    for name in SAMPLES:
        reads = [str(directory / name / f"reads_{mate}.fq") for mate in (1, 2)]
        sheet.append("\t".join([name, *reads, "", "positive", "capture", "0.5"]))
    sheet.append("\t".join(["b", "", "", str(directory / "carrier" / "reads.bam"), "", "", ""]))
    (directory / "samples.tsv").write_text("\n".join(sheet) + "\n")
    (directory / "config.yaml").write_bytes((ROOT / "config" / "config.yaml").read_bytes())
    return corpus


def packed_bam(content: bytes, path: Path) -> None:
    """Write the inflated bytes of a BAM file as one."""
    with pysam.BGZFile(str(path), "wb", None) as out:
        out.write(content)


def verdict_of(record: Path) -> tuple[str, set[str]]:
    """Return the call of a record, and the codes of its flags and reasons."""
    data = json.loads(record.read_text())
    codes = {flag["code"] for flag in data["qc"]["flags"]} | {r["code"] for r in data["verdict"]["reasons"]}
    return data["verdict"]["call"], codes
