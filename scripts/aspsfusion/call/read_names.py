"""Names the reads of `panel.bam`: by their own names, with the fragment's number where those do not identify.

Between the stages a record is named by the number of its fragment and carries the read's own name, the label,
in a tag. For a viewer the label is the better name. It may repeat in a sample, be longer than a BAM file can
hold, or hold bytes that BAM excludes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import pysam

from aspsfusion.evidence.placements import LABEL_TAG, label_of

LONGEST_NAME = 254
"""Bytes that the name of a BAM record may have (SAM specification, QNAME)."""

NUMBER_SIGN = "#"
"""Between a label and the number of its fragment."""

_LABEL = f"\t{LABEL_TAG}:Z:"

_NOT_IN_NAMES = re.compile(r"[^!-?A-~]")
"""Characters that QNAME excludes: all that are not printable ASCII, and '@'."""


def read_names(labels: Mapping[int, str]) -> dict[int, str]:
    """Return the name of each fragment in `panel.bam`, no two the same.

    >>> read_names({1: "a", 2: "b", 3: "a", 4: "a#1", 5: "", 6: "c d"})
    {1: 'a#1', 2: 'b', 3: 'a#3', 4: 'a#1#4', 5: '#5', 6: 'c_d'}
    """
    possible = {number: _NOT_IN_NAMES.sub("_", label) for number, label in labels.items()}
    counts = Counter(possible.values())
    repeated = {name for name, count in counts.items() if count > 1 or name in ("", "*")}
    # A label that ends like another one with its number must not be taken for that one.
    with_sign = sorted((name for name in counts if NUMBER_SIGN in name), key=len)
    repeated.update(name for name in with_sign if name.rpartition(NUMBER_SIGN)[0] in repeated)
    return {
        number: _numbered(name, number) if name in repeated or len(name) > LONGEST_NAME else name
        for number, name in possible.items()
    }


def _numbered(name: str, number: int) -> str:
    end = f"{NUMBER_SIGN}{number}"
    return f"{name[: LONGEST_NAME - len(end)]}{end}"


def labels_of(lines: Iterable[str]) -> dict[int, str]:
    """Return the labels of fragments by number, from their records as lines of a SAM file."""
    found = {}
    for line in lines:
        name, _, rest = line.partition("\t")
        found[int(name)] = rest.partition(_LABEL)[2].partition("\t")[0]
    return found


def renamed(line: str, name: str) -> str:
    r"""Return a record, a line of a SAM file, with its name in `panel.bam`.

    The tag with the label stays where that is another one.

    >>> renamed("7\t4\t*\tYN:Z:a\tRG:Z:s", "a"), renamed("7\t4\t*\tYN:Z:a", "a#7")
    ('a\t4\t*\tRG:Z:s', 'a#7\t4\t*\tYN:Z:a')
    """
    _, _, rest = line.partition("\t")
    before, tag, after = rest.partition(_LABEL)
    label, end, others = after.partition("\t")
    return f"{name}\t{before}{end}{others}" if tag and label == name else f"{name}\t{rest}"


def is_called(record: pysam.AlignedSegment, name: str) -> bool:
    """Tell whether a record of `panel.bam` is called so: by its name there, its label, or `label#number`."""
    own = str(record.query_name)
    if own == name:
        return True
    if not record.has_tag(LABEL_TAG):
        return False
    label = label_of(record)
    return name in (label, label + own[own.rfind(NUMBER_SIGN) :])


def is_fragment(name: str, label: str, number: int) -> bool:
    """Tell whether a fragment is called so: by its label, or by `label#number`.

    >>> [is_fragment(name, "r7", 12) for name in ("r7", "r7#12", "r7#1", "12")]
    [True, True, False, False]
    """
    return name in (label, f"{label}{NUMBER_SIGN}{number}")
