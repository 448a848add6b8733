"""Turns fragments into reads: both ends, adapters after short inserts, errors and qualities.

Everything is done on arrays of base numbers (0 to 3 for A, C, G, T and 4 for N), one row per read, because
a simulated sample has millions of bases.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

ADAPTERS = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT")
"""What reads 1 and 2 run into after a short insert (Illumina TruSeq)."""

ANY_BASE = 4
_ODD = np.uint64(0x9E3779B97F4A7C15)
_KEY_SPAN = float(2**64 - 2**11)
"""The largest number below 2^64 that a float holds exactly, so that a rate of 1 does not overflow."""

_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)
_COMPLEMENT = np.array([3, 2, 1, 0, ANY_BASE], dtype=np.uint8)
_CODE_OF_LETTER = np.full(256, ANY_BASE, dtype=np.uint8)
for _code, _letter in enumerate("ACGT"):
    _CODE_OF_LETTER[ord(_letter)] = _CODE_OF_LETTER[ord(_letter.lower())] = _code

# The four quality bins of current instruments as Phred+33: Q2, Q12, Q23, Q37; and of 256 random values, how
# many fall in each, for a right base and for an error. Q2 means "no base called" and for few errors.
_BINS = np.frombuffer(b"#,8F", dtype=np.uint8)
_QUALITY_OF_DARK = {"G": "F", "N": "#"}
_QUALITY_OF_RIGHT = np.repeat(_BINS, (0, 6, 16, 234))
_QUALITY_OF_ERROR = np.repeat(_BINS, (14, 140, 76, 26))


def encode(sequence: str) -> Codes:
    """Return the base numbers of a sequence; letters other than ACGT, in either case, become N."""
    return _CODE_OF_LETTER[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]


def decode(codes: Codes) -> str:
    """Return the letters of base numbers, row after row."""
    return _LETTERS[codes].tobytes().decode("ascii")


def dark_read(base: str, length: int) -> tuple[str, str]:
    """Return bases and qualities of a read that says nothing: an instrument is sure of the G it sees."""
    return base * length, _QUALITY_OF_DARK[base] * length


@dataclass(frozen=True)
class ReadBatch:
    """Reads of one length, concatenated.

    Attributes:
        sequences: the bases of all reads without separator.
        qualities: their qualities, Phred+33.
    """

    read_length: int
    sequences: str
    qualities: str

    def read(self, number: int, length: int) -> tuple[str, str]:
        """Return so many bases and qualities of a read by its 0-based number."""
        part = slice(number * self.read_length, number * self.read_length + length)
        return self.sequences[part], self.qualities[part]


@dataclass(frozen=True)
class ReadMaker:
    """Makes reads of fragments of one long sequence.

    Attributes:
        bases: base numbers of all molecules, one after the other.
        error_rate: probability of a substitution, for each base.
        deamination_rate: probability that a cytosine of a damaged strand is read as thymine.
    """

    bases: Codes
    read_length: int
    error_rate: float
    deamination_rate: float = 0.0

    def make(
        self,
        starts: Integers,
        lengths: Integers,
        forward: Flags,
        mate: int,
        rng: np.random.Generator,
        damage_keys: Keys | None = None,
    ) -> ReadBatch:
        """Sequence one end of each fragment, which starts in `bases` at a 0-based position.

        A read that is `forward` begins at the fragment's start and reads the strand of `bases`; another one
        begins at the end and reads the other strand. The mate, 1 or 2, decides the adapter after a short
        insert. Copies of one molecule and mates have the same damage key, needed when there is deamination.
        """
        offsets = np.arange(self.read_length, dtype=np.int64)
        first = np.where(forward, starts, starts + lengths - 1)
        step = np.where(forward, 1, -1)
        # Beyond a short insert the index may leave the array; those bases are overwritten with adapter.
        index = np.clip(first[:, None] + step[:, None] * offsets, 0, len(self.bases) - 1)
        codes = self.bases[index]
        if self.deamination_rate:
            assert damage_keys is not None
            codes = _deaminated(codes, index, damage_keys, self.deamination_rate)
        codes[~forward] = _COMPLEMENT[codes[~forward]]
        short = np.flatnonzero(lengths < self.read_length)
        if len(short):
            codes[short] = _read_through(codes[short], lengths[short], encode(ADAPTERS[mate - 1]), rng)
        return self._sequence(codes, rng)

    def _sequence(self, codes: Codes, rng: np.random.Generator) -> ReadBatch:
        called = codes != ANY_BASE
        wrong = (rng.random(codes.shape, dtype=np.float32) < self.error_rate) & called
        shift = rng.integers(1, 4, size=int(wrong.sum()), dtype=np.uint8)
        codes[wrong] = (codes[wrong] + shift) % 4
        dice = rng.integers(0, 256, size=codes.shape, dtype=np.uint8)
        qualities = _QUALITY_OF_RIGHT[dice]
        qualities[wrong] = _QUALITY_OF_ERROR[dice[wrong]]
        qualities[~called] = _BINS[0]
        return ReadBatch(self.read_length, decode(codes), qualities.tobytes().decode("ascii"))


def _deaminated(codes: Codes, positions: Integers, keys: Keys, rate: float) -> Codes:
    """Return bases with C>T on half of the fragments and G>A, the same on the other strand, on the rest.

    Whether a base is damaged follows from the fragment's key and the base's position alone, so that mates
    which overlap, and copies of a molecule, show the same damage; errors of sequencing differ.
    """
    mixed = _mixed(keys[:, None] ^ (positions.astype(np.uint64) * _ODD))
    hit = mixed < np.uint64(rate * _KEY_SPAN)
    sense = (_mixed(keys) & np.uint64(1)).astype(np.bool_)[:, None]
    cytosine, thymine = encode("CT")
    guanine, adenine = encode("GA")
    codes = np.where(hit & sense & (codes == cytosine), thymine, codes)
    return np.where(hit & ~sense & (codes == guanine), adenine, codes)


def _mixed(values: Keys) -> Keys:
    """Return well mixed numbers: the finaliser of SplitMix64 (Steele 2014, doi 10.1145/2660193.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _read_through(codes: Codes, lengths: Integers, adapter: Codes, rng: np.random.Generator) -> Codes:
    """Replace what lies beyond the insert by the adapter and, after that, random bases."""
    beyond = np.arange(codes.shape[1], dtype=np.int64) - lengths[:, None]
    tail = rng.integers(0, 4, size=codes.shape, dtype=np.uint8)
    in_adapter = (beyond >= 0) & (beyond < len(adapter))
    tail[in_adapter] = adapter[beyond[in_adapter]]
    return np.where(beyond >= 0, tail, codes)
