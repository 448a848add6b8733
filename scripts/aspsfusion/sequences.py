"""Small functions on nucleotide sequences that several stages need."""

_COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")


def reverse_complement(sequence: str) -> str:
    """Return the reverse complement; case is kept, N stays N.

    >>> reverse_complement("AACGTN")
    'NACGTT'
    """
    return sequence.translate(_COMPLEMENT)[::-1]
