"""Simulated sequencing of a panel's transcripts, with the truth of every fragment beside the reads.

It stands outside the flow of a sample: its FASTQ files go into the front of it, to validate an
installation, to measure the limit of detection and to run the demonstration where no data may be shared.
`simulate` makes the records (see `simulate_records`), `write_simulation` the files.

Positions in the truth are 1-based and inclusive, on the molecule that the fragment was drawn from.
"""

import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np

from aspsfusion.errors import ParameterError
from aspsfusion.panel import Panel
from aspsfusion.safe_output import replacing
from aspsfusion.simulate_fragments import (
    Fragments,
    Library,
    add_duplicates,
    anchors,
    draw_along,
    draw_crossing,
    shuffled,
)
from aspsfusion.simulate_molecules import (
    Molecule,
    fusion_molecule,
    parse_fusion,
    primary_transcript,
)
from aspsfusion.simulate_reads import ReadMaker, decode, encode
from aspsfusion.simulate_records import SimulatedFragment, SimulatedRead, SimulationParameters, TruthRecord

__all__ = [
    "SimulatedFragment",
    "SimulatedRead",
    "SimulationParameters",
    "TruthRecord",
    "simulate",
    "write_simulation",
]

BATCH = 20_000
"""Fragments made at a time: bounds memory, and is part of what one seed stands for."""

BACKGROUND_LENGTH = 10_000_000
"""Bases of the random sequence that background fragments come from. A word of 24 nt of a panel of one
million bases is in it with a probability of about one in thirty thousand."""

GZIP_LEVEL = 4
"""A sixth of the time of level 6 for files that are 5 percent larger."""

_INDEX = "ACGT"
_PER_COLUMN = 30_000


def simulate(panel: Panel, parameters: SimulationParameters) -> Iterator[SimulatedFragment]:
    """Simulate sequencing.

    Args:
        panel: the built panel.
        parameters: what to simulate.

    Returns:
        The fragments in random order; the same for the same panel, parameters and seed.

    Raises:
        ParameterError: the panel lacks something that is asked for, or nothing is asked for. Raised by the
            call itself, before the first record.
    """
    draw_seed, error_seed = np.random.SeedSequence(parameters.seed).spawn(2)
    rng = np.random.default_rng(draw_seed)
    library = _library(parameters)
    molecules: list[Molecule] = []
    parts: list[Fragments] = []
    for molecule, number, crossing in _requests(panel, parameters, rng):
        molecules.append(molecule)
        index = len(molecules) - 1
        parts.append(
            draw_crossing(number, index, molecule, library, rng)
            if crossing
            else draw_along(number, index, len(molecule.sequence), library, rng)
        )
    if not sum(len(part) for part in parts):
        raise ParameterError(
            "nothing to simulate",
            remedy="give --fusion, --fragments, --coverage or --background with a number",
        )
    fragments = shuffled(add_duplicates(Fragments.joined(parts), parameters.duplicate_rate, rng), rng)
    return _sequenced(molecules, fragments, parameters, np.random.default_rng(error_seed))


def write_simulation(
    panel: Panel, parameters: SimulationParameters, prefix: Path, *, force: bool = False
) -> list[Path]:
    """Write FASTQ and truth; the same panel, parameters and seed give the same bytes.

    Args:
        panel: the built panel.
        parameters: what to simulate.
        prefix: path to which `_R1.fastq.gz`, `_R2.fastq.gz` (or `.fastq.gz`) and `.truth.tsv` are added.
        force: replace existing files.

    Returns:
        The files, truth last.

    Raises:
        ParameterError: see `simulate`; or a file exists or can not be written.
    """
    records = simulate(panel, parameters)
    ends = [".fastq.gz"] if parameters.single_end else ["_R1.fastq.gz", "_R2.fastq.gz"]
    paths = [Path(f"{prefix}{end}") for end in (*ends, ".truth.tsv")]
    with ExitStack() as stack:
        # All names are claimed before the first is written, so that either all files appear or none.
        temporaries = [stack.enter_context(replacing(path, force=force)) for path in paths]
        outputs = [stack.enter_context(_gzip_writer(path)) for path in temporaries[:-1]]
        truth = stack.enter_context(temporaries[-1].open("w", encoding="ascii", newline="\n"))
        truth.write(TruthRecord.header() + "\n")
        for record in records:
            for mate, (output, read) in enumerate(
                zip(outputs, (record.read_1, record.read_2), strict=False), 1
            ):
                assert read is not None
                output.write(f"@{record.name} {mate}:N:0:{_INDEX}\n{read.sequence}\n+\n{read.qualities}\n")
            truth.write(record.truth.row() + "\n")
    return paths


def _library(parameters: SimulationParameters) -> Library:
    return Library(
        insert_mean=parameters.insert_mean,
        insert_sd=parameters.insert_sd,
        insert_min=parameters.insert_min,
        read_length=parameters.read_length,
        paired=not parameters.single_end,
        stranded=parameters.stranded,
        anchor_five_prime=parameters.anchor_five_prime,
        anchor_three_prime=parameters.anchor_three_prime,
    )


def _requests(
    panel: Panel, parameters: SimulationParameters, rng: np.random.Generator
) -> Iterator[tuple[Molecule, int, bool]]:
    """Yield each molecule, its number of fragments and whether all of them must cross its junction."""
    counts = {transcript.key: parameters.fragments for transcript in panel.primary.values()}
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
        yield Molecule("wild_type", key, panel.transcripts[key].sequence), number, False
    for gene, number in parameters.unspliced.items():
        if gene not in panel.unspliced:
            raise ParameterError(
                f"the panel holds no unspliced sequence of {gene}",
                remedy=f"it holds that of {', '.join(sorted(panel.unspliced))}",
            )
        yield Molecule("unspliced", panel.unspliced[gene].key, panel.unspliced[gene].sequence), number, False
    for text in parameters.fusions:
        request = parse_fusion(text)
        yield fusion_molecule(panel, request), request.fragments, request.crossing
    if parameters.background:
        bases = decode(rng.integers(0, 4, size=BACKGROUND_LENGTH, dtype=np.uint8))
        yield Molecule("background", "background", bases), parameters.background, False


def _sequenced(
    molecules: list[Molecule],
    fragments: Fragments,
    parameters: SimulationParameters,
    rng: np.random.Generator,
) -> Iterator[SimulatedFragment]:
    """Yield the fragments with reads and truth, batch by batch."""
    library = _library(parameters)
    sizes = [len(molecule.sequence) for molecule in molecules]
    offsets = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    junctions = np.array([-1 if m.junction is None else m.junction for m in molecules], dtype=np.int64)
    maker = ReadMaker(
        np.concatenate([encode(molecule.sequence) for molecule in molecules]),
        parameters.read_length,
        parameters.error_rate,
    )
    for low in range(0, len(fragments), BATCH):
        batch = fragments.take(np.arange(low, min(low + BATCH, len(fragments)), dtype=np.int64))
        begin = offsets[batch.molecule] + batch.start
        reads_1 = maker.make(begin, batch.length, batch.sense, 1, rng)
        reads_2 = maker.make(begin, batch.length, ~batch.sense, 2, rng) if library.paired else None
        before, behind = anchors(batch, junctions[batch.molecule], library)
        columns = (batch.molecule, batch.start, batch.length, batch.sense, batch.original, before, behind)
        for row, (number, start, length, sense, original, five, three) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        ):
            molecule = molecules[number]
            name = _name(low + row)
            yield SimulatedFragment(
                name,
                SimulatedRead(*reads_1.read(row)),
                None if reads_2 is None else SimulatedRead(*reads_2.read(row)),
                TruthRecord(
                    fragment=name,
                    source=molecule.source,
                    contig=molecule.name,
                    start=start + 1,
                    end=start + length,
                    strand="+" if sense else "-",
                    junction=molecule.junction,
                    crosses_junction=int(five > 0),
                    anchor_five_prime=five,
                    anchor_three_prime=three,
                    duplicate_of="" if original < 0 else _name(original),
                ),
            )


def _name(number: int) -> str:
    """Return a read name as an instrument would give it, by the place in the shuffled order alone."""
    column, row = divmod(number, _PER_COLUMN)
    return f"SIM:1:FC:1:1101:{1000 + column}:{1000 + row}"


@contextmanager
def _gzip_writer(path: Path) -> Iterator[TextIO]:
    """Open a gzip file for text; neither name nor time is in it, so that equal reads give equal bytes."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="ascii", newline="\n") as text,
    ):
        yield text
