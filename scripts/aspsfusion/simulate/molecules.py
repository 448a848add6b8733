"""Makes the molecules that a simulation breaks into fragments: transcripts and fusions of them.

A fusion is stated the way a person reads it, `GENE1:7::GENE2:6`; what it means on the sequences of a panel
is worked out here. Positions in the text are 1-based; the molecules are 0-based and half-open.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NoReturn

from aspsfusion.errors import ParameterError
from aspsfusion.panel.panel import Exon, Junction, Panel, Transcript

Source = Literal[
    "wild_type", "fusion", "unspliced", "background", "copy", "repeat", "chimera", "other_sample"
]
Placing = Literal["along", "near", "crossing"]
"""Where fragments are: anywhere on the molecule, in a window around a place, or across the junction."""

DEFAULT_FUSION_FRAGMENTS = 100
"""Fragments of a fusion that is stated without a number."""

_FUSION = re.compile(
    r"^(?P<five_gene>[^:=\s]+):(?P<five_point>[^:=\s]+)::(?P<three_gene>[^:=\s]+):(?P<three_point>[^:=\s]+)"
    r"(?:=(?P<placing>[xn]?)(?P<number>\d+))?$"
)
_POINT = re.compile(r"^(?:c\.(?P<coding>\d+)|(?P<exon>\d+)(?P<intronic>[+-]\d+)?)$")
_PLACINGS: dict[str, Placing] = {"": "along", "n": "near", "x": "crossing"}
_EXAMPLES = "write it like GENE1:7::GENE2:6, GENE1:c.9::GENE2:c.8 or GENE1:7+20::GENE2:6-30; add =N, =nN, =xN"


@dataclass(frozen=True)
class Molecule:
    """A sequence that fragments are drawn from.

    Attributes:
        source: what kind it is.
        name: name in the truth table.
        sequence: upper-case bases, 5' to 3' of the RNA.
        junction: bases of the 5' gene in a fusion, which is the 0-based position of the first base of the
            3' gene; None without a junction.
    """

    source: Source
    name: str
    sequence: str
    junction: int | None = None


@dataclass(frozen=True)
class FusionPoint:
    """One side of a stated fusion.

    Attributes:
        gene: HGNC symbol.
        exon: exon of the primary transcript whose end (5' gene) or start (3' gene) is meant.
        intronic: bases of the neighbouring intron that are kept; 0 at the exon's border.
        coding_position: c. position (1-based) of the joined base, instead of an exon.
    """

    gene: str
    exon: int | None
    intronic: int
    coding_position: int | None


@dataclass(frozen=True)
class FusionRequest:
    """A fusion to simulate.

    Attributes:
        name: the fusion as stated, without the number.
        five_prime: where the 5' gene ends.
        three_prime: where the 3' gene begins.
        fragments: how many fragments.
        placing: whether they are drawn along the whole fusion transcript, in a window around the junction,
            or such that each has a read across the junction.
    """

    name: str
    five_prime: FusionPoint
    three_prime: FusionPoint
    fragments: int
    placing: Placing


def parse_fusion(text: str) -> FusionRequest:
    """Read a fusion as stated on the command line.

    >>> request = parse_fusion("GENE1:7+120::GENE2:c.886=x20")
    >>> request.name, request.fragments, request.placing
    ('GENE1:7+120::GENE2:c.886', 20, 'crossing')
    >>> request.five_prime
    FusionPoint(gene='GENE1', exon=7, intronic=120, coding_position=None)

    Raises:
        ParameterError: the text states no fusion.
    """
    match = _FUSION.match(text)
    if match is None:
        raise ParameterError(f"fusion {text!r} cannot be read", remedy=_EXAMPLES)
    return FusionRequest(
        name=text.split("=")[0],
        five_prime=_point(text, match["five_gene"], match["five_point"], sign="+"),
        three_prime=_point(text, match["three_gene"], match["three_point"], sign="-"),
        fragments=DEFAULT_FUSION_FRAGMENTS if match["number"] is None else int(match["number"]),
        placing=_PLACINGS[match["placing"] or ""],
    )


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


def fusion_molecule(panel: Panel, request: FusionRequest) -> Molecule:
    """Return the fusion transcript from the first base of the 5' gene to the last of the 3' gene.

    Raises:
        ParameterError: the panel lacks the gene, the exon, the position or the intron.
    """
    five = _five_prime_part(panel, request)
    return Molecule("fusion", request.name, five + _three_prime_part(panel, request), junction=len(five))


def breakpoints(panel: Panel, request: FusionRequest) -> Junction:
    """Return the genomic positions of the joined bases of a fusion, 0-based.

    Raises:
        ParameterError: the panel lacks the gene, the exon, the position or the intron.
    """
    positions = []
    for point, last in ((request.five_prime, True), (request.three_prime, False)):
        transcript = primary_transcript(panel, point.gene)
        if point.exon is None:
            positions.append(transcript.to_genome(_joined_base(transcript, point, request)))
            continue
        exon = transcript.exons[_exon_index(transcript, point.exon, request)]
        border = transcript.to_genome(exon.tx_end - 1 if last else exon.tx_start)
        outwards = 1 if last == (transcript.strand == "+") else -1
        positions.append(border + outwards * point.intronic)
    return Junction(request.five_prime.gene, positions[0], request.three_prime.gene, positions[1])


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


def _five_prime_part(panel: Panel, request: FusionRequest) -> str:
    point = request.five_prime
    transcript = primary_transcript(panel, point.gene)
    if point.exon is None:
        return transcript.sequence[: _joined_base(transcript, point, request) + 1]
    index = _exon_index(transcript, point.exon, request)
    kept = transcript.sequence[: transcript.exons[index].tx_end]
    return kept + _intron(panel, transcript, index, index + 1, point, request)[: point.intronic]


def _three_prime_part(panel: Panel, request: FusionRequest) -> str:
    point = request.three_prime
    transcript = primary_transcript(panel, point.gene)
    if point.exon is None:
        return transcript.sequence[_joined_base(transcript, point, request) :]
    index = _exon_index(transcript, point.exon, request)
    intron = _intron(panel, transcript, index - 1, index, point, request)
    return intron[len(intron) - point.intronic :] + transcript.sequence[transcript.exons[index].tx_start :]


def _joined_base(transcript: Transcript, point: FusionPoint, request: FusionRequest) -> int:
    """Return the 0-based transcript position of the c. position of a point."""
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


def _exon_index(transcript: Transcript, number: int, request: FusionRequest) -> int:
    """Return the 0-based index of an exon number."""
    if not 1 <= number <= len(transcript.exons):
        _refuse(
            request,
            f"{transcript.key} has no exon {number}",
            f"give an exon from 1 to {len(transcript.exons)}",
        )
    return number - 1


def _intron(
    panel: Panel, transcript: Transcript, before: int, after: int, point: FusionPoint, request: FusionRequest
) -> str:
    """Return the intron between two exons (0-based indices); nothing when the point keeps none of it."""
    if point.intronic == 0:
        return ""
    if before < 0 or after >= len(transcript.exons):
        place = "before" if before < 0 else "after"
        _refuse(
            request,
            f"there is no intron {place} exon {point.exon} of {transcript.key}",
            "leave out the bases of the intron",
        )
    if transcript.gene not in panel.unspliced:
        _refuse(
            request,
            f"the panel holds no introns of {transcript.gene}",
            _choices("it holds those of", panel.unspliced),
        )
    intron = introns(panel, transcript)[before]
    if point.intronic > len(intron):
        _refuse(
            request,
            f"intron {before + 1} of {transcript.key} has {len(intron)} nt, not {point.intronic}",
            "give fewer bases of the intron",
        )
    return intron


def _refuse(request: FusionRequest, problem: str, remedy: str) -> NoReturn:
    raise ParameterError(f"fusion {request.name}: {problem}", remedy=remedy)
