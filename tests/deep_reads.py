"""Candidate fragments of deep samples, made from a panel's transcripts as the screen writes them."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aspsfusion.io.fasta import reverse_complement

ADAPTER = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG"
TRANSPOSASE = "CTGTCTCTTATACACATCTGACGCTGCCGACGAGTGTAGATCTCGGTGGTCGCCGTATCATT"


@dataclass(frozen=True)
class DeepSample:
    """What a sample consists of.

    Attributes:
        fragments: how many.
        paired: whether they are pairs.
        inserts: lengths in nt.
        read_length: in nt.
        error_rate: share of wrong bases; one in ten of them is an N.
        copies: fragments of each molecule.
        places: of the beginnings of molecules on each transcript, 0 for any.
        names: form of the reads' names, with `{number}` and `{umi}`.
        before: bases of a UMI before read 1.
        fused: share of molecules that go from one transcript into another.
        indels: share of reads with a base inserted or left out.
        adapter: after the insert.
        unknown: last bases of each read that were not called.
        unknown_first: first ones.
    """

    fragments: int = 400
    paired: bool = True
    inserts: tuple[int, int] = (80, 320)
    read_length: int = 75
    error_rate: float = 0.004
    copies: int = 1
    places: int = 0
    names: str = "A00123:45:HXX:1:1101:{number}:1045"
    before: int = 0
    fused: float = 0.02
    indels: float = 0.01
    adapter: str = ADAPTER
    unknown: int = 0
    unknown_first: int = 0


def candidates(sample: DeepSample, transcripts: Mapping[str, str], seed: int = 1, first: int = 1) -> str:
    """Return the text of the candidates of a sample, numbered from the first one on."""
    rng = random.Random(seed)
    names = list(transcripts)
    starts = {
        name: sorted(rng.randrange(max(1, len(bases) - 60)) for _ in range(sample.places))
        for name, bases in transcripts.items()
    }
    made = [
        _molecule(sample, transcripts, starts, names, rng) for _ in range(sample.fragments // sample.copies)
    ]
    order = [molecule for molecule in made for _ in range(sample.copies)]
    rng.shuffle(order)
    return "".join(
        record
        for number, (molecule, umi) in enumerate(order, start=first)
        for record in _records(sample, number, molecule, umi, rng)
    )


def _molecule(
    sample: DeepSample,
    transcripts: Mapping[str, str],
    starts: Mapping[str, Sequence[int]],
    names: Sequence[str],
    rng: random.Random,
) -> tuple[str, str]:
    name = rng.choice(names)
    bases = transcripts[name]
    length = min(len(bases), rng.randint(*sample.inserts))
    start = rng.choice(starts[name]) if sample.places else rng.randrange(len(bases) - length + 1)
    molecule = bases[start : start + length]
    if rng.random() < sample.fused:
        other = transcripts[rng.choice(names)]
        middle = rng.randrange(len(other))
        molecule = molecule[: length // 2] + other[middle : middle + length // 2]
    umi = "".join(rng.choices("ACGT", k=sample.before or 6))
    return molecule if rng.random() < 0.5 else reverse_complement(molecule), umi


def _records(sample: DeepSample, number: int, molecule: str, umi: str, rng: random.Random) -> Iterator[str]:
    label = sample.names.format(number=number, umi=umi)
    sides = [umi * bool(sample.before) + molecule, reverse_complement(molecule)]
    for mate, side in enumerate(sides[: 1 + sample.paired], start=1):
        bases = _misread((side + sample.adapter)[: sample.read_length], sample, rng)
        bases = bases[: len(bases) - sample.unknown] + "N" * sample.unknown
        bases = "N" * sample.unknown_first + bases[sample.unknown_first :]
        quality = "".join("#,:F"[min(3, rng.randrange(16))] for _ in bases)
        yield f"@{number}/{mate} {label}\n" if sample.paired else f"@{number} {label}\n"
        yield f"{bases}\n+\n{quality}\n"


def _misread(bases: str, sample: DeepSample, rng: random.Random) -> str:
    letters = [rng.choice("ACGTACGTAN") if rng.random() < sample.error_rate else letter for letter in bases]
    if rng.random() < sample.indels:
        at = rng.randrange(len(letters))
        letters[at : at + 1] = [] if rng.random() < 0.5 else [letters[at], rng.choice("ACGT")]
    return "".join(letters)
