"""Runs BWA-MEM on a panel: its index, its settings for a small reference, its silence."""

from pathlib import Path

from pybwa import BwaIndex, BwaMem, BwaMemOptions, BwaVerbosity, set_bwa_verbosity

from aspsfusion.errors import PanelError

MIN_SEED_LENGTH = 13
MIN_SCORE = 16
"""On a panel of some hundred kilobases a 13 nt seed is already rare; BWA's defaults (19 and 30) would hide
every alignment of the short side of a junction below 30 nt."""

MAX_ALTERNATIVES = 200
"""Alternative placements to report: more than the transcripts of any gene, so that none is hidden."""


def build_index(fasta: Path) -> None:
    """Build the index of a FASTA beside it."""
    set_bwa_verbosity(BwaVerbosity.ERROR)
    _require_text(fasta)
    BwaIndex.index(fasta)


def open_aligner(prefix: Path) -> BwaMem:
    """Open the aligner on an index."""
    set_bwa_verbosity(BwaVerbosity.ERROR)
    _require_text(prefix)
    return BwaMem(prefix=prefix)


def _require_text(path: Path) -> None:
    """Refuse a path that pybwa cannot take.

    Raises:
        PanelError: it is not UTF-8.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise PanelError(
            "the aligner cannot open a path that is not UTF-8", path=path, remedy="rename the directory"
        ) from error


def aligner_options(decoys: int = 0) -> BwaMemOptions:
    """Return BWA-MEM's options for a panel with so many decoys, none of which hides a gene's placement."""
    options = BwaMemOptions(
        min_seed_len=MIN_SEED_LENGTH,
        minimum_score=MIN_SCORE,
        soft_clip_supplementary=True,
        xa_max_hits=MAX_ALTERNATIVES + decoys,
    )
    # Finalised in place: options that are not finalised are copied wrongly by the aligner.
    options.finalize()
    return options
