"""Runs the samples of a cell: simulates each, runs all stages on it and compares the report with the truth.

One process runs all stages of all samples of a cell. Outcomes go to `NAME.part` line by line; a run that is
started again with the same study, thresholds, panel and program goes on after the last complete line. The
table gets its name when the cell is complete.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aspsfusion import __version__
from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CallsFile
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.interpret.compose import StageResults, compose_report, read_metrics
from aspsfusion.io.files import replacing
from aspsfusion.panel.panel import Junction, Panel, load_panel
from aspsfusion.pipeline import call_candidates
from aspsfusion.report.findings import Fusion
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from aspsfusion.simulate.molecules import breakpoints, parse_fusion
from aspsfusion.simulate.records import SimulatedFragment, TruthRecord
from aspsfusion.simulate.simulate import simulate, write_simulation
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.study import ARMS, Cell, Study, StudySample

SILENT_REASONS = frozenset(
    {"LOW_COVERAGE", "FIVE_PRIME_GENE_NOT_SEEN", "CONTROL_GENES_NOT_SEEN", "WOULD_HAVE_BEEN_SEEN"}
)
"""Reasons of a verdict that say nothing was found, only how well it was looked for."""

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: the files between the stages of thousands of small samples go there."""

_SCREEN, _ALIGN = "screen.json", "align.json"


class Chain:
    """All stages with their thresholds, on one panel.

    Args:
        panel_directory: built panel.
        scratch: directory for the files between the stages, which each sample overwrites; best in memory.
        call: thresholds of the evidence.
        classify: thresholds of the verdict.
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

    def report(
        self, sample: str, fragments: Iterable[SimulatedFragment], library: str | None = None
    ) -> Report:
        """Return the report of a sample of simulated fragments.

        Args:
            sample: sample name.
            fragments: the reads; all pairs or all single.
            library: declared library type.
        """
        return self.report_of_files(sample, self._written(fragments), library)

    def report_of_files(self, sample: str, lane: Lane, library: str | None = None) -> Report:
        """Return the report of a sample in FASTQ files."""
        calls = self.calls_of_files(sample, lane)
        screen, align = (read_metrics(self._scratch / name) for name in (_SCREEN, _ALIGN))
        results = StageResults(sample, screen, align, calls, library)
        return compose_report(self.panel, results, self.classify)

    def calls(self, sample: str, fragments: Iterable[SimulatedFragment]) -> CallsFile:
        """Return the calls of a sample of simulated fragments."""
        return self.calls_of_files(sample, self._written(fragments))

    def calls_of_files(self, sample: str, lane: Lane) -> CallsFile:
        """Return the calls of a sample in FASTQ files."""
        directory, scratch = self._directory, self._scratch
        candidates, bam = scratch / "candidates.fastq.gz", scratch / "panel.bam"
        run_screen(directory, [lane], candidates, scratch / _SCREEN, force=True)
        outputs = {"bam": bam, "align": scratch / _ALIGN, "evidence": scratch / "evidence.json.gz"}
        return call_candidates(self._caller, candidates, sample, outputs, force=True)

    def _written(self, fragments: Iterable[SimulatedFragment]) -> Lane:
        texts: tuple[list[str], list[str]] = ([], [])
        for fragment in fragments:
            for lines, read in zip(texts, (fragment.read_1, fragment.read_2), strict=True):
                if read is not None:
                    lines.append(f"@{fragment.name}\n{read.sequence}\n+\n{read.qualities}\n")
        return self.write_reads([text for text in ("".join(lines) for lines in texts) if text])

    def write_reads(self, texts: Sequence[str]) -> Lane:
        """Write the text of one or two FASTQ files where the next sample's are written too."""
        paths = [self._scratch / f"reads_{mate}.fastq" for mate in range(1, len(texts) + 1)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="ascii")
        return Lane(paths[0], paths[1] if len(paths) > 1 else None)


@contextmanager
def open_chain(panel_directory: Path, call: CallParameters, classify: ClassifyParameters) -> Iterator[Chain]:
    """Give the stages a directory for their files that is removed afterwards, in memory where possible."""
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="aspsfusion.", dir=memory) as scratch:
        yield Chain(panel_directory, Path(scratch), call, classify)


def judge(panel: Panel, sample: StudySample, truth: Sequence[TruthRecord], report: Report) -> Outcome:
    """Return the outcome of a sample.

    Args:
        panel: the panel that it was simulated and examined with.
        sample: the sample.
        truth: of every fragment.
        report: what the stages made of it.
    """
    crossing = sum(
        record.crosses_junction
        for record in truth
        if record.contig == sample.fusion and record.source == "fusion" and not record.duplicate_of
    )
    named = right_type = exact = None
    fragments = 0
    if sample.truth != "none":
        expected = breakpoints(panel, parse_fusion(sample.fusion))
        of_name = [fusion for fusion in report.fusions if fusion.name == expected.fusion]
        largest = max(of_name, key=lambda fusion: fusion.fragments, default=None)
        fragments = sum(fusion.fragments for fusion in of_name)
        named = largest is not None
        if largest is not None:
            reported = junction_of(largest)
            exact = reported == expected or (
                not sample.cell.at_exon_ends and equivalent(panel, reported, expected)
            )
            right_type = None if sample.type is None else largest.type == sample.type
    codes = [reason.code for reason in report.verdict.reasons]
    return Outcome(
        cell=sample.cell.name,
        arm=sample.arm,
        index=sample.index,
        truth=sample.truth,
        call=report.verdict.call,
        reasons=",".join(codes),
        crossing=crossing,
        fragments=fragments,
        named=named,
        right_type=right_type,
        exact=exact,
        seen=not set(codes) <= SILENT_REASONS,
        informative=min(report.exclusion.informative_fragments.values(), default=0),
        detectable=report.exclusion.detectable_fraction,
    )


def junction_of(fusion: Fusion) -> Junction:
    """Return a reported fusion's joined bases, 0-based."""
    return Junction(
        fusion.five_prime.gene,
        fusion.five_prime.pos - 1,
        fusion.three_prime.gene,
        fusion.three_prime.pos - 1,
    )


def equivalent(panel: Panel, one: Junction, other: Junction) -> bool:
    """Whether two junctions make the same transcript, because both genes share the bases between them.

    Where the genes share bases at a junction, no read shows to which of them these belong.
    """
    if (one.five_gene, one.three_gene) != (other.five_gene, other.three_gene):
        return False
    genes = one.five_gene, one.three_gene
    if not set(genes) <= set(panel.unspliced):
        return one == other
    five, three = (panel.unspliced[gene] for gene in genes)
    pairs = sorted(
        (five.from_genome(junction.five_pos), three.from_genome(junction.three_pos))
        for junction in (one, other)
    )
    (low_five, low_three), (high_five, high_three) = pairs
    moved = high_five - low_five
    return (
        moved == high_three - low_three
        and five.sequence[low_five + 1 : high_five + 1] == three.sequence[low_three:high_three]
    )


def run_sample(chain: Chain, sample: StudySample) -> tuple[Outcome, Report]:
    """Simulate one sample, examine it and compare the verdict with the truth."""
    fragments = list(simulate(chain.panel, sample.parameters()))
    report = chain.report(sample.name, fragments, sample.cell.library)
    truth = [fragment.truth for fragment in fragments]
    return judge(chain.panel, sample, truth, report), report


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
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    force: bool = False,
) -> None:
    """Run all samples of a cell and write their outcomes.

    Args:
        chain: the stages.
        study: the study.
        cell: one of its cells.
        output: table to write, one row for each sample.
        scale: by which the numbers of samples are multiplied.
        progress: called after each sample with the samples done and all samples.
        force: replace an existing table.

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
    # What follows the last line break was cut short.
    for line in lines[1:-1]:
        yield Outcome.parse(line)
