"""What the verdict rests on, gathered from all stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aspsfusion.report.findings import FilteredFusion, Fusion, OneSided, Reason


@dataclass(frozen=True)
class Findings:
    """Everything the verdict rests on.

    Attributes:
        sample: sample name.
        fusions: reported junctions.
        filtered: candidates that are not reported.
        one_sided: breaks without a known partner.
        informative: unique wild-type fragments at each acceptor.
        gene_fragments: unique fragments by gene.
        library: declared library type, None if it was not declared.
        incomplete: why the input can not carry the evidence for an exclusion.
        per_kilobase: unique fragments per kilobase of the primary transcript by gene.
    """

    sample: str
    fusions: Sequence[Fusion]
    filtered: Sequence[FilteredFusion]
    one_sided: Sequence[OneSided]
    informative: Mapping[str, int]
    gene_fragments: Mapping[str, int]
    library: str | None
    incomplete: Sequence[Reason] = ()
    per_kilobase: Mapping[str, float] = field(default_factory=dict)
