"""BWA-MEM as this program uses it: its settings for a small panel, its index, its silence."""

from pathlib import Path

from pybwa import BwaIndex, BwaMem, BwaMemOptions, libbwaindex, libbwamem

MIN_SEED_LENGTH = 13
MIN_SCORE = 16
"""On a panel of some hundred kilobases a 13 nt seed is already rare; BWA's defaults (19 and 30) would hide
every alignment of the short side of a junction below 30 nt."""

MAX_ALTERNATIVES = 200
"""Alternative placements to report: more than the transcripts of any gene, so that none is hidden."""

BWA_ERRORS_ONLY = 1
"""BWA's verbosity level without progress messages."""


def build_index(fasta: Path) -> None:
    """Build the index of a FASTA beside it."""
    libbwaindex._set_bwa_idx_verbosity(BWA_ERRORS_ONLY)
    BwaIndex.index(fasta)


def open_aligner(prefix: Path) -> BwaMem:
    """Open the aligner on an index; to be used in a `with` block."""
    libbwamem._set_bwa_mem_verbosity(BWA_ERRORS_ONLY)
    libbwaindex._set_bwa_idx_verbosity(BWA_ERRORS_ONLY)
    return BwaMem(prefix=prefix)


def aligner_options(threads: int) -> BwaMemOptions:
    """Return BWA-MEM's options for a panel."""
    options = BwaMemOptions(
        min_seed_len=MIN_SEED_LENGTH,
        minimum_score=MIN_SCORE,
        soft_clip_supplementary=True,
        xa_max_hits=MAX_ALTERNATIVES,
        threads=threads,
    )
    # Finalised in place: an unfinalised option set is copied wrongly by the aligner.
    options.finalize()
    return options
