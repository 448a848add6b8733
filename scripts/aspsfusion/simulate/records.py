"""Defines what a simulation is asked for and what it gives: parameters, reads and their truth.

Positions in the truth are 1-based and inclusive, on the molecule that the fragment was drawn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from aspsfusion.errors import ParameterError
from aspsfusion.simulate.molecules import Source

MAX_READ_LENGTH = 1000
"""Nucleotides; the reads of the instruments that this imitates end far below."""

Assay = Literal["fragmented", "anchored", "amplicon"]
"""What decides where fragments end: chance, one gene-specific primer, or two of them."""

FRAGMENTED: Assay = "fragmented"
ANCHORED: Assay = "anchored"

SHORTEST_TRIMMED = 0.5
"""Share of a read that trimming leaves at least."""

MAX_UMI_LENGTH = 30
"""Bases; unique molecular identifiers of common kits have 6 to 12."""

_RATES = (
    "error_rate",
    "duplicate_rate",
    "deamination_rate",
    "chimera_rate",
    "hopping_rate",
    "copy_identity",
    "trim_rate",
    "dark_rate",
)


@dataclass(frozen=True)
class SimulationParameters:
    """What to simulate.

    Attributes:
        fusions: fusions with their numbers of fragments, see `molecules.parse_fusion`.
        fragments: fragments of the primary transcript of every gene.
        coverage: fragments of the primary transcript of single genes, instead of `fragments`.
        transcripts: fragments of single transcripts, by `GENE|TRANSCRIPT`.
        unspliced: fragments of the unspliced sequence of single genes.
        background: fragments of random sequence.
        near: fragments of the primary transcript around the start of an exon, by `GENE:EXON`.
        window: bases on either side of the exon's start (`near`) or of a junction (`=nN`).
        expression_spread: standard deviation of the natural logarithm of the genes' expression levels, by
            which `fragments` is multiplied.
        copies: fragments of a diverged copy of a gene that is not on the panel, such as a paralog.
        repeats: fragments with a diverged copy of one repeat of a gene's introns.
        copy_identity: share of bases that copies and repeats have in common with the panel.
        chimera_rate: chimeras of template switching for each fragment.
        chimera_homology: bases that the two RNAs of a chimera share where they are joined.
        other_fusions: fusions in another sample of the run, stated like `fusions`.
        hopping_rate: share of the fragments of `other_fusions` that is read in this sample.
        assay: what decides where fragments end. With primers, `fragments` and all other numbers are of the
            fragments that they make of a molecule; one on which none works gives nothing.
        primers: gene-specific primers, see `primers.primers_of`.
        insert_mean: mean fragment length, nt.
        insert_sd: its standard deviation, nt.
        insert_min: shortest fragment, nt; a molecule that is shorter still is one fragment.
        three_prime_decay: nt of a transcript over which fragments become rarer by the factor e from its 3'
            end on, as in libraries that select degraded RNA by its poly-A tail; 0 for an even library.
        error_rate: probability of a substitution, for each base.
        deamination_rate: probability of C>T, for each cytosine of one strand of the molecule.
        umi_length: bases of the unique molecular identifier in the read name; 0 for none.
        duplicate_rate: share of fragments that are written a second time with errors of their own.
        pcr_copies: how often each fragment is written, with errors of its own every time.
        trim_rate: share of reads whose 3' end is cut off at a random base, as quality trimming does.
        dark_rate: share of fragments whose second read says nothing.
        dark_base: what such a read consists of: G, which two-colour instruments see in the dark, or N.
        lanes: lanes of the flow cell that the fragments are on; each has the read names of the first.
        stranded: which strand read 1 is: `forward` the RNA's, `reverse` the other, `none` either.
        anchor_five_prime: bases of the 5' gene in a read that counts as crossing (`=xN`).
        anchor_three_prime: bases of the 3' gene in a read that counts as crossing (`=xN`).
    """

    fusions: tuple[str, ...] = ()
    fragments: int = 0
    coverage: Mapping[str, int] = field(default_factory=dict)
    transcripts: Mapping[str, int] = field(default_factory=dict)
    unspliced: Mapping[str, int] = field(default_factory=dict)
    background: int = 0
    near: Mapping[str, int] = field(default_factory=dict)
    window: int = 400
    expression_spread: float = 0.0
    copies: Mapping[str, int] = field(default_factory=dict)
    repeats: Mapping[str, int] = field(default_factory=dict)
    copy_identity: float = 0.9
    chimera_rate: float = 0.0
    chimera_homology: int = 4
    other_fusions: tuple[str, ...] = ()
    hopping_rate: float = 0.001
    assay: Assay = FRAGMENTED
    primers: tuple[str, ...] = ()
    read_length: int = 75
    single_end: bool = False
    insert_mean: float = 200.0
    insert_sd: float = 40.0
    insert_min: int = 30
    three_prime_decay: float = 0.0
    error_rate: float = 0.002
    deamination_rate: float = 0.0
    umi_length: int = 0
    duplicate_rate: float = 0.0
    pcr_copies: int = 1
    trim_rate: float = 0.0
    dark_rate: float = 0.0
    dark_base: Literal["G", "N"] = "G"
    lanes: int = 1
    stranded: Literal["none", "forward", "reverse"] = "none"
    anchor_five_prime: int = 30
    anchor_three_prime: int = 12
    seed: int = 1

    def __post_init__(self) -> None:
        lowest = {
            "read_length": 1,
            "insert_mean": 1,
            "insert_sd": 0,
            "insert_min": 1,
            "three_prime_decay": 0,
            "anchor_five_prime": 1,
            "anchor_three_prime": 1,
            "fragments": 0,
            "background": 0,
            "window": 1,
            "expression_spread": 0,
            "chimera_homology": 0,
            "umi_length": 0,
            "pcr_copies": 1,
            "lanes": 1,
            "seed": 0,
        }
        for name, least in lowest.items():
            value = getattr(self, name)
            if not least <= value < float("inf"):
                raise ParameterError(
                    f"{_option(name)} {value} is out of range", remedy=f"give {least} or more"
                )
        for name, most in (("read_length", MAX_READ_LENGTH), ("umi_length", MAX_UMI_LENGTH)):
            if getattr(self, name) > most:
                raise ParameterError(
                    f"{_option(name)} {getattr(self, name)} is out of range", remedy=f"give {most} or less"
                )
        for name in _RATES:
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ParameterError(
                    f"{_option(name)} {value} is no rate", remedy="give a number from 0 to 1"
                )
        if (self.assay == FRAGMENTED) == bool(self.primers):
            given, missing = ("--primer", "--assay") if self.primers else ("--assay", "--primer")
            raise ParameterError(f"{given} needs {missing}", remedy="give both, or neither")
        for name in ("coverage", "transcripts", "unspliced", "near", "copies", "repeats"):
            for key, number in getattr(self, name).items():
                if number < 0:
                    raise ParameterError(
                        f"{number} fragments of {key} are out of range", remedy="give 0 or more"
                    )


@dataclass(frozen=True, slots=True)
class SimulatedRead:
    """Bases and Phred+33 qualities of a read."""

    sequence: str
    qualities: str


@dataclass(frozen=True, slots=True)
class TruthRecord:
    """One row of the truth table.

    Attributes:
        fragment: read name.
        source: what kind of molecule it was drawn from.
        contig: `GENE|TRANSCRIPT`, `GENE|unspliced`, the fusion as stated, `background`,
            `GENE|TRANSCRIPT|copy`, `GENE|repeat`, or both contigs of a chimera with their joined bases.
        start: first base on that molecule, 1-based.
        end: last base, inclusive.
        strand: `+` when read 1 is of the molecule's strand.
        junction: last base of the 5' gene on the molecule, 1-based; empty without a junction. A fragment
            with `start <= junction < end` that no read crosses is a spanning pair.
        crosses_junction: 1 when a read has bases of both genes.
        anchor_five_prime: bases of the 5' gene in the crossing read; 0 without one.
        anchor_three_prime: bases of the 3' gene in the crossing read; 0 without one.
        duplicate_of: name of the fragment that this one is a PCR duplicate of; may be empty.
    """

    fragment: str
    source: Source
    contig: str
    start: int
    end: int
    strand: str
    junction: int | None
    crosses_junction: int
    anchor_five_prime: int
    anchor_three_prime: int
    duplicate_of: str

    @classmethod
    def header(cls) -> str:
        """Return the column names, tab-separated."""
        return "\t".join(column.name for column in fields(cls))

    def row(self) -> str:
        """Return the values, tab-separated."""
        # Spelt out: a loop over the fields takes a third of the time of the whole simulation.
        return (
            f"{self.fragment}\t{self.source}\t{self.contig}\t{self.start}\t{self.end}\t{self.strand}\t"
            f"{'' if self.junction is None else self.junction}\t{self.crosses_junction}\t"
            f"{self.anchor_five_prime}\t{self.anchor_three_prime}\t{self.duplicate_of}"
        )


@dataclass(frozen=True, slots=True)
class SimulatedFragment:
    """A fragment as sequenced; `read_2` is None in single-end data, `lane` is counted from 0."""

    name: str
    read_1: SimulatedRead
    read_2: SimulatedRead | None
    truth: TruthRecord
    lane: int = 0


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
