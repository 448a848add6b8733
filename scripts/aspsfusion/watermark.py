"""The mark that every locus of a demonstration reference carries in its bases.

Record names and descriptions are lost easily, for example when a FASTA passes through another program. A
report made on filler sequence must still say so, therefore the mark is part of the sequence itself.
"""


def encode_text(text: str) -> str:
    """Write ASCII text as bases: four per character, two bits each, highest first, 0 to 3 as A, C, G, T.

    >>> encode_text("DEMO")  # D is 68, in binary 01 00 01 00
    'CACACACCCATCCATT'
    """
    return "".join("ACGT"[code >> shift & 3] for code in text.encode("ascii") for shift in (6, 4, 2, 0))


WATERMARK = encode_text("DEMONSTRATION")[:48]
"""The first 48 nt, on the plus strand, of every locus of a demonstration reference.

They spell the first twelve letters of the word; by chance a genome holds them once in 4 to the power 48.
"""


def has_watermark(sequence: str) -> bool:
    """Tell whether a sequence, in upper or lower case, holds the mark of a demonstration reference.

    >>> has_watermark("ttt" + WATERMARK.lower() + "ACGT")
    True
    >>> has_watermark("ACGT" * 50)
    False
    """
    return WATERMARK in sequence.upper()
