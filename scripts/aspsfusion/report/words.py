"""Writes numbers for people: one way for each kind of number, on pages, in sentences and in the terminal.

Nothing here knows HTML, so that the stages before the report can use it without loading templates.
"""

from collections.abc import Sequence

NOT_DETERMINED = "not determined"
SIGNATURE = "For professional interpretation; not a diagnosis by itself."
"""Goes with every verdict that leaves the program."""


def count(number: int) -> str:
    """Return a count with separated thousands.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def plural(number: int, singular: str, several: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "split read"), plural(2000, "split read")
    ('1 split read', '2,000 split reads')
    """
    return f"{count(number)} {singular if number == 1 else several or singular + 's'}"


def percent(share: float | None) -> str:
    """Return a share of one as percentage with three significant digits.

    >>> [percent(share) for share in (0.05, 0.01414, 1.0, 0.99999, None)]
    ['5%', '1.41%', '100%', 'more than 99.9%', 'not determined']
    """
    if share is None:
        return NOT_DETERMINED
    if 0.9995 <= share < 1:
        return "more than 99.9%"
    return f"{float(f'{100 * share:.3g}'):g}%"


def rounded_up(share: float) -> str:
    """Return a share of one as percentage, rounded up: a detectable share must never claim too much.

    >>> [rounded_up(share) for share in (0.049508, 0.0161, 0.95, 0.000301)]
    ['5%', '1.7%', '95%', '0.031%']
    """
    value = share * 100
    digits = 0 if value >= 10 else 1 if value >= 1 else 3
    scale: int = 10**digits
    # Rounded first, so that a trace of binary arithmetic does not lift a whole number to the next one.
    return f"{-int(-round(value * scale, 6) // 1) / scale:g}%"


MOST_LISTED = 5
"""Names that a sentence lists; of more it counts the rest."""


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them, a few of many.

    >>> listed(["A"]), listed(["A", "B", "C"]), listed(list("ABCDEFGH"))
    ('A', 'A, B and C', 'A, B, C, D and 4 others')
    """
    shown = list(names)
    if len(shown) > MOST_LISTED:
        kept = shown[: MOST_LISTED - 1]
        shown = [*kept, f"{count(len(shown) - len(kept))} others"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def joined(parts: Sequence[str]) -> str:
    """Return the parts with commas between them, or a dash when there is none."""
    return ", ".join(parts) or "-"
