"""The acceptance studies, on carriers and negatives of a simulator of its own.

    PYTHONPATH=tests python -m carriers.study --panel PANEL --results FILE [--kinds KIND...] [--samples N]

Appends one JSON line for each sample to the results and skips samples that are there, unless the program, the
panel or the simulator has changed since. Each sample has random numbers of its own, so that it can be made
again alone: `--only KIND:NUMBER` judges it, prints its outcome and writes its reads and report to `--keep`.
Ends with a summary; exit status 1 where a promise is not kept.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from carriers.assay_kinds import ASSAY_KINDS
from carriers.between_kinds import BETWEEN_KINDS
from carriers.carrier_kinds import CARRIER_KINDS
from carriers.count_kinds import COUNT_KINDS
from carriers.foreign_kinds import FOREIGN_KINDS
from carriers.kind import Kind, Outcome
from carriers.negative_kinds import NEGATIVE_KINDS
from carriers.sample import open_runner
from carriers.table import summary, violations

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *CARRIER_KINDS,
        *BETWEEN_KINDS,
        *NEGATIVE_KINDS,
        *COUNT_KINDS,
        *FOREIGN_KINDS,
        *ASSAY_KINDS,
    )
}

PROGRAM = Path(__file__).parents[2] / "scripts" / "aspsfusion"
WITHOUT_RESULTS = ("cli", "batch", "simulate", "validation")
"""Packages of the program on which no sample's outcome depends."""

PRINTS_ONLY = ("study.py", "table.py")


def state_of(panel: Path) -> str:
    """Return a checksum of everything that outcomes depend on: program, panel, simulator."""
    sources = [
        path
        for path in PROGRAM.rglob("*.*")
        if path.suffix in (".py", ".c", ".h") and path.relative_to(PROGRAM).parts[0] not in WITHOUT_RESULTS
    ]
    sources += [path for path in Path(__file__).parent.glob("*.py") if path.name not in PRINTS_ONLY]
    sources += [panel / "transcripts.fa", panel / "introns.fa", panel / "exons.tsv", panel / "panel.json"]
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(sources)]
    return hashlib.sha256("".join(sums).encode()).hexdigest()[:16]


def read_outcomes(results: Path, state: str) -> list[Outcome]:
    """Return the outcomes of earlier runs of the same state, without a line that was cut short."""
    if not results.is_file():
        return []
    found = []
    for line in results.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):
            found.append(json.loads(line))
    return [Outcome(**each) for each in found if each["state"] == state]


def _judged(panel: Path, sample: tuple[str, int]) -> Outcome:
    name, number = sample
    before = time.process_time()
    # The panel stays loaded, so that opening it again costs nothing.
    with open_runner(panel) as runner:
        outcome = KINDS[name].outcome(runner, number)
    return replace(outcome, cpu=round(time.process_time() - before, 3))


def judge_all(panel: Path, samples: Sequence[tuple[str, int]], cores: int) -> Iterator[Outcome]:
    """Yield the outcomes of samples, in their order."""
    if cores == 1:
        yield from (_judged(panel, sample) for sample in samples)
        return
    with ProcessPoolExecutor(cores) as pool:
        yield from pool.map(partial(_judged, panel), samples, chunksize=4)


def wanted(kinds: Sequence[str], number: int | None) -> list[tuple[str, int]]:
    """Return the samples of a study, in turns of its kinds, so that a stopped one says something of each."""
    counts = {name: number or KINDS[name].samples for name in kinds}
    return [(name, n) for n in range(max(counts.values())) for name in kinds if n < counts[name]]


def main() -> int:
    """Run the study; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--panel", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--results", type=Path, metavar="JSONL", help="needed unless one sample is made again"
    )
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=list(KINDS), metavar="KIND")
    parser.add_argument("--samples", type=int, metavar="N", help="of each kind (default: those of the study)")
    parser.add_argument("--cores", type=int, default=1, metavar="N")
    parser.add_argument("--only", metavar="KIND:NUMBER", help="make one sample again")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where its reads and report are written")
    args = parser.parse_args()
    if args.only:
        name, _, number = args.only.partition(":")
        with open_runner(args.panel, args.keep) as runner:
            print(json.dumps(KINDS[name].outcome(runner, int(number)).as_dict(), indent=1))
        return 0
    if not args.results:
        parser.error("--results is needed")
    return run_study(args.panel, args.results, wanted(args.kinds, args.samples), args.cores)


def run_study(panel: Path, results: Path, samples: Sequence[tuple[str, int]], cores: int) -> int:
    """Judge the samples that are not in the results, and print the summary of all; 1 on a violation."""
    state = state_of(panel)
    outcomes = {(each.kind, each.number): each for each in read_outcomes(results, state)}
    missing = [sample for sample in samples if sample not in outcomes]
    print(f"{len(samples) - len(missing)} of {len(samples)} samples are there already", flush=True)
    with results.open("a", encoding="utf-8") as stream:
        stream.write("\n")  # ends a line that was cut short
        for count, outcome in enumerate(judge_all(panel, missing, cores), start=1):
            outcomes[outcome.kind, outcome.number] = outcome
            stream.write(json.dumps(replace(outcome, state=state).as_dict()) + "\n")
            stream.flush()
            if outcome.failed:
                print(f"{outcome.kind}:{outcome.number} fails {', '.join(outcome.failed)}", flush=True)
            if count % 100 == 0:
                print(f"{count} of {len(missing)}", flush=True)
    judged = [outcomes[sample] for sample in samples]
    kinds = [kind for kind in KINDS.values() if any(sample[0] == kind.name for sample in samples)]
    print("\n".join(["", *summary(kinds, judged)]))
    broken = violations(kinds, judged)
    print("\n".join(f"VIOLATED {each}" for each in broken) or "all promises are kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
