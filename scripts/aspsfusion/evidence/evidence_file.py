"""Writes and reads the file between `evidence` and `call`: wild-type counts, and the open fragments.

An open fragment is one that the wild type does not fully explain; `call` decides on it.
"""

import gzip
from dataclasses import dataclass, field
from pathlib import Path

from aspsfusion.errors import ReadsError
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.evidence.long_reads import LongReads
from aspsfusion.evidence.primers import Primer, from_json, to_json
from aspsfusion.evidence.twice import TwiceEdited
from aspsfusion.evidence.umis import NO_UMIS, UmiSource
from aspsfusion.io.compressed import DAMAGED
from aspsfusion.io.sealed import read_sealed, sealed_json

EVIDENCE_VERSION = 8

COMPRESSION = 1
"""Level of gzip: the usual one takes longer to compress a deep sample's counts than they took to collect."""

AS_IT_IS = (
    *("candidates", "duplicates", "median_insert", "umi_source", "unused_umi"),
    *("umi_values", "misread_runs", "long_insert"),
)
"""Fields of `Evidence` that the file has as they are."""


@dataclass
class Evidence:
    """What the reads of one sample say about the panel.

    Attributes:
        fragments: the open fragments, one of each molecule, by number.
        candidates: fragments in the BAM.
        duplicates: fragments that are copies of another one.
        median_insert: median length of unique wild-type pairs on transcripts, in nt.
        long_insert: length in nt that hardly any of them exceeds; None where there are too few to tell.
        umi_source: where the UMIs were, by which molecules were distinguished too.
        umi_values: how many different ones there are; 0 without UMIs.
        unused_umi: a value in names or tags that looks like a UMI but is not used; else empty.
        misread_runs: whether the lengths of homopolymer runs are often misread.
        long_reads: what is known of long reads besides; None of short ones.
        twice: settled molecules with two edits in a read, which are in the coverage and would be open
            fragments had they been aligned; not in the file.
    """

    coverage: Coverage
    fragments: list[Fragment] = field(default_factory=list)
    candidates: int = 0
    duplicates: int = 0
    median_insert: int | None = None
    umi_source: UmiSource = NO_UMIS
    umi_values: int = 0
    unused_umi: str = ""
    misread_runs: bool = False
    long_insert: int | None = None
    primers: tuple[Primer, ...] = ()
    long_reads: LongReads | None = None
    twice: TwiceEdited | None = None


def write_evidence(evidence: Evidence, path: Path) -> None:
    """Write evidence as gzip JSON, byte for byte the same for the same evidence."""
    data = {
        "version": EVIDENCE_VERSION,
        **{name: getattr(evidence, name) for name in AS_IT_IS},
        "primers": to_json(evidence.primers),
        "coverage": evidence.coverage.to_json(),
        "fragments": [
            [
                fragment.number,
                fragment.label,
                fragment.copies,
                [[mate.number, mate.sequence, mate.placements] for mate in fragment.mates],
                fragment.merged,
                fragment.umis,
            ]
            for fragment in evidence.fragments
        ],
        **({"long_reads": evidence.long_reads.to_json()} if evidence.long_reads else {}),
    }
    with path.open("wb") as raw, gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as out:
        out.write(sealed_json(data, separators=(",", ":")).encode("utf-8"))


def read_evidence(path: Path) -> Evidence:
    """Read what `write_evidence` wrote.

    Raises:
        ReadsError: the file is damaged or of another version.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            data = read_sealed(stream.read())
        if data["version"] != EVIDENCE_VERSION:
            raise ValueError(f"version {data['version']}")
        coverage = Coverage.from_json(data["coverage"])
        fragments = [
            Fragment(
                number,
                label,
                copies,
                tuple(
                    Mate(which, sequence, tuple(Placement(*values) for values in placements))
                    for which, sequence, placements in mates
                ),
                merged,
                tuple(umis),
            )
            for number, label, copies, mates, merged, umis in data["fragments"]
        ]
        return Evidence(
            coverage,
            fragments,
            **{name: data[name] for name in AS_IT_IS},
            primers=from_json(data["primers"]),
            long_reads=LongReads.from_json(data.get("long_reads")),
        )
    except (*DAMAGED, KeyError, TypeError, AttributeError) as error:  # type: ignore[misc]
        raise ReadsError(
            f"is no evidence file of this version ({error})",
            path=path,
            remedy="run 'aspsfusion evidence' again",
        ) from error
