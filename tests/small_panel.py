"""A panel of three small genes on a genome of two chromosomes, made base by base in the test.

FIVE lies on the + strand of chr2, THREE on the - strand of chrX; both are targets and join at exon 2 of each.
BYSTANDER, + strand of chr2, is a partner with eleven exons, so ten introns. All positions are 1-based and
inclusive, as in the panel YAML.
"""

import copy
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from aspsfusion.errors import AspsfusionError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel import Exon, Panel, Transcript
from aspsfusion.panel.seal import write_provenance

CHROMOSOME_LENGTH = 2000
FIVE_EXONS = [[101, 160], [261, 320], [421, 500]]
THREE_EXONS = [[401, 480], [261, 320], [101, 160]]
"""In transcript order, on the minus strand: lengths 80, 60, 60."""

BYSTANDER_EXONS = [[first, first + 29] for first in range(901, 1901, 90)][:11]
FIVE_CDS, THREE_CDS = (11, 190), (21, 170)
STOPS = ("TAA", "TAG", "TGA")
CODONS = [
    codon for codon in (a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT") if codon not in STOPS
]


def random_bases(length: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def coding_transcript(length: int, cds: tuple[int, int], seed: int) -> str:
    """A transcript with an open reading frame from the first to the last base of `cds`."""
    source = random.Random(seed)
    codons = source.choices(CODONS, k=(cds[1] - cds[0] + 1) // 3 - 2)
    before, behind = (source.choices("ACGT", k=n) for n in (cds[0] - 1, length - cds[1]))
    return "".join([*before, "ATG", *codons, "TAA", *behind])


FIVE_TRANSCRIPT = coding_transcript(200, FIVE_CDS, seed=5)
THREE_TRANSCRIPT = coding_transcript(200, THREE_CDS, seed=3)
JUNCTION_SEQUENCE = f"{FIVE_TRANSCRIPT[90:120]}|{THREE_TRANSCRIPT[80:110]}"
"""30 nt up to the end of exon 2 of FIVE and 30 nt from the start of exon 2 of THREE."""


def replaced(sequence: str, position: int, bases: str) -> str:
    """The sequence with other bases from a 1-based position on."""
    return sequence[: position - 1] + bases + sequence[position - 1 + len(bases) :]


def with_gene(chromosome: str, transcript: str, exons: list[list[int]], strand: str) -> str:
    """The chromosome with a gene's exons on it, each intron from GT to AG."""
    offset = 0
    for number, (first, last) in enumerate(exons):
        bases = transcript[offset : offset + last - first + 1]
        offset += len(bases)
        plus = bases if strand == "+" else reverse_complement(bases)
        chromosome = replaced(chromosome, first, plus)
        left, right = (number > 0, number < len(exons) - 1)
        if strand == "-":
            left, right = right, left
        if left:
            chromosome = replaced(chromosome, first - 2, "AG" if strand == "+" else "AC")
        if right:
            chromosome = replaced(chromosome, last + 1, "GT" if strand == "+" else "CT")
    return chromosome


def small_chromosomes() -> dict[str, str]:
    chr2 = with_gene(random_bases(CHROMOSOME_LENGTH, seed=2), FIVE_TRANSCRIPT, FIVE_EXONS, "+")
    chr2 = with_gene(chr2, random_bases(330, seed=11), BYSTANDER_EXONS, "+")
    chr_x = with_gene(random_bases(CHROMOSOME_LENGTH, seed=23), THREE_TRANSCRIPT, THREE_EXONS, "-")
    return {"chr2": chr2, "chrX": chr_x}


SMALL_PANEL: dict[str, Any] = {
    "schema_version": 1,
    "name": "small",
    "version": "1",
    "title": "small test panel",
    "genome": {"build": "GRCh38"},
    "target": {"five_prime": "FIVE", "three_prime": "THREE", "disease": "none"},
    "genes": [
        {
            "symbol": "FIVE",
            "roles": ["target"],
            "transcripts": [
                {
                    "id": "T5.1",
                    "primary": True,
                    "chrom": "chr2",
                    "strand": "+",
                    "exons": FIVE_EXONS,
                    "cds": list(FIVE_CDS),
                }
            ],
        },
        {
            "symbol": "THREE",
            "roles": ["target"],
            "transcripts": [
                {
                    "id": "T3.1",
                    "primary": True,
                    "chrom": "chrX",
                    "strand": "-",
                    "exons": THREE_EXONS,
                    "cds": list(THREE_CDS),
                }
            ],
        },
        {
            "symbol": "BYSTANDER",
            "roles": ["partner"],
            "transcripts": [
                {"id": "TB.1", "primary": True, "chrom": "chr2", "strand": "+", "exons": BYSTANDER_EXONS}
            ],
        },
    ],
    "junctions": [
        {
            "id": "main",
            "five_prime": {"gene": "FIVE", "exon": 2},
            "three_prime": {"gene": "THREE", "exon": 2},
            "type": "type 1",
            "direction": "diagnostic",
            "evidence": "published_sequence",
            "sequence": JUNCTION_SEQUENCE,
            "source": "made for the test",
        }
    ],
    "domains": [
        {"gene": "THREE", "name": "D", "first_residue": 2, "last_residue": 49, "source": "made for the test"}
    ],
    "texts": {
        "confirmed": "{fusion} was found.",
        "excluded": "{fusion} was not found.",
        "indeterminate": "{fusion}: {reasons}",
    },
}


@dataclass
class SmallPanel:
    """A panel YAML and a genome that a test may change before it builds them."""

    directory: Path
    data: dict[str, Any]
    chromosomes: dict[str, str]

    @classmethod
    def in_directory(cls, directory: Path) -> "SmallPanel":
        """The small panel, to be written into a directory."""
        return cls(directory, copy.deepcopy(SMALL_PANEL), small_chromosomes())

    @property
    def yaml_path(self) -> Path:
        """Where `write` puts the panel YAML."""
        return self.directory / "small.yaml"

    @property
    def genome_path(self) -> Path:
        """Where `write` puts the FASTA."""
        return self.directory / "genome.fa"

    @property
    def output(self) -> Path:
        """Where `build` puts the panel directory."""
        return self.directory / "panel"

    def transcript(self, gene: int) -> dict[str, Any]:
        """The first transcript of a gene, given by its place in the YAML."""
        found: dict[str, Any] = self.data["genes"][gene]["transcripts"][0]
        return found

    def change(self, chrom: str, position: int, bases: str) -> None:
        """Put other bases on a chromosome from a position on."""
        self.chromosomes[chrom] = replaced(self.chromosomes[chrom], position, bases)

    def write(self) -> None:
        """Write YAML and FASTA as they now are."""
        self.yaml_path.write_text(yaml.safe_dump(self.data, sort_keys=False), encoding="utf-8")
        records = (f">{name}\n{bases}\n" for name, bases in self.chromosomes.items())
        self.genome_path.write_text("".join(records), encoding="ascii")

    def build(self, gtf: Path | None = None) -> Panel:
        """Write both files and build the panel directory."""
        self.write()
        return build_panel(self.yaml_path, self.genome_path, gtf, self.output)

    def refusal(self, kind: type[AspsfusionError], gtf: Path | None = None) -> str:
        """The message of a refused build, which leaves nothing behind."""
        self.write()
        before = sorted(self.directory.rglob("*"))
        with pytest.raises(kind) as caught:
            build_panel(self.yaml_path, self.genome_path, gtf, self.output)
        assert sorted(self.directory.rglob("*")) == before
        message = str(caught.value)
        assert "\n" not in message
        assert caught.value.remedy
        return message


def gtf_lines(gene: str, transcript: str, chrom: str, strand: str, exons: Iterable[list[int]]) -> str:
    attributes = f'gene_id "{gene}"; transcript_id "{transcript}"; gene_name "{gene}";'
    return "".join(f"{chrom}\tx\texon\t{a}\t{b}\t.\t{strand}\t.\t{attributes}\n" for a, b in exons)


def by_name_only(small: SmallPanel) -> Path:
    """Take the exons out of the panel and put those of the targets, and their frames, into a GTF."""
    for gene in small.data["genes"]:
        del gene["transcripts"]
    path = small.directory / "genes.gtf"
    text = gtf_lines("FIVE", "T5.1", "2", "+", FIVE_EXONS) + gtf_lines("THREE", "T3.1", "X", "-", THREE_EXONS)
    text += gtf_lines("BYSTANDER", "TB.1", "chr2", "+", BYSTANDER_EXONS)
    for frame in (
        gtf_lines("FIVE", "T5.1", "2", "+", [[111, 490]]),
        gtf_lines("THREE", "T3.1", "X", "-", [[131, 460]]),
    ):
        text += frame.replace("exon", "CDS")
    path.write_text(text, encoding="ascii")
    return path


def seal_again(directory: Path) -> None:
    """Write the checksums of a panel directory anew, as of one that was built with a change to its files."""
    provenance = directory / "panel.json"
    written = json.loads(provenance.read_text()) if provenance.exists() else {}
    if isinstance(written, dict):
        write_provenance(directory, written)


def contents(directory: Path) -> dict[str, bytes]:
    """The files of a directory by their names."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def made_transcript(
    exons: list[tuple[int, int]], strand: str = "+", cds: tuple[int, int] | None = None
) -> Transcript:
    """A transcript without sequence.

    Args:
        exons: genomic intervals in transcript order, 0-based half-open.
        strand: `+` or `-`.
        cds: reading frame on the transcript, 0-based half-open.
    """
    made, offset = [], 0
    for number, (start, end) in enumerate(exons, start=1):
        made.append(Exon(number, start, end, offset, offset + end - start))
        offset += end - start
    return Transcript("GENE", "NM_1.1", "chr1", strand, tuple(made), cds, True, "N" * offset)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Any transcript of up to six exons on either strand, with or without a reading frame."""
    position, exons = draw(st.integers(0, 50)), []
    for _ in range(draw(st.integers(1, 6))):
        length = draw(st.integers(1, 40))
        exons.append((position, position + length))
        position += length + draw(st.integers(0, 40))
    strand = draw(st.sampled_from("+-"))
    total = sum(end - start for start, end in exons)
    cds = None
    if total >= 3 and draw(st.booleans()):
        first = draw(st.integers(0, total - 3))
        cds = (first, first + 3 * draw(st.integers(1, (total - first) // 3)))
    return made_transcript(exons if strand == "+" else exons[::-1], strand, cds)
