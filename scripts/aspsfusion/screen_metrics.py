"""What the screen counts of a sample: the record behind `screen.json`."""

import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class ScreenMetrics:
    """Counts of a sample's reads, under the names that `screen.json` has for them.

    Attributes:
        layout: whether the reads are pairs.
        interleaved: whether a file held both mates by turns.
        lanes: names of the files of each lane.
        total_fragments: fragments read.
        total_reads: reads of them.
        total_bases: bases of them.
        read_length: longest read in nt.
        mean_read_length: in nt.
        read_lengths: number of reads by length in nt.
        gc_fraction: share of G and C among the bases that are known.
        n_fraction: share of bases that are not known (N).
        mean_quality: mean Phred quality of all bases.
        q30_fraction: share of bases with a quality of at least 30.
        candidate_fragments: fragments that were kept.
        kmers_by_gene: panel k-mers in the reads that match the panel.
    """

    layout: Literal["paired", "single"]
    interleaved: bool
    lanes: list[list[str]]
    total_fragments: int
    total_reads: int
    total_bases: int
    read_length: int
    mean_read_length: float
    read_lengths: dict[str, int]
    gc_fraction: float
    n_fraction: float
    mean_quality: float
    q30_fraction: float
    candidate_fragments: int
    kmers_by_gene: dict[str, int]

    def as_json(self) -> str:
        """Return the text of `screen.json`."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"
