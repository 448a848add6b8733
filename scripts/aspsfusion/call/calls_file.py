"""Writes and reads the file between `call` and `report`: junctions, one-sided breaks, wild-type counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aspsfusion.config import BOTH_SIDES, CallParameters
from aspsfusion.errors import ReadsError
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.long_reads import LongReads
from aspsfusion.evidence.primers import Primer, from_json, to_json
from aspsfusion.evidence.umis import NO_UMIS, UmiSource
from aspsfusion.io.sealed import read_sealed, sealed_json
from aspsfusion.panel.panel import Junction

CALLS_VERSION = 9

CountedKind = Literal["split", "spanning", "short"]
"""How a counted fragment supports a junction; see `realign.Kind`."""


@dataclass(frozen=True)
class OneSidedCluster:
    """Fragments that leave a gene at one position into sequence that no junction can name.

    Attributes:
        position: genomic position of the last base of the gene, 0-based.
        enters: whether the foreign sequence is upstream of the gene's (the gene would be the 3' partner).
        consensus: consensus of the foreign sequence in the direction of the gene.
        rejection: code of the reason why it is no finding, empty for a reported one.
    """

    gene: str
    position: int
    enters: bool
    fragments: int
    consensus: str
    rejection: str = ""


@dataclass(frozen=True)
class Bridge:
    """A fragment that joins the two target genes and that no junction took; genomic positions 0-based.

    Attributes:
        split: whether one read shows both genes; else its mates are in one gene each.
        five_pos: last base that the read, or the mate, shows of it.
        three_pos: first base that the read, or the mate, shows of it.
        inserted: bases of a split read between the two.
        listed: whether a split read shows a listed junction, or a variant of one.
        agreeing_split: fragments with a read split at the same places, see `bridges.Agreement`.
        agreeing: fragments that could be of one junction with it, itself included.
    """

    number: int
    label: str
    split: bool
    five_gene: str
    five_pos: int
    three_gene: str
    three_pos: int
    inserted: str
    listed: bool
    agreeing_split: int
    agreeing: int


class ListedEnds(NamedTuple):
    """Unique fragments that may be of the target fusion with other sequence between its genes.

    Attributes:
        leaving: with a read that goes from a listed end of the 5' gene into other sequence, or from other
            sequence into the 3' gene at a listed start.
        joining: others, whose reads join the two genes in the order of the fusion.
    """

    leaving: int = 0
    joining: int = 0


@dataclass(frozen=True)
class InternalEvent:
    """A deletion or duplication within a transcript; genomic positions 0-based.

    Attributes:
        last_pos: last base before the join in the direction of the gene.
        first_pos: first base after it.
        length: bases of the transcript that are lost or repeated.
        fragments: unique fragments with a read across the join.
        wild_type: unique fragments that run on in the gene after the last base.
    """

    gene: str
    kind: Literal["deletion", "duplication"]
    last_pos: int
    first_pos: int
    length: int
    fragments: int
    wild_type: int


class MatePlace(NamedTuple):
    """Where one read of a fragment is on a junction.

    Attributes:
        number: 1 or 2; 1 for single reads.
        reverse: whether it is antisense to the fusion transcript.
        start: its first base relative to the first base of the 3' gene, negative in the 5' gene.
    """

    number: int
    reverse: bool
    start: int
    edits: int


@dataclass(frozen=True)
class CalledRead:
    """A molecule as counted for a junction; for the fields see `report.findings.SupportingRead`.

    `places` holds its reads that are aligned to the junction, in the order of their numbers; one that is
    placed in a part of the two genes that the junction's model lacks, or nowhere, has none.
    """

    number: int
    label: str
    kind: CountedKind
    copies: int
    typable: bool
    anchor_five_prime: int
    anchor_three_prime: int
    mismatches: int
    sequence: str
    offset: int
    places: tuple[MatePlace, ...] = ()


@dataclass(frozen=True)
class CalledJunction:
    """A junction with its counts; genomic positions 0-based.

    Attributes:
        five_pos: its last joined base.
        three_pos: its first joined base.
        catalogue_id: id of the catalogue entry that it is or is a variant of, None for others.
        boundaries: how many sides are at an exon border of a transcript.
        split_reads: unique fragments that cross.
        spanning_pairs: unique fragments that bridge.
        short_overhangs: unique fragments with a short overhang, a read that runs over the junction by too
            few bases for an anchor; counted where split reads prove the junction.
        split_with_duplicates: split reads, every copy counted.
        spanning_with_duplicates: spanning pairs, every copy counted.
        short_with_duplicates: short overhangs, every copy counted.
        homology: bases around the junction that the two genes share, in nt.
        max_anchor_five_prime: longest 5' anchor of a split read.
        max_anchor_three_prime: longest 3' anchor of a split read.
        wild_type_five_prime: unique fragments that run on in the 5' gene.
        wild_type_three_prime: unique fragments of the 3' gene itself.
        flank_five_prime: reference bases upstream of the junction.
        flank_three_prime: reference bases downstream of it.
        rejections: codes of the reasons why it is not reported, empty for a reported one.
        unique_five_prime: unique fragments with sequence of the 5' gene that occurs nowhere else in the
            genome; 0 where the panel was built without a whole genome.
        elsewhere_five_prime: those whose sequence of the 5' gene all occurs elsewhere too, or is not exact.
        unique_three_prime: as for the 5' gene.
        elsewhere_three_prime: as for the 5' gene.
        inserted: bases of neither gene between the two.
        known_five_pos: 5' place of the known junction, listed or between exon borders, that it is or is a
            variant of; None where there is none.
        known_three_pos: 3' place of that junction.
        agreeing_split: of a candidate of the target's genes that is not reported, fragments with a read split
            at about its places, whichever candidate took them.
        agreeing: fragments that could be of one junction with one of its own.
        fixed_ends: supporting fragments, every copy counted, at each of the few pairs of ends that most of
            them share; empty where they do not, and where UMIs distinguish molecules.
    """

    five_gene: str
    five_pos: int
    three_gene: str
    three_pos: int
    catalogue_id: str | None
    boundaries: int
    split_reads: int
    spanning_pairs: int
    short_overhangs: int
    split_with_duplicates: int
    spanning_with_duplicates: int
    short_with_duplicates: int
    homology: int
    max_anchor_five_prime: int
    max_anchor_three_prime: int
    wild_type_five_prime: int
    wild_type_three_prime: int
    flank_five_prime: str
    flank_three_prime: str
    reads: tuple[CalledRead, ...]
    rejections: tuple[str, ...]
    unique_five_prime: int = 0
    elsewhere_five_prime: int = 0
    unique_three_prime: int = 0
    elsewhere_three_prime: int = 0
    inserted: str = ""
    known_five_pos: int | None = None
    known_three_pos: int | None = None
    agreeing_split: int = 0
    agreeing: int = 0
    fixed_ends: tuple[int, ...] = ()

    @property
    def junction(self) -> Junction:
        """The genomic positions and the inserted bases."""
        return Junction(self.five_gene, self.five_pos, self.three_gene, self.three_pos, self.inserted)

    @property
    def known_place(self) -> Junction | None:
        """The known junction that it is or is a variant of."""
        if self.known_five_pos is None or self.known_three_pos is None:
            at_known_place = self.catalogue_id is not None or self.boundaries == BOTH_SIDES
            return replace(self.junction, inserted="") if at_known_place else None
        return Junction(self.five_gene, self.known_five_pos, self.three_gene, self.known_three_pos)

    @property
    def deviates(self) -> bool:
        """Whether it is another junction than the known one, or is none."""
        return self.junction != self.known_place

    @property
    def fragments(self) -> int:
        """Unique supporting fragments."""
        return self.split_reads + self.spanning_pairs + self.short_overhangs

    @property
    def fragments_with_duplicates(self) -> int:
        """Supporting fragments, every copy counted."""
        return self.split_with_duplicates + self.spanning_with_duplicates + self.short_with_duplicates


@dataclass(frozen=True)
class Calls:
    """All junctions of one sample, reported ones first, what none of them explains, and wild-type counts.

    `diverged` holds the numbers of the fragments that `evidence.diverged` found, each with the gene that it
    fits; it is not in the file.
    """

    junctions: tuple[CalledJunction, ...]
    one_sided: tuple[OneSidedCluster, ...]
    coverage: Coverage
    bridges: tuple[Bridge, ...] = ()
    internal: tuple[InternalEvent, ...] = ()
    listed_ends: ListedEnds = field(default_factory=ListedEnds)
    diverged: Mapping[int, str] = field(default_factory=dict, compare=False)


AS_IT_IS = ("candidates", "duplicates", "median_insert", "umi_source", "unused_umi")
"""Fields of `CallsFile` that the file has as they are."""


@dataclass(frozen=True)
class CallsFile:
    """Everything that `aspsfusion call` writes."""

    calls: Calls
    candidates: int
    duplicates: int
    median_insert: int | None
    parameters: CallParameters
    umi_source: UmiSource = NO_UMIS
    unused_umi: str = ""
    primers: tuple[Primer, ...] = ()
    long_reads: LongReads | None = None

    @property
    def umi(self) -> bool:
        """Whether UMIs distinguish molecules."""
        return self.umi_source != NO_UMIS


def write_calls(record: CallsFile, path: Path) -> None:
    """Write calls as JSON, byte for byte the same for the same calls."""
    data = {
        "version": CALLS_VERSION,
        **{name: getattr(record, name) for name in AS_IT_IS},
        "primers": to_json(record.primers),
        "parameters": record.parameters.model_dump(),
        "coverage": record.calls.coverage.to_json(),
        "junctions": [asdict(junction) for junction in record.calls.junctions],
        "one_sided": [asdict(cluster) for cluster in record.calls.one_sided],
        "bridges": [asdict(bridge) for bridge in record.calls.bridges],
        "internal": [asdict(event) for event in record.calls.internal],
        "listed_ends": record.calls.listed_ends._asdict(),
        **({"long_reads": record.long_reads.to_json()} if record.long_reads else {}),
    }
    # Without indents: with them a deep sample's thousands of counts take twenty times as long to write.
    path.write_text(sealed_json(data, separators=(",", ":")) + "\n", encoding="utf-8")


def _called_read(entry: dict[str, Any]) -> CalledRead:
    return CalledRead(**{**entry, "places": tuple(MatePlace(*place) for place in entry["places"])})


def read_calls(path: Path) -> CallsFile:
    """Read what `write_calls` wrote.

    Raises:
        ReadsError: the file is damaged or of another version.
    """
    try:
        data = read_sealed(path.read_text(encoding="utf-8"))
        if data["version"] != CALLS_VERSION:
            raise ValueError(f"version {data['version']}")
        junctions = tuple(
            CalledJunction(
                **{
                    **entry,
                    "reads": tuple(_called_read(read) for read in entry["reads"]),
                    "rejections": tuple(entry["rejections"]),
                    "fixed_ends": tuple(entry["fixed_ends"]),
                }
            )
            for entry in data["junctions"]
        )
        one_sided = tuple(OneSidedCluster(**entry) for entry in data["one_sided"])
        bridges = tuple(Bridge(**entry) for entry in data["bridges"])
        internal = tuple(InternalEvent(**entry) for entry in data["internal"])
        coverage, listed_ends = Coverage.from_json(data["coverage"]), ListedEnds(**data["listed_ends"])
        return CallsFile(
            Calls(junctions, one_sided, coverage, bridges, internal, listed_ends),
            **{name: data[name] for name in AS_IT_IS},
            parameters=CallParameters(**data["parameters"]),
            primers=from_json(data["primers"]),
            long_reads=LongReads.from_json(data.get("long_reads")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadsError(
            f"is no calls file of this version ({error})", path=path, remedy="run 'aspsfusion call' again"
        ) from error
