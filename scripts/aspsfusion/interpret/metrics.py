"""Proves that the metrics of `screen`, `extract` and `align` are what those commands write.

The metrics of reads have no checksum, since they are the same for the same reads however these are given.
What is not known, or half there, is damage: a key that is misspelt would be taken for one that is not set.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Length = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]

OF_ALIGNMENTS = frozenset(
    (
        *("input", "input_build", "unmapped_reads", "not_primary_records", "repeated_records"),
        *("reads_at_target_loci", "incomplete"),
    )
)
"""Keys that `extract` writes and `screen` does not."""


class _Metrics(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class FileMetrics(_Metrics):
    """A file of reads, see `report.models.InputFile`."""

    name: str
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reads: Count


class ReadMetrics(_Metrics):
    """What `screen` and `extract` write; all keys may be missing, since whoever needs one asks for it."""

    layout: str = ""
    interleaved: bool = False
    lanes: list[list[str]] = []
    inputs: list[FileMetrics] = []
    total_fragments: Count = 0
    total_reads: Count = 0
    total_bases: Count = 0
    read_length: Count = 0
    mean_read_length: Annotated[float, Field(ge=0)] = 0
    read_lengths: dict[Length, Count] = {}
    gc_fraction: Share = 0
    n_fraction: Share = 0
    mean_quality: float | None = None
    q30_fraction: Share | None = None
    qualities: Literal["absent"] | None = None
    candidate_fragments: Count = 0
    kmers_by_gene: dict[str, Count] = {}
    input: str = ""
    input_build: str | None = None
    unmapped_reads: Count = 0
    not_primary_records: Count = 0
    repeated_records: Count = 0
    reads_at_target_loci: dict[str, Count] = {}
    incomplete: list[str] = []


class StartMetrics(_Metrics):
    """What reads begin with, see `align.foreign_starts.ForeignStart`."""

    read: Count
    bases: Count
    share: Share
    consensus: str
    unknown: bool = False


class AlignedMetrics(_Metrics):
    """What `align` writes; all keys may be missing."""

    candidate_fragments: Count = 0
    aligned_fragments: Count = 0
    adapter_fraction: Share | None = None
    overlap_fraction: Share | None = None
    umi_structures: list[str] = []
    too_short_reads: Count = 0
    foreign_starts: list[StartMetrics] = []
    platform: str = ""


def problem_of(data: Mapping[str, Any]) -> str:
    """Return what is wrong with metrics in words, empty for nothing."""
    model: type[_Metrics] = AlignedMetrics if "aligned_fragments" in data else ReadMetrics
    try:
        model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"key {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    missing = sorted(OF_ALIGNMENTS - data.keys())
    if missing and not OF_ALIGNMENTS.isdisjoint(data):
        return f"key {missing[0]} is missing"
    return ""
