"""Which wild-type boundaries decide whether the target fusion would have been seen."""

from aspsfusion.config import CallParameters
from aspsfusion.evidence.anchors import AnchorFinder, boundaries
from aspsfusion.evidence.coverage import Watch
from aspsfusion.panel.panel import Panel


def watches_of(panel: Panel, parameters: CallParameters) -> dict[str, list[Watch]]:
    """Return the boundaries at which the exclusion is decided, by contig.

    These are the acceptors of the target fusion's catalogue junctions. A wild-type fragment counts there
    when it covers as many bases on both sides as a fragment of the fusion would need.
    """
    finder = AnchorFinder(panel, parameters.min_anchor)
    watches: dict[str, list[Watch]] = {}
    keys = set()
    in_order = sorted(panel.catalogue.items(), key=lambda item: item[1].three_prime.exon)
    for junction, spec in in_order:
        if spec.fusion != panel.spec.target.fusion:
            continue
        key = f"{junction.three_gene} exon {spec.three_prime.exon}"
        if key in keys:
            continue
        keys.add(key)
        anchors = finder.find(junction)
        for contig, boundary in boundaries(panel, junction.three_gene, junction.three_pos, behind=False):
            watch = Watch(key, boundary, anchors.five_prime, anchors.three_prime)
            watches.setdefault(contig, []).append(watch)
    return watches
