"""Runs the samples of a cell, one after the other, and keeps what is done when it is stopped.

Outcomes go to `NAME.part` line by line; a run that is started again with the same study, thresholds,
panel and program goes on behind the last complete line. The table gets its name when the cell is complete.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from aspsfusion import __version__
from aspsfusion.io.files import replacing
from aspsfusion.report.models import Report
from aspsfusion.simulate.records import TruthRecord
from aspsfusion.simulate.simulate import simulate
from aspsfusion.validation.chain import Chain
from aspsfusion.validation.definition import ARMS, Arm, Cell, Study
from aspsfusion.validation.judge import judge
from aspsfusion.validation.outcomes import Outcome


def run_sample(chain: Chain, study: Study, cell: Cell, arm: Arm, index: int) -> tuple[Outcome, Report]:
    """Simulate one sample, examine it and compare the verdict with the truth.

    Args:
        chain: the stages.
        study: the study.
        cell: one of its cells.
        arm: with or without the fusion.
        index: number of the sample in its arm, from 0.
    """
    truth: list[TruthRecord] = []
    fragments = []
    for fragment in simulate(chain.panel, study.parameters(cell, arm, index)):
        truth.append(fragment.truth)
        fragments.append(fragment)
    report = chain.report(f"{cell.name}.{arm}.{index}", fragments, cell.library)
    return judge(chain.panel, study, cell, arm, index, truth, report), report


def run_cell(
    chain: Chain,
    study: Study,
    cell: Cell,
    output: Path,
    scale: float = 1.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    force: bool = False,
) -> None:
    """Run all samples of a cell and write their outcomes.

    Args:
        chain: the stages.
        study: the study.
        cell: one of its cells.
        output: table to write.
        scale: by which the numbers of samples are multiplied.
        progress: called after each sample with the samples done and all samples.
        force: replace an existing table.

    Raises:
        ParameterError: the table exists, or can not be written.
        AspsfusionError: a stage failed.
    """
    wanted = [(arm, index) for arm in ARMS for index in range(study.samples(cell, arm, scale))]
    part = output.with_name(output.name + ".part")
    with replacing(output, force=force) as draft:
        mark = f"# {fingerprint(chain, study, cell)}"
        done = {(outcome.arm, outcome.index): outcome for outcome in _resumed(part, mark)}
        with part.open("w", encoding="ascii", newline="\n") as stream:
            stream.write(mark + "\n")
            stream.writelines(outcome.row() + "\n" for outcome in done.values())
            stream.flush()
            for count, key in enumerate(wanted, start=1):
                if key not in done:
                    done[key], _ = run_sample(chain, study, cell, *key)
                    stream.write(done[key].row() + "\n")
                    stream.flush()
                progress(count, len(wanted))
        rows = [Outcome.header(), *(done[key].row() for key in wanted)]
        draft.write_text("\n".join(rows) + "\n", encoding="ascii", newline="\n")
    part.unlink()


def fingerprint(chain: Chain, study: Study, cell: Cell) -> str:
    """Return a checksum of everything that the outcomes of a cell depend on."""
    facts = {
        "version": __version__,
        "study": study.model_dump(exclude={"cells", "title", "positives", "negatives"}),
        "cell": cell.model_dump(),
        "call": chain.call.model_dump(),
        "classify": chain.classify.model_dump(),
        "panel": chain.panel.provenance["checksum"],
        "genome": chain.panel.provenance["genome_file"],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _resumed(part: Path, mark: str) -> Iterator[Outcome]:
    """Yield the outcomes of an earlier run that was stopped, if it was a run of the same."""
    if not part.is_file():
        return
    lines = part.read_text(encoding="ascii", errors="replace").split("\n")
    if lines[0] != mark:
        return
    # What stands behind the last line break was cut short.
    for line in lines[1:-1]:
        yield Outcome.parse(line)
