"""Reads a panel directory, as every stage after `panel build` does.

Coordinates are 0-based and half-open; only the columns of the files are 1-based and inclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import PanelError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.layout import (
    BUILD_AGAIN,
    DECOYS_FASTA,
    EXONS_TABLE,
    INDEX_FILES,
    INDEX_PREFIX,
    KMER_TABLE,
    PROVENANCE,
    SPECIFICITY_TABLE,
    TRANSCRIPTS_FASTA,
    UNSPLICED_FASTA,
    damage_named,
    file_states,
    require_files,
)
from aspsfusion.panel.seal import read_provenance, require_intact
from aspsfusion.panel.spec import BreakpointSpec, JunctionSpec, PanelSpec
from aspsfusion.panel.specificity import Specificity, read_specificity
from aspsfusion.panel.transcripts import UNSPLICED_SUFFIX, Decoy, Exon, Junction, Transcript, Unspliced

__all__ = ["UNSPLICED_SUFFIX", "Exon", "Junction", "Panel", "Transcript", "Unspliced", "load_panel"]


@dataclass(frozen=True)
class Panel:
    """A panel directory in memory.

    Attributes:
        spec: the panel YAML it was built from.
        transcripts: every transcript by its key, in the order of transcripts.fa.
        unspliced: unspliced targets by gene.
        decoys: sequences that resemble the targets, by their key.
    """

    directory: Path
    spec: PanelSpec
    transcripts: Mapping[str, Transcript]
    unspliced: Mapping[str, Unspliced]
    provenance: Mapping[str, Any] = field(repr=False)
    decoys: Mapping[str, Decoy] = field(default_factory=dict)

    @cached_property
    def primary(self) -> dict[str, Transcript]:
        """The primary transcript of each gene."""
        return {t.gene: t for t in self.transcripts.values() if t.primary}

    @cached_property
    def by_gene(self) -> dict[str, list[Transcript]]:
        """All transcripts of each gene, the primary one first."""
        result: dict[str, list[Transcript]] = {}
        for transcript in self.transcripts.values():
            result.setdefault(transcript.gene, []).append(transcript)
        for transcripts in result.values():
            transcripts.sort(key=lambda t: not t.primary)
        return result

    @cached_property
    def specificity(self) -> Specificity | None:
        """Places of the genes' k-mers elsewhere in the genome; None when the panel was built from loci."""
        return read_specificity(self.directory)

    @cached_property
    def contig_ranks(self) -> dict[str, int]:
        """Order of preference among equal alignments: primary transcripts, others, whole genes, decoys."""
        transcripts = sorted(self.transcripts.values(), key=lambda t: not t.primary)
        names = [t.key for t in transcripts] + [u.key for u in self.unspliced.values()] + [*self.decoys]
        return {name: rank for rank, name in enumerate(names)}

    @cached_property
    def decoy_text(self) -> npt.NDArray[np.uint8]:
        """The letters of all decoys on both strands, each ended by one that is no base."""
        forms = [form for d in self.decoys.values() for form in (d.sequence, reverse_complement(d.sequence))]
        return np.frombuffer("".join(f"{form}-" for form in forms).encode("ascii"), dtype=np.uint8)

    @cached_property
    def anchor_lengths(self) -> dict[tuple[str, str, bool, int], int]:
        """What `aspsfusion.evidence.anchors` has found, for all samples that meet this panel in a process."""
        return {}

    @cached_property
    def catalogue(self) -> dict[Junction, JunctionSpec]:
        """The catalogue junctions by their genomic positions."""
        return {self.locate(spec): spec for spec in self.spec.junctions}

    @cached_property
    def decisive(self) -> dict[Junction, JunctionSpec]:
        """The target fusion's catalogue junctions that decide an exclusion: those of a proven place."""
        return {
            junction: spec
            for junction, spec in self.catalogue.items()
            if spec.fusion == self.spec.target.fusion and spec.evidence != "published_exons"
        }

    def locate(self, junction: JunctionSpec) -> Junction:
        """Return the genomic positions of a catalogue junction."""
        return Junction(
            junction.five_prime.gene,
            self._joined_base(junction.five_prime, last=True),
            junction.three_prime.gene,
            self._joined_base(junction.three_prime, last=False),
        )

    def _joined_base(self, side: BreakpointSpec, *, last: bool) -> int:
        # The panel YAML was refused if its transcript lacks the exon, or the exon the coding position.
        transcript = self.primary[side.gene]
        if side.coding_position is not None:
            return transcript.to_genome(transcript.coding_to_tx(side.coding_position))
        exon = transcript.exons[side.exon - 1]
        return transcript.to_genome(exon.tx_end - 1 if last else exon.tx_start)

    def joined_sequences(self, junction: Junction) -> tuple[str, str]:
        """Return the 5' primary transcript to its last joined base, and the 3' one from its first.

        Joined bases of the catalogue are exonic in the primary transcripts.
        """
        five, three = self.primary[junction.five_gene], self.primary[junction.three_gene]
        five_end, three_start = five.from_genome(junction.five_pos), three.from_genome(junction.three_pos)
        assert five_end is not None
        assert three_start is not None
        return five.sequence[: five_end + 1], three.sequence[three_start:]

    def sequence_of(self, contig: str) -> str:
        """Return the sequence of a record of transcripts.fa, introns.fa or decoys.fa by its name."""
        if contig in self.transcripts:
            return self.transcripts[contig].sequence
        if contig in self.decoys:
            return self.decoys[contig].sequence
        return self.unspliced[contig.rsplit("|", 1)[0]].sequence

    def genomic_position(self, contig: str, position: int) -> int:
        """Return the genomic position of a base of transcripts.fa or introns.fa (both 0-based)."""
        if contig in self.transcripts:
            return self.transcripts[contig].to_genome(position)
        return self.unspliced[contig.rsplit("|", 1)[0]].to_genome(position)

    @property
    def index_prefix(self) -> Path:
        """Path prefix of the BWA index."""
        return self.directory / INDEX_PREFIX


def load_panel(directory: Path) -> Panel:
    """Read a panel directory written by `aspsfusion panel build`.

    All of its files are verified: what is damaged must not reach the aligner's library. A process that takes
    many samples through the stages reads it once, as long as no file of it changes.

    Raises:
        PanelError: the directory is not a complete panel, or a file is not as it was built.
    """
    return _read_panel(directory, file_states(sorted(directory.rglob("*"))))


@lru_cache(maxsize=1)
def _read_panel(directory: Path, files: tuple[tuple[int, ...], ...]) -> Panel:
    provenance = read_provenance(directory)
    needed = (TRANSCRIPTS_FASTA, UNSPLICED_FASTA, EXONS_TABLE, KMER_TABLE, *INDEX_FILES)
    require_files(directory, needed)
    require_intact(directory, provenance, (*needed, DECOYS_FASTA, SPECIFICITY_TABLE))
    with damage_named(directory / TRANSCRIPTS_FASTA):
        sequences = _read_fasta(directory / TRANSCRIPTS_FASTA)
    with damage_named(directory / UNSPLICED_FASTA):
        genomic = _read_fasta(directory / UNSPLICED_FASTA)
    decoys: tuple[Decoy, ...] = ()
    if (directory / DECOYS_FASTA).exists():
        with damage_named(directory / DECOYS_FASTA):
            records = _read_fasta(directory / DECOYS_FASTA)
            decoys = tuple(Decoy(key.partition("|")[2], bases) for key, bases in records.items())
    with damage_named(directory / EXONS_TABLE):
        exons = _read_exons(directory / EXONS_TABLE)
    with damage_named(directory / PROVENANCE):
        spec = PanelSpec.model_validate(provenance["spec"])
        if provenance["genome_pass"] is not None:
            require_files(directory, [SPECIFICITY_TABLE])
        transcripts = {}
        for entry in provenance["transcripts"]:
            key = f"{entry['gene']}|{entry['transcript']}"
            if key not in exons:
                raise PanelError(f"lacks {key}", path=directory / EXONS_TABLE, remedy=BUILD_AGAIN)
            transcripts[key] = Transcript(
                gene=entry["gene"],
                name=entry["transcript"],
                chrom=entry["chrom"],
                strand=entry["strand"],
                exons=exons[key],
                cds=None if entry["cds"] is None else (entry["cds"][0] - 1, entry["cds"][1]),
                primary=entry["primary"],
                sequence=_bases(sequences, key, exons[key][-1].tx_end, directory / TRANSCRIPTS_FASTA),
            )
        unspliced = {}
        for entry in provenance["unspliced"]:
            gene, start, end = entry["gene"], entry["start"] - 1, entry["end"]
            bases = _bases(genomic, f"{gene}|{UNSPLICED_SUFFIX}", end - start, directory / UNSPLICED_FASTA)
            unspliced[gene] = Unspliced(gene, entry["chrom"], entry["strand"], start, end, bases)
    return Panel(directory, spec, transcripts, unspliced, provenance, {decoy.key: decoy for decoy in decoys})


def _bases(records: Mapping[str, str], name: str, length: int, path: Path) -> str:
    """Return the bases of a record; raises PanelError when they have another length."""
    found = len(records.get(name, ""))
    if found != length:
        raise PanelError(f"has {found} bases of {name} instead of {length}", path=path, remedy=BUILD_AGAIN)
    return records[name]


def _read_fasta(path: Path) -> dict[str, str]:
    records = {}
    for record in path.read_text(encoding="ascii").split(">")[1:]:
        header, _, lines = record.partition("\n")
        records[header.split()[0]] = lines.replace("\n", "")
    return records


def _read_exons(path: Path) -> dict[str, tuple[Exon, ...]]:
    found: dict[str, list[Exon]] = {}
    lines = path.read_text(encoding="ascii").splitlines()
    header = lines[0].split("\t")
    for line in lines[1:]:
        row = dict(zip(header, line.split("\t"), strict=True))
        number, start, end, first, last = (
            int(row[column]) for column in ("exon", "start", "end", "tx_start", "tx_end")
        )
        key = f"{row['gene']}|{row['transcript']}"
        found.setdefault(key, []).append(Exon(number, start - 1, end, first - 1, last))
    return {key: tuple(rows) for key, rows in found.items()}
