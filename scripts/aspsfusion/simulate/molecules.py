"""Makes the molecules that a simulation breaks into fragments: transcripts and fusions of them.

A fusion is stated the way a person reads it, `GENE1:7::GENE2:6`; what it means on the sequences of a panel
is worked out here. Positions in the text are 1-based; the molecules are 0-based and half-open.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NoReturn

import numpy as np

from aspsfusion.errors import ParameterError
from aspsfusion.panel.panel import Exon, Junction, Panel, Transcript
from aspsfusion.simulate.reads import decode

Source = Literal[
    "wild_type", "fusion", "unspliced", "background", "copy", "repeat", "chimera", "other_sample"
]
Placing = Literal["along", "near", "crossing"]
"""Where fragments are: anywhere on the molecule, in a window around a place, or across the junction."""

DEFAULT_FUSION_FRAGMENTS = 100
"""Fragments of a fusion that is stated without a number."""

OFF_PANEL = "?"
"""Stands for a gene that the panel does not hold; its point is how many bases of it there are."""

_FUSION = re.compile(
    r"^(?P<five_gene>[^:=@\s]+):(?P<five_point>[^:=@\s]+)::(?:(?P<inserted>[ACGTacgt]+)::)?"
    r"(?P<three_gene>[^:=@\s]+):(?P<three_point>[^:=@\s]+)"
    r"(?:@(?P<at>-?\d+):(?P<lost>\d+)>(?P<bases>[ACGTacgt]*))?"
    r"(?:=(?P<placing>[xn]?)(?P<number>\d+))?$"
)
_POINT = re.compile(r"^(?:c\.(?P<coding>\d+)|(?P<exon>\d+)(?P<intronic>[+-]\d+)?)$")
_PLACINGS: dict[str, Placing] = {"": "along", "n": "near", "x": "crossing"}
_EXAMPLES = (
    "write it like GENE1:7::GENE2:6, GENE1:c.9::GENE2:c.8, GENE1:7+20::GENE2:6-30 or GENE1:7::ACGT::GENE2:6; "
    "add =N, =nN, =xN"
)


@dataclass(frozen=True)
class Molecule:
    """A sequence that fragments are drawn from.

    Attributes:
        sequence: upper-case bases, 5' to 3' of the RNA.
        junction: bases of the 5' gene in a fusion, which is the 0-based position of what follows them; None
            without a junction.
        inserted: bases of neither gene between the two.
    """

    source: Source
    name: str
    sequence: str
    junction: int | None = None
    inserted: int = 0


@dataclass(frozen=True)
class FusionPoint:
    """One side of a stated fusion.

    Attributes:
        exon: exon of the primary transcript whose end (5' gene) or start (3' gene) is meant; of OFF_PANEL its
            number of bases.
        intronic: bases of the neighbouring intron that are kept; 0 at the exon's border.
        coding_position: c. position (1-based) of the joined base, instead of an exon.
    """

    gene: str
    exon: int | None
    intronic: int
    coding_position: int | None


@dataclass(frozen=True)
class Variant:
    """A change of one gene beside a junction: lost bases, and those that take their place.

    Attributes:
        at: first base that is lost, or that the new ones come before: 0 is the first of the 3' gene, -1 the
            last of the 5' gene.
        lost: how many are lost, all of the one gene.
        bases: that take their place, upper case.
    """

    at: int
    lost: int
    bases: str

    def applied(self, five: str, three: str) -> tuple[str, str]:
        """Return both sides of the junction with the change."""
        if self.at >= 0:
            return five, three[: self.at] + self.bases + three[self.at + self.lost :]
        cut = len(five) + self.at
        return five[:cut] + self.bases + five[cut + self.lost :], three


@dataclass(frozen=True)
class FusionRequest:
    """A fusion to simulate.

    Attributes:
        name: the fusion as stated, without the number.
        placing: whether they are drawn along the whole fusion transcript, in a window around the junction,
            or such that each has a read across the junction.
        inserted: bases of neither gene between the two, upper case.
    """

    name: str
    five_prime: FusionPoint
    three_prime: FusionPoint
    fragments: int
    placing: Placing
    inserted: str = ""
    variant: Variant | None = None


def parse_fusion(text: str) -> FusionRequest:
    """Read a fusion as stated on the command line.

    >>> request = parse_fusion("GENE1:7+120::GENE2:c.886=x20")
    >>> request.name, request.fragments, request.placing
    ('GENE1:7+120::GENE2:c.886', 20, 'crossing')
    >>> request.five_prime
    FusionPoint(gene='GENE1', exon=7, intronic=120, coding_position=None)
    >>> request = parse_fusion("GENE1:7::acg::GENE2:6@-2:1>T")
    >>> request.inserted, request.variant
    ('ACG', Variant(at=-2, lost=1, bases='T'))

    Raises:
        ParameterError: the text states no fusion.
    """
    match = _FUSION.match(text)
    if match is None:
        raise ParameterError(f"fusion {text!r} cannot be read", remedy=_EXAMPLES)
    if match["five_gene"] == match["three_gene"] == OFF_PANEL:
        raise ParameterError(f"fusion {text!r} has no gene of the panel", remedy="name one gene at least")
    return FusionRequest(
        name=text.split("=")[0],
        five_prime=_point(text, match["five_gene"], match["five_point"], sign="+"),
        three_prime=_point(text, match["three_gene"], match["three_point"], sign="-"),
        fragments=DEFAULT_FUSION_FRAGMENTS if match["number"] is None else int(match["number"]),
        placing=_PLACINGS[match["placing"] or ""],
        inserted=(match["inserted"] or "").upper(),
        variant=_variant(text, match),
    )


def _variant(text: str, match: re.Match[str]) -> Variant | None:
    if match["at"] is None:
        return None
    variant = Variant(int(match["at"]), int(match["lost"]), match["bases"].upper())
    if variant.at < 0 < variant.at + variant.lost:
        raise ParameterError(
            f"the variant of fusion {text!r} has bases of both genes",
            remedy="give it fewer lost bases, or cut the genes elsewhere",
        )
    return variant


def _point(text: str, gene: str, point: str, sign: str) -> FusionPoint:
    match = _POINT.match(point)
    if match is None:
        raise ParameterError(f"position {point!r} of fusion {text!r} cannot be read", remedy=_EXAMPLES)
    intronic = match["intronic"]
    if intronic and intronic[0] != sign:
        raise ParameterError(
            f"position {point!r} of fusion {text!r} has the wrong sign",
            remedy="the 5' gene runs into the intron after its exon (7+120), the 3' gene begins in the "
            "intron before its exon (6-300)",
        )
    return FusionPoint(
        gene,
        None if match["exon"] is None else int(match["exon"]),
        abs(int(intronic)) if intronic else 0,
        None if match["coding"] is None else int(match["coding"]),
    )


def fusion_molecule(panel: Panel, request: FusionRequest, rng: np.random.Generator | None = None) -> Molecule:
    """Return the fusion transcript from the first base of the 5' gene to the last of the 3' gene.

    A partner off the panel has random bases.

    Raises:
        ParameterError: the panel lacks the gene, the exon, the position or the intron.
    """
    rng = rng or np.random.default_rng(0)
    five, three = (_part(panel, request, rng, five_prime=side) for side in (True, False))
    if request.variant is not None:
        five, three = request.variant.applied(five, three)
    return Molecule("fusion", request.name, five + request.inserted + three, len(five), len(request.inserted))


def breakpoints(panel: Panel, request: FusionRequest) -> Junction:
    """Return the genomic positions of the joined bases of a fusion of two genes of the panel, 0-based.

    Raises:
        ParameterError: the panel lacks the gene, the exon, the position or the intron.
    """
    return Junction(
        request.five_prime.gene,
        joined_position(panel, request, five_prime=True),
        request.three_prime.gene,
        joined_position(panel, request, five_prime=False),
        request.inserted,
    )


def joined_position(panel: Panel, request: FusionRequest, *, five_prime: bool) -> int:
    """Return the genomic position of the joined base of one gene of a fusion, 0-based; variants apart.

    Raises:
        ParameterError: the panel lacks the gene, the exon, the position or the intron.
    """
    point = request.five_prime if five_prime else request.three_prime
    transcript = primary_transcript(panel, point.gene)
    border = transcript.to_genome(_joined_base(transcript, request, five_prime=five_prime))
    outwards = 1 if five_prime == (transcript.strand == "+") else -1
    return border + outwards * point.intronic


def exon_of(panel: Panel, text: str) -> tuple[Transcript, Exon]:
    """Return the primary transcript and the exon that `GENE:EXON` names.

    Raises:
        ParameterError: the text names none, or the panel lacks it.
    """
    gene, _, number = text.rpartition(":")
    if not gene or not number.isdecimal():
        raise ParameterError(f"{text!r} is no exon", remedy="write it like GENE:6")
    transcript = primary_transcript(panel, gene)
    if not 1 <= int(number) <= len(transcript.exons):
        raise ParameterError(
            f"{transcript.key} has no exon {number}",
            remedy=f"give an exon from 1 to {len(transcript.exons)}",
        )
    return transcript, transcript.exons[int(number) - 1]


def primary_transcript(panel: Panel, gene: str) -> Transcript:
    """Return the primary transcript of a gene.

    Raises:
        ParameterError: the panel has no such gene.
    """
    if gene not in panel.primary:
        raise ParameterError(
            f"gene {gene} is not in panel {panel.spec.name}", remedy=_choices("it has", panel.primary)
        )
    return panel.primary[gene]


def introns(panel: Panel, transcript: Transcript) -> list[str]:
    """Return the introns of a transcript of a gene whose unspliced sequence the panel holds."""
    gene = panel.unspliced[transcript.gene]
    return [
        gene.sequence[
            gene.from_genome(transcript.to_genome(before.tx_end - 1)) + 1 : gene.from_genome(
                transcript.to_genome(after.tx_start)
            )
        ]
        for before, after in pairwise(transcript.exons)
    ]


def _choices(words: str, names: Iterable[str]) -> str:
    listed = sorted(names)
    return f"{words} {', '.join(listed[:8])}{' and others' if len(listed) > 8 else ''}"


def _part(panel: Panel, request: FusionRequest, rng: np.random.Generator, *, five_prime: bool) -> str:
    """Return the part of one gene that a fusion keeps, with bases of the intron at its cut."""
    point = request.five_prime if five_prime else request.three_prime
    if point.gene == OFF_PANEL:
        if point.exon is None or point.intronic:
            _refuse(request, f"{OFF_PANEL} has no positions", f"give its number of bases: {OFF_PANEL}:300")
        return decode(rng.integers(0, 4, size=point.exon, dtype=np.uint8))
    transcript = primary_transcript(panel, point.gene)
    joined = _joined_base(transcript, request, five_prime=five_prime)
    intron = _intron(panel, transcript, request, five_prime=five_prime) if point.intronic else ""
    if five_prime:
        return transcript.sequence[: joined + 1] + intron[: point.intronic]
    return intron[len(intron) - point.intronic :] + transcript.sequence[joined:]


def _joined_base(transcript: Transcript, request: FusionRequest, *, five_prime: bool) -> int:
    """Return the 0-based transcript position of the last or first base that a fusion keeps, introns apart."""
    point = request.five_prime if five_prime else request.three_prime
    if point.exon is not None:
        if not 1 <= point.exon <= len(transcript.exons):
            _refuse(
                request,
                f"{transcript.key} has no exon {point.exon}",
                f"give an exon from 1 to {len(transcript.exons)}",
            )
        exon = transcript.exons[point.exon - 1]
        return exon.tx_end - 1 if five_prime else exon.tx_start
    assert point.coding_position is not None
    if transcript.cds is None:
        _refuse(
            request, f"{transcript.key} has no reading frame", "give an exon number instead of a c. position"
        )
    length = transcript.cds[1] - transcript.cds[0]
    if not 1 <= point.coding_position <= length:
        _refuse(
            request,
            f"c.{point.coding_position} is outside the reading frame of {transcript.key}",
            f"give a position from c.1 to c.{length}",
        )
    return transcript.coding_to_tx(point.coding_position)


def _intron(panel: Panel, transcript: Transcript, request: FusionRequest, *, five_prime: bool) -> str:
    """Return the intron after the last exon of the 5' gene, or before the first one of the 3' gene."""
    point = request.five_prime if five_prime else request.three_prime
    assert point.exon is not None
    number = point.exon if five_prime else point.exon - 1
    if not 0 < number < len(transcript.exons):
        _refuse(
            request,
            f"there is no intron {'after' if five_prime else 'before'} exon {point.exon} of {transcript.key}",
            "leave out the bases of the intron",
        )
    if transcript.gene not in panel.unspliced:
        _refuse(
            request,
            f"the panel holds no introns of {transcript.gene}",
            _choices("it holds those of", panel.unspliced),
        )
    intron = introns(panel, transcript)[number - 1]
    if point.intronic > len(intron):
        _refuse(
            request,
            f"intron {number} of {transcript.key} has {len(intron)} nt, not {point.intronic}",
            "give fewer bases of the intron",
        )
    return intron


def _refuse(request: FusionRequest, problem: str, remedy: str) -> NoReturn:
    raise ParameterError(f"fusion {request.name}: {problem}", remedy=remedy)
