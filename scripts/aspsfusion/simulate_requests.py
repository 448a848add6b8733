"""Works out which molecules a simulation asks for, and how many fragments of each.

The molecules of the panel and of fusions come from `simulate_molecules`, those that only look like the
panel's from `simulate_artefacts`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aspsfusion.errors import ParameterError
from aspsfusion.panel.panel import Panel
from aspsfusion.simulate_artefacts import mutated_copy, repeat_copies
from aspsfusion.simulate_molecules import (
    Molecule,
    Placing,
    exon_of,
    fusion_molecule,
    parse_fusion,
    primary_transcript,
)
from aspsfusion.simulate_reads import decode
from aspsfusion.simulate_records import SimulationParameters

BACKGROUND_LENGTH = 10_000_000
"""Bases of the random sequence that background fragments come from. A word of 24 nt of a panel of one
million bases is in it with a probability of about one in thirty thousand."""


@dataclass(frozen=True)
class Request:
    """Fragments to be drawn from a molecule.

    Attributes:
        molecule: the molecule.
        number: how many.
        placing: where they lie.
        center: the place that they lie near, 0-based; used when `placing` is `near`.
    """

    molecule: Molecule
    number: int
    placing: Placing = "along"
    center: int = 0


def requests(
    panel: Panel,
    parameters: SimulationParameters,
    rng: np.random.Generator,
    artefact_rng: np.random.Generator,
) -> Iterator[Request]:
    """Yield what is asked for, chimeras apart, which are made of fragments already drawn.

    Args:
        panel: the built panel.
        parameters: what to simulate.
        rng: source of chance of the background.
        artefact_rng: source of chance of everything that looks like the panel and is not of it.

    Raises:
        ParameterError: the panel lacks something that is asked for.
    """
    yield from _wild_type(panel, parameters, artefact_rng)
    for text in parameters.fusions:
        yield _fusion(panel, text)
    if parameters.background:
        bases = decode(rng.integers(0, 4, size=BACKGROUND_LENGTH, dtype=np.uint8))
        yield Request(Molecule("background", "background", bases), parameters.background)
    for text in parameters.other_fusions:
        request = _fusion(panel, text)
        molecule = Molecule(
            "other_sample", request.molecule.name, request.molecule.sequence, request.molecule.junction
        )
        number = int(artefact_rng.binomial(request.number, parameters.hopping_rate))
        yield Request(molecule, number, request.placing, request.center)
    for gene, number in parameters.copies.items():
        transcript = primary_transcript(panel, gene)
        yield Request(mutated_copy(transcript, parameters.copy_identity, artefact_rng), number)
    for gene, number in parameters.repeats.items():
        for molecule in repeat_copies(panel, gene, number, parameters.copy_identity, artefact_rng):
            yield Request(molecule, 1)


def _wild_type(
    panel: Panel, parameters: SimulationParameters, artefact_rng: np.random.Generator
) -> Iterator[Request]:
    counts = dict.fromkeys((t.key for t in panel.primary.values()), parameters.fragments)
    if parameters.expression_spread:
        # Log-normal levels whose mean stays the number that was asked for.
        spread = parameters.expression_spread
        levels = np.exp(artefact_rng.normal(-spread * spread / 2, spread, len(counts)))
        counts = {
            key: round(number * float(level))
            for (key, number), level in zip(counts.items(), levels, strict=True)
        }
    for gene, number in parameters.coverage.items():
        counts[primary_transcript(panel, gene).key] = number
    for key, number in parameters.transcripts.items():
        if key not in panel.transcripts:
            gene = key.split("|")[0]
            names = ", ".join(transcript.key for transcript in panel.by_gene.get(gene, []))
            raise ParameterError(
                f"transcript {key} is not in panel {panel.spec.name}",
                remedy=f"give one of {names}" if names else "give GENE|TRANSCRIPT as named in transcripts.fa",
            )
        counts[key] = number
    for key, number in counts.items():
        yield Request(Molecule("wild_type", key, panel.transcripts[key].sequence), number)
    for gene, number in parameters.unspliced.items():
        if gene not in panel.unspliced:
            raise ParameterError(
                f"the panel holds no unspliced sequence of {gene}",
                remedy=f"it holds that of {', '.join(sorted(panel.unspliced))}",
            )
        yield Request(
            Molecule("unspliced", panel.unspliced[gene].key, panel.unspliced[gene].sequence), number
        )
    for place, number in parameters.near.items():
        transcript, exon = exon_of(panel, place)
        yield Request(
            Molecule("wild_type", transcript.key, transcript.sequence), number, "near", exon.tx_start
        )


def _fusion(panel: Panel, text: str) -> Request:
    request = parse_fusion(text)
    molecule = fusion_molecule(panel, request)
    assert molecule.junction is not None
    return Request(molecule, request.fragments, request.placing, molecule.junction)
