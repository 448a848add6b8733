"""Runs the samples of a cell: simulates each, runs all stages on it and has the report judged.

One process runs all stages of all samples of a cell. Outcomes go to `NAME.part` line by line; a run that is
started again with the same study, thresholds, panel and program goes on after the last complete line. The
table gets its name when the cell is complete.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aspsfusion import __version__
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures
from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import Calls
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.interpret.compose import StageResults, compose_report, read_metrics
from aspsfusion.io.files import Progress, no_progress, replacing
from aspsfusion.io.records import Records
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.pipeline import call_candidates
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from aspsfusion.simulate.primers import fasta, primers_of
from aspsfusion.simulate.records import SimulatedFragment
from aspsfusion.simulate.simulate import simulate, write_simulation
from aspsfusion.validation.judge import judge
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.study import ARMS, Cell, Study, StudySample

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: the files between the stages of thousands of small samples go there."""


class Chain:
    """All stages with their thresholds, on one panel.

    `scratch` is for the files between the stages, which each sample overwrites; best in memory.

    Attributes:
        records: alignment records of the sample that was examined last.
    """

    def __init__(
        self,
        panel_directory: Path,
        scratch: Path,
        call: CallParameters | None = None,
        classify: ClassifyParameters | None = None,
    ) -> None:
        self.panel: Panel = load_panel(panel_directory)
        self.call = call or CallParameters()
        self.classify = classify or ClassifyParameters()
        self._caller = Caller(self.panel, self.call)
        self._directory = panel_directory
        self._scratch = scratch
        self.records: Records | None = None

    def examine(
        self,
        sample: str,
        lanes: Sequence[Lane],
        library: str | None = None,
        structures: ReadStructures = TEMPLATES_ALONE,
        primers: Path | None = None,
        *,
        settle: bool = True,
    ) -> StageResults:
        """Return what the stages before the verdict find in a sample.

        `settle` is that of `pipeline.call_candidates`; without it, `records` hold every candidate.
        """
        scratch = self._scratch
        candidates, screen, align = (
            scratch / name for name in ("candidates.fastq.gz", "screen.json", "align.json")
        )
        run_screen(self._directory, lanes, candidates, screen, force=True)
        outputs = {"align": align, "evidence": scratch / "evidence.json.gz"}
        called = call_candidates(
            self._caller,
            candidates,
            sample,
            outputs,
            structures=structures,
            primers=primers,
            settle=settle,
            force=True,
        )
        self.records = called.records
        return StageResults(sample, read_metrics(screen), read_metrics(align), called.calls, library)

    def calls(self, lanes: Sequence[Lane]) -> Calls:
        """Return the calls of a sample of which nothing else is wanted."""
        return self.examine("reads", lanes).record.calls

    def report(self, results: StageResults, tumour_fraction: float | None = None) -> Report:
        """Return the report of a sample, with a declared share of tumour cells or without."""
        return compose_report(self.panel, replace(results, tumour_fraction=tumour_fraction), self.classify)

    def write_fragments(self, fragments: Iterable[SimulatedFragment]) -> list[Lane]:
        """Write simulated reads, all pairs or all single, where the next sample's are written too."""
        lanes: dict[int, tuple[list[str], list[str]]] = {}
        for fragment in fragments:
            texts = lanes.setdefault(fragment.lane, ([], []))
            for lines, read in zip(texts, (fragment.read_1, fragment.read_2), strict=True):
                if read is not None:
                    lines.append(f"@{fragment.name}\n{read.sequence}\n+\n{read.qualities}\n")
        return [
            self.write_reads(["".join(lines) for lines in texts if lines], lane)
            for lane, texts in lanes.items()
        ]

    def write_reads(self, texts: Sequence[str], lane: int = 0) -> Lane:
        """Write the text of one or two FASTQ files of a lane where the next sample's are written too."""
        paths = [self._scratch / f"reads_{lane}_{mate}.fastq" for mate in range(1, len(texts) + 1)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="ascii")
        return Lane(paths[0], paths[1] if len(paths) > 1 else None)

    def write_primers(self, text: str) -> Path:
        """Write the FASTA of a library's primers where the next sample's are written too."""
        path = self._scratch / "primers.fa"
        path.write_text(text, encoding="ascii")
        return path


@contextmanager
def open_chain(panel_directory: Path, call: CallParameters, classify: ClassifyParameters) -> Iterator[Chain]:
    """Give the stages a directory for their files that is removed afterwards, in memory where possible."""
    memory = MEMORY if MEMORY.is_dir() else None
    with scratch_directory(memory) as scratch:
        yield Chain(panel_directory, scratch, call, classify)


def run_sample(chain: Chain, sample: StudySample) -> tuple[Outcome, Report]:
    """Simulate one sample, examine it and compare the verdict with the truth."""
    cell, parameters = sample.cell, sample.parameters()
    fragments = list(simulate(chain.panel, parameters))
    lanes, primers = chain.write_fragments(fragments), None
    if cell.declare_primers:
        primers = chain.write_primers(fasta(primers_of(chain.panel, parameters.primers)))
    results = chain.examine(sample.name, lanes, cell.library, primers=primers)
    report = chain.report(results)
    declared = None
    if cell.tumour_fraction is not None:
        declared = chain.report(results, cell.tumour_fraction).verdict.call
    truth = [fragment.truth for fragment in fragments]
    return judge(chain.panel, sample, truth, report, declared), report


def write_sample(
    chain: Chain, sample: StudySample, prefix: Path, *, force: bool = False
) -> tuple[list[Path], Outcome, Report]:
    """Make a sample again and write its reads, truth and report under names that begin with `prefix`."""
    paths = write_simulation(chain.panel, sample.parameters(), prefix, force=force)
    outcome, report = run_sample(chain, sample)
    record = Path(f"{prefix}.report.json")
    write_json(report, record)
    return [*paths, record], outcome, report


def run_cell(
    chain: Chain,
    study: Study,
    cell: Cell,
    output: Path,
    scale: float = 1.0,
    progress: Progress = no_progress,
    *,
    force: bool = False,
) -> None:
    """Run all samples of a cell, their numbers multiplied by a scale, and write a table of their outcomes.

    Raises:
        ParameterError: the table exists, or cannot be written.
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
                    done[key], _ = run_sample(chain, study.sample(cell.name, *key))
                    stream.write(done[key].row() + "\n")
                    stream.flush()
                progress(count, f" of {len(wanted)}")
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
    # What follows the last line break was cut short.
    for line in lines[1:-1]:
        yield Outcome.parse(line)
