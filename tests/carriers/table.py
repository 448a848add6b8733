"""The summary of the acceptance studies."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from carriers.kind import Kind, Outcome

CALLS = ("CONFIRMED", "INDETERMINATE", "EXCLUDED")


def summary(kinds: Iterable[Kind], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the summary: promises of each kind, verdicts by shape, what is not as expected."""
    for kind in kinds:
        of_kind = [outcome for outcome in outcomes if outcome.kind == kind.name]
        if of_kind:
            yield from _of_kind(kind, of_kind)
            yield ""


def violations(kinds: Iterable[Kind], outcomes: Sequence[Outcome]) -> list[str]:
    """Return the promises that are not kept."""
    return [
        f"{kind.name}: {promise.words}"
        for kind in kinds
        for promise in kind.promises
        if not promise.kept([outcome for outcome in outcomes if outcome.kind == kind.name])[1]
    ]


def _of_kind(kind: Kind, outcomes: list[Outcome]) -> Iterator[str]:
    seconds = sum(outcome.cpu for outcome in outcomes) / len(outcomes)
    yield f"{kind.name}: {len(outcomes)} samples, {seconds:.2f} s of CPU each"
    for promise in kind.promises:
        value, kept = promise.kept(outcomes)
        yield f"  {'kept    ' if kept else 'VIOLATED'}  {promise.words}: {value}"
    shapes: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        shapes[outcome.shape][outcome.call] += 1
    yield "  " + "  ".join(f"{call:>13}" for call in CALLS)
    for shape, calls in sorted(shapes.items()):
        yield "  " + "  ".join(f"{calls[call]:13}" for call in CALLS) + f"  {shape}"
    unexpected = sorted((o for o in outcomes if o.failed), key=lambda o: (o.shape, o.number))
    if unexpected:
        yield f"  not as expected, {len(unexpected)}:"
    for outcome in unexpected:
        yield (
            f"  {outcome.kind}:{outcome.number}  {outcome.shape} ({outcome.detail})  fails "
            f"{', '.join(outcome.failed)}  {outcome.call} {','.join(outcome.reasons)}  [{outcome.found}]"
        )
