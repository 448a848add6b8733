"""Takes reads apart by read structures: which bases are the template, which are the UMI.

The notation is fgbio's (github.com/fulcrumgenomics/fgbio/wiki/Read-Structures): lengths and kinds of a read's
segments from its first base on, `8M13S+T` for a UMI of 8 bases, 13 to skip, and the rest of the molecule.
The bases of a sample (B) or a cell (C) are dropped like those to skip.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from aspsfusion.evidence.umis import UMI_JOINT

MOST_READS = 2

FORMS = (
    "write for each read the lengths of its UMI (M), of bases to skip (S) and of the template (T), with + "
    "for the rest of the read at the end: '8M13S+T +T' for pairs, '8M13S+T' for single reads"
)
"""The remedy for structures that cannot be used."""


class StructureError(ValueError):
    """Read structures that cannot be used; the text is a clause that names the structure."""


@dataclass(frozen=True)
class Layout:
    """Where the parts of a read are.

    Attributes:
        umis: bases of the UMI, one part or more; none where the read has no UMI.
        shortest: fewest bases that a read must have.
    """

    text: str
    template: slice
    umis: tuple[slice, ...]
    shortest: int


_WHOLE = Layout("+T", slice(0, None), (), 0)


class Parts(NamedTuple):
    """The parts of a fragment's reads.

    Attributes:
        templates: bases and qualities of each read's template, empty for a read that is too short.
        umi: of the fragment; empty where a part of it is missing.
        too_short: reads without a template.
    """

    templates: list[tuple[str, str]]
    umi: str
    too_short: int


@dataclass(frozen=True)
class ReadStructures:
    """The structures of a sample's reads.

    Attributes:
        layouts: of read 1 and, for pairs, read 2; none where the reads hold templates alone.
    """

    layouts: tuple[Layout, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The structures as written."""
        return [layout.text for layout in self.layouts]

    @property
    def give_umis(self) -> bool:
        """Whether a UMI is among the segments."""
        return any(layout.umis for layout in self.layouts)

    def shortened(self, bases: Sequence[int]) -> Self:
        """Return the structures of which so many first bases of each template are skipped.

        Args:
            bases: for each read of a fragment.
        """
        layouts = self.layouts or (_WHOLE,) * len(bases)
        return type(self)(
            tuple(
                replace(
                    layout,
                    template=slice((layout.template.start or 0) + more, layout.template.stop),
                    # A template of fixed length holds them already.
                    shortest=layout.shortest + (more if layout.template.stop is None else 0),
                )
                for layout, more in zip(layouts, bases, strict=True)
            )
        )

    def apart(self, reads: Sequence[tuple[str, str]]) -> Parts:
        """Take the reads of a fragment apart.

        A read that is shorter than its segments has no template, and its fragment no UMI where that read
        holds a part of it. A read whose mate is missing may be either of the two, and is like a short one.

        Args:
            reads: bases and qualities of each read in the order of sequencing.
        """
        alone = len(reads) < len(self.layouts)
        templates, umis, too_short, whole = [], [], 0, not alone
        for layout, (bases, quality) in zip(self.layouts, reads, strict=False):
            if alone or len(bases) < layout.shortest:
                too_short += 1
                whole = whole and not layout.umis
                templates.append(("", ""))
            else:
                templates.append((bases[layout.template], quality[layout.template]))
                umis += [bases[part] for part in layout.umis]
        return Parts(templates, UMI_JOINT.join(umis) if whole else "", too_short)


TEMPLATES_ALONE = ReadStructures()
"""Of reads that hold nothing else."""


def read_structures(texts: Sequence[str]) -> ReadStructures:
    """Return the structures of a sample's reads.

    Args:
        texts: structure of each read; none for reads that hold templates alone.

    Raises:
        StructureError: one cannot be used.

    >>> read_structures(["4M2S+T", "+T"]).apart([("ACGTAACCC", "IIIIIIIII"), ("GG", "II")])
    Parts(templates=[('CCC', 'III'), ('GG', 'II')], umi='ACGT', too_short=0)
    """
    if len(texts) > MOST_READS:
        raise StructureError(f"{len(texts)} read structures are given, for {MOST_READS} reads at the most")
    return ReadStructures(tuple(_layout(text) for text in texts))


def _layout(text: str) -> Layout:
    from fgpyo.read_structure import ReadStructure  # few samples have a structure and need to wait for it

    try:
        structure = ReadStructure.from_string(text)
    except (ValueError, AssertionError) as error:
        raise StructureError(f"{text!r} is no read structure") from error
    found = structure.template_segments()
    if len(found) != 1:
        raise StructureError(
            f"the read structure {text!r} has {len(found) or 'no'} templates (T) instead of one"
        )
    (template,) = found
    umis = structure.molecular_barcode_segments()
    if any(segment.length is None for segment in umis):
        raise StructureError(f"the UMI of the read structure {text!r} has no length")
    return Layout(
        str(structure),
        slice(template.offset, None if template.length is None else template.offset + template.length),
        tuple(slice(segment.offset, segment.offset + segment.fixed_length) for segment in umis),
        sum(segment.length or 0 for segment in structure),
    )
