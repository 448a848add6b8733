"""Tells the genome build of an alignment from the lengths that its header states.

The build is reported, and a file of another species refused. Nothing else depends on it: reads are chosen
by their sequence and aligned anew, so that old coordinates are never used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aspsfusion.fasta import chromosome_name

HUMAN = "human"
MOUSE = "mouse"


@dataclass(frozen=True)
class Build:
    """A genome build, known by the lengths of some of its chromosomes.

    Attributes:
        name: name of the build.
        species: `human` or `mouse`.
        lengths: bases by `chr` style name.
        md5: MD5 of the upper-case sequence of some of them (SAM header tag M5).
    """

    name: str
    species: str
    lengths: Mapping[str, int]
    md5: Mapping[str, str]


BUILDS = (
    Build(
        "GRCh38",
        HUMAN,
        {
            "chr1": 248956422,
            "chr2": 242193529,
            "chr9": 138394717,
            "chr17": 83257441,
            "chr22": 50818468,
            "chrX": 156040895,
        },
        {"chr17": "f9a0fb01553adb183568e3eb9d8626db", "chrX": "2b3a55ff7f58eb308420c8a9b11cac50"},
    ),
    Build(
        "GRCh37",
        HUMAN,
        {
            "chr1": 249250621,
            "chr2": 243199373,
            "chr9": 141213431,
            "chr17": 81195210,
            "chr22": 51304566,
            "chrX": 155270560,
        },
        {"chr17": "351f64d4f4f9ddd45b35336ad97aa6de", "chrX": "7e0e2e580297b7764e31dbc80c2540dd"},
    ),
    Build(
        "GRCm38",
        MOUSE,
        {"chr1": 195471971, "chr2": 182113224, "chr9": 124595110, "chr17": 94987271, "chrX": 171031299},
        {},
    ),
    Build(
        "GRCm39",
        MOUSE,
        {"chr1": 195154279, "chr2": 181755017, "chr9": 124359700, "chr17": 95294699, "chrX": 169476592},
        {},
    ),
)
"""The builds laboratories' files are aligned to; resources/README.md says where the numbers come from."""


def told_build(lengths: Mapping[str, int]) -> Build | None:
    """Return the build whose lengths a header states, None when it is none of those known.

    Args:
        lengths: bases of each contig by the name in the header, `chr17`, `17` or `NC_000017.11`.

    >>> told_build({"17": 81195210, "X": 155270560, "MT": 16569}).name
    'GRCh37'
    >>> told_build({"ENST00000304218.8": 3456}) is None
    True
    """
    stated = {chromosome_name(contig): length for contig, length in lengths.items()}
    matches = [
        (sum(stated.get(name) == length for name, length in build.lengths.items()), build) for build in BUILDS
    ]
    best = max(matches, key=lambda match: match[0])
    # One wrong length tells an altered or a mixed genome (human and mouse in one index): not that build.
    if not best[0] or any(stated.get(name, length) != length for name, length in best[1].lengths.items()):
        return None
    return best[1]


def checksums_agree(build: Build, checksums: Mapping[str, str]) -> bool | None:
    """Tell whether the MD5s that a header states are those of a build.

    Args:
        build: see `told_build`.
        checksums: M5 tags by contig name.

    Returns:
        None when the header states none of those known.
    """
    stated = {chromosome_name(contig): md5.lower() for contig, md5 in checksums.items()}
    known = [stated[name] == md5 for name, md5 in build.md5.items() if name in stated]
    return all(known) if known else None
