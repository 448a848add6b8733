"""What a page says about an exclusion: what would have been seen, and what stays possible."""

from aspsfusion.exclusion import percent as rounded_up
from aspsfusion.report_record import Exclusion, Verdict
from aspsfusion.view_parts import NOT_DETERMINED, Table, columns, count, percent


def exclusion_sentences(exclusion: Exclusion, verdict: Verdict) -> tuple[str, ...]:
    """Return what would have been seen, in sentences; adequacy only where nothing was confirmed."""
    gene = verdict.target.rsplit("::", 1)[-1]
    if exclusion.detectable_fraction is None:
        seen = f"It can not be told how small a share of fusion transcripts of {gene} would have been seen."
    else:
        share, chance = detectable_share(exclusion.detectable_fraction), percent(exclusion.confidence)
        seen = (
            f"If {share} or more of the {gene} transcripts carried the fusion {verdict.target}, "
            f"it would have been seen with {chance} probability."
        )
    found = (seen, *_other_levels(exclusion))
    if verdict.call == "CONFIRMED":
        return found
    adequate = "is adequate" if exclusion.adequate else "is not adequate"
    return (
        *found,
        f"An exclusion needs a share of {percent(exclusion.threshold)} or less: the coverage {adequate}.",
        *_not_excluded(exclusion),
    )


def detectable_share(fraction: float) -> str:
    """Return a detectable share as the verdict states it, rounded up so that it never claims too much.

    >>> detectable_share(0.0161)
    '1.7%'
    """
    return f"{rounded_up(fraction)}%"


def _other_levels(exclusion: Exclusion) -> tuple[str, ...]:
    """Say the same at the confidences beside the one that decides; nothing where no share can be told."""
    if exclusion.detectable_fraction is None:
        return ()
    others = [
        f"with {percent(level.confidence)} probability "
        + (
            "no share can be told"
            if level.detectable_fraction is None
            else f"the share is {detectable_share(level.detectable_fraction)}"
        )
        for level in exclusion.levels
        if level.confidence != exclusion.confidence
    ]
    text = "; ".join(others)
    return (f"{text[0].upper()}{text[1:]}.",) if others else ()


def _not_excluded(exclusion: Exclusion) -> tuple[str, ...]:
    """Say what stays possible after the figures above."""
    if exclusion.detectable_fraction is None:
        return ()
    return (
        f"A share below {detectable_share(exclusion.detectable_fraction)} can not be excluded, nor what is "
        "listed under Limits.",
    )


def acceptor_table(exclusion: Exclusion) -> Table | None:
    """Return the informative fragments at each acceptor; None when there are none."""
    if not exclusion.informative_fragments:
        return None
    return Table(
        "Wild-type fragments across the start of each exon that the fusion could join",
        columns("Exon start", ("Fragments", "number"), ("Needed to exclude", "number")),
        tuple(
            (
                place,
                count(number),
                NOT_DETERMINED if exclusion.needed_fragments is None else count(exclusion.needed_fragments),
            )
            for place, number in exclusion.informative_fragments.items()
        ),
    )
