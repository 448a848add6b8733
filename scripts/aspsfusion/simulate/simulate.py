"""Simulates sequencing of a panel's transcripts, with the truth of every fragment beside the reads.

Its FASTQ files are the input of a whole run: to validate an installation, to measure the limit of detection,
and for the demonstration. The order of the work: which molecules are asked for and how many fragments of each
(`requests`), fragments drawn from them, chimeras of the fragments, copies, random order, reads. `simulate`
makes the records, `write_simulation` the files.
"""

import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from aspsfusion.errors import ParameterError
from aspsfusion.io.files import open_to_write, replacing
from aspsfusion.panel.panel import Panel
from aspsfusion.simulate.artefacts import chimeras, mutated_copy, repeat_copies
from aspsfusion.simulate.fragments import (
    Fragments,
    add_duplicates,
    anchors,
    draw_along,
    draw_crossing,
    draw_near,
    fragments_of,
    shuffled,
    whole_reads,
)
from aspsfusion.simulate.molecules import (
    Molecule,
    Placing,
    exon_of,
    fusion_molecule,
    parse_fusion,
    primary_transcript,
)
from aspsfusion.simulate.primers import Primer, draw_primed, fasta, primers_of
from aspsfusion.simulate.reads import Integers, ReadMaker, dark_read, decode, encode
from aspsfusion.simulate.records import (
    SHORTEST_TRIMMED,
    SimulatedFragment,
    SimulatedRead,
    SimulationParameters,
    TruthRecord,
)

BACKGROUND_LENGTH = 10_000_000
"""Bases of the random sequence that background fragments come from. A word of 24 nt of a panel of one
million bases is in it with a probability of about one in thirty thousand."""

BATCH = 20_000
"""Fragments made at a time: bounds memory, and is part of what one seed gives."""

GZIP_LEVEL = 4
"""A sixth of the time of level 6 for files that are 5 percent larger."""

_INDEX = "ACGT"
_PER_COLUMN = 30_000


def simulate(panel: Panel, parameters: SimulationParameters) -> Iterator[SimulatedFragment]:
    """Simulate sequencing.

    Returns:
        The fragments in random order; the same for the same panel, parameters and seed.

    Raises:
        ParameterError: the panel lacks something that is asked for, or nothing is asked for. Raised by the
            call itself, before the first record.
    """
    # One source of chance for each part, so that what one part draws does not change the others.
    draw, error, artefact, label, loss = map(
        np.random.default_rng, np.random.SeedSequence(parameters.seed).spawn(5)
    )
    molecules: list[Molecule] = []
    parts: list[Fragments] = []
    primers = primers_of(panel, parameters.primers)
    for request in requests(panel, parameters, draw, artefact):
        parts.append(_drawn(request, parameters, primers, draw).of_molecule(len(molecules)))
        molecules.append(request.molecule)
    if not sum(len(part) for part in parts):
        raise ParameterError(
            "nothing to simulate",
            remedy="give --fusion, --fragments, --coverage, --near or --background with a number"
            + (", and primers that work on it" if primers else ""),
        )
    drawn = Fragments.joined(parts)
    for chimera in chimeras(molecules, drawn, parameters.chimera_rate, parameters.chimera_homology, artefact):
        whole = np.array([0]), np.array([len(chimera.sequence)])
        parts.append(fragments_of(*whole, parameters, artefact).of_molecule(len(molecules)))
        molecules.append(chimera)
    fragments = shuffled(add_duplicates(Fragments.joined(parts), parameters, draw), draw)
    return _sequenced(molecules, fragments, parameters, error, loss, label)


def write_simulation(
    panel: Panel, parameters: SimulationParameters, prefix: Path, *, force: bool = False
) -> list[Path]:
    """Write FASTQ and truth; the same panel, parameters and seed give the same bytes.

    To the prefix `_R1.fastq.gz`, `_R2.fastq.gz` (or `.fastq.gz`) and `.truth.tsv` are added; several lanes
    have `_L001`, `_L002` and so on before that; `.primers.fa` where there are primers.

    Returns:
        The files, truth last.

    Raises:
        ParameterError: see `simulate`; or a file exists or cannot be written.
    """
    records = simulate(panel, parameters)
    ends = [".fastq.gz"] if parameters.single_end else ["_R1.fastq.gz", "_R2.fastq.gz"]
    lanes = [f"_L{lane:03d}" for lane in range(1, parameters.lanes + 1)] if parameters.lanes > 1 else [""]
    paths = [Path(f"{prefix}{lane}{end}") for lane in lanes for end in ends]
    paths += [Path(f"{prefix}.primers.fa")] if parameters.primers else []
    reads = len(ends) * len(lanes)
    paths.append(Path(f"{prefix}.truth.tsv"))
    with ExitStack() as stack:
        # All names are claimed before the first is written, so that either all files appear or none.
        temporaries = [stack.enter_context(replacing(path, force=force)) for path in paths]
        outputs = [stack.enter_context(_gzip_writer(path)) for path in temporaries[:reads]]
        truth = stack.enter_context(temporaries[-1].open("w", encoding="ascii", newline="\n"))
        truth.write(TruthRecord.header() + "\n")
        if parameters.primers:
            temporaries[reads].write_text(fasta(primers_of(panel, parameters.primers)), encoding="ascii")
        for record in records:
            of_lane = outputs[record.lane * len(ends) :]
            mates = zip(of_lane[: len(ends)], (record.read_1, record.read_2), strict=False)
            for mate, (output, read) in enumerate(mates, start=1):
                assert read is not None
                output.write(f"@{record.name} {mate}:N:0:{_INDEX}\n{read.sequence}\n+\n{read.qualities}\n")
            truth.write(record.truth.row() + "\n")
    return paths


@dataclass(frozen=True)
class Request:
    """Fragments to be drawn from a molecule.

    Attributes:
        center: the place that they are near, 0-based; used when `placing` is `near`.
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

    `artefact_rng` is the source of chance of everything that looks like the panel and is not of it.

    Raises:
        ParameterError: the panel lacks something that is asked for.
    """
    yield from _wild_type(panel, parameters, artefact_rng)
    for text in parameters.fusions:
        yield _fusion(panel, text, artefact_rng)
    if parameters.background:
        bases = decode(rng.integers(0, 4, size=BACKGROUND_LENGTH, dtype=np.uint8))
        yield Request(Molecule("background", "background", bases), parameters.background)
    for text in parameters.other_fusions:
        request = _fusion(panel, text, artefact_rng)
        number = int(artefact_rng.binomial(request.number, parameters.hopping_rate))
        yield replace(request, molecule=replace(request.molecule, source="other_sample"), number=number)
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
    if spread := parameters.expression_spread:
        # Log-normal levels whose mean stays the number that was asked for.
        levels = np.exp(artefact_rng.normal(-spread * spread / 2, spread, len(counts)))
        counts = {
            key: round(parameters.fragments * level)
            for key, level in zip(counts, levels.tolist(), strict=True)
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
        whole = panel.unspliced[gene]
        yield Request(Molecule("unspliced", whole.key, whole.sequence), number)
    for place, number in parameters.near.items():
        transcript, exon = exon_of(panel, place)
        molecule = Molecule("wild_type", transcript.key, transcript.sequence)
        yield Request(molecule, number, "near", exon.tx_start)


def _fusion(panel: Panel, text: str, rng: np.random.Generator) -> Request:
    request = parse_fusion(text)
    molecule = fusion_molecule(panel, request, rng)
    assert molecule.junction is not None
    return Request(molecule, request.fragments, request.placing, molecule.junction)


def _drawn(
    request: Request, library: SimulationParameters, primers: Sequence[Primer], rng: np.random.Generator
) -> Fragments:
    number, molecule, crossing = request.number, request.molecule, request.placing == "crossing"
    if primers:
        return draw_primed(number, molecule, primers, library, rng, crossing=crossing)
    if crossing:
        return draw_crossing(number, molecule, library, rng)
    if request.placing == "near":
        return draw_near(number, len(molecule.sequence), request.center, library, rng)
    return draw_along(number, len(molecule.sequence), library, rng)


def _sequenced(
    molecules: list[Molecule],
    fragments: Fragments,
    parameters: SimulationParameters,
    error: np.random.Generator,
    loss: np.random.Generator,
    label: np.random.Generator,
) -> Iterator[SimulatedFragment]:
    """Yield the fragments with reads and truth, batch by batch, in the order of the files.

    `error`, `loss` and `label` are the sources of chance of errors, of what is lost of the reads, and of what
    all copies of a molecule carry: the key of its damage and its unique molecular identifier.
    """
    damage_keys = label.integers(0, 2**64, size=len(fragments), dtype=np.uint64)
    umi_bases = decode(label.integers(0, 4, size=len(fragments) * parameters.umi_length, dtype=np.uint8))
    sizes = [len(molecule.sequence) for molecule in molecules]
    offsets = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    five_ends = np.array([-1 if m.junction is None else m.junction for m in molecules], dtype=np.int64)
    three_starts = five_ends + np.array([m.inserted for m in molecules], dtype=np.int64)
    per_lane = -(-len(fragments) // parameters.lanes)

    def name_of(row: int, molecule: int) -> str:
        """Return the read name of a row as an instrument and BCL Convert would write it."""
        column, place = divmod(row % per_lane, _PER_COLUMN)
        umi = umi_bases[molecule * parameters.umi_length : (molecule + 1) * parameters.umi_length]
        return f"SIM:1:FC:1:1101:{1000 + column}:{1000 + place}" + (f":{umi}" if umi else "")

    maker = ReadMaker(
        np.concatenate([encode(molecule.sequence) for molecule in molecules]),
        parameters.read_length,
        parameters.error_rate,
        parameters.deamination_rate,
    )
    for low in range(0, len(fragments), BATCH):
        rows = np.arange(low, min(low + BATCH, len(fragments)), dtype=np.int64)
        batch = fragments.take(rows)
        begin = offsets[batch.molecule] + batch.start
        first = np.where(batch.original < 0, rows, batch.original)
        keys = damage_keys[first]
        reads_1 = maker.make(begin, batch.length, batch.sense, 1, error, keys)
        reads_2 = None
        if not parameters.single_end:
            reads_2 = maker.make(begin, batch.length, ~batch.sense, 2, error, keys)
        shown = _shown(len(batch), parameters, loss)
        sides = five_ends[batch.molecule], three_starts[batch.molecule]
        before, after = anchors(batch, sides, shown, parameters)
        columns = (
            *(batch.molecule, batch.start, batch.length, batch.sense, batch.original),
            *(before, after, *shown),
        )
        for row, (number, start, length, sense, original, five, three, shown_1, shown_2) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        ):
            molecule = molecules[number]
            name = name_of(low + row, int(first[row]))
            read_2 = None
            if reads_2 is not None:
                dark = dark_read(parameters.dark_base, parameters.read_length)
                read_2 = SimulatedRead(*(reads_2.read(row, shown_2) if shown_2 else dark))
            yield SimulatedFragment(
                name,
                SimulatedRead(*reads_1.read(row, shown_1)),
                read_2,
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
                    duplicate_of="" if original < 0 else name_of(original, original),
                ),
                (low + row) // per_lane,
            )


def _shown(
    number: int, parameters: SimulationParameters, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Return how many bases reads 1 and 2 of so many fragments show; 0 where there is no such read."""
    whole_1, whole_2 = whole_reads(number, parameters)
    if parameters.dark_rate:
        whole_2 = np.where(rng.random(number) < parameters.dark_rate, 0, whole_2)
    if not parameters.trim_rate:
        return whole_1, whole_2
    least = max(1, round(SHORTEST_TRIMMED * parameters.read_length))
    trimmed_1, trimmed_2 = (
        np.where(rng.random(number) < parameters.trim_rate, rng.integers(least, whole + 1), whole)
        for whole in (whole_1, np.maximum(whole_2, least))
    )
    return trimmed_1, np.where(whole_2 > 0, trimmed_2, 0)


@contextmanager
def _gzip_writer(path: Path) -> Iterator[TextIO]:
    """Open a gzip file for text; neither name nor time is in it, so that equal reads give equal bytes."""
    with (
        open_to_write(path) as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="ascii", newline="\n") as text,
    ):
        yield text
