"""Writes a session that opens a sample's reads at its junction in IGV.

IGV (desktop) takes a FASTA as genome and looks for paths from where the session file is; panels and tracks
may be left out (IGVSessionReader.java of igvteam/igv).
"""

import os
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from aspsfusion.call.calls_file import CallsFile
from aspsfusion.call.junction_contigs import JunctionContig
from aspsfusion.panel.panel import Panel

SHOWN = 150
"""Bases on each side of a junction: a window in which single bases can be read."""


def session_text(session: Path, bam: Path, reference: Path, locus: str) -> str:
    """Return the session; paths are relative to its directory, so that the files can be moved together."""

    def attribute(path: Path) -> str:
        return quoteattr(Path(os.path.relpath(path, session.parent)).as_posix())

    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<Session genome={attribute(reference)} hasGeneTrack="false" hasSequenceTrack="true" '
        f'locus={quoteattr(locus)} version="8">\n'
        "    <Resources>\n"
        f'        <Resource index={attribute(Path(f"{bam}.bai"))} path={attribute(bam)} type="bam"/>\n'
        "    </Resources>\n"
        "</Session>\n"
    )


def locus_of(panel: Panel, record: CallsFile, contigs: Sequence[JunctionContig]) -> str:
    """Return what is shown first: the junction with most fragments, a reported one of the target if there is.

    Returns:
        Contig and 1-based positions; without junctions the 3' gene of the target.
    """
    target = panel.spec.target
    pairs = list(zip(record.calls.junctions, contigs, strict=True))
    if not pairs:
        return panel.primary[target.three_prime].key
    _, contig = max(
        pairs,
        key=lambda pair: (
            not pair[0].rejections,
            (pair[0].five_gene, pair[0].three_gene) == (target.five_prime, target.three_prime),
            pair[0].fragments,
        ),
    )
    first, last = contig.junction - SHOWN + 1, contig.junction + SHOWN
    return f"{contig.name}:{max(1, first)}-{min(len(contig.sequence), last)}"
