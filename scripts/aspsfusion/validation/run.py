"""Runs the samples of a cell, one after the other, and keeps what is done when it is stopped.

Outcomes go to `NAME.part` line by line; a run that is started again with the same study, thresholds,
panel and program goes on behind the last complete line. The table gets its name when the cell is complete.

Takes one sample through screen, align, evidence, call and report in this process.

The files between the stages that are worth nothing afterwards are not written; everything that is, lies in
one directory that the next sample overwrites.

Compares the report of a simulated sample with the truth.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from aspsfusion.simulate.molecules import breakpoints, parse_fusion
from aspsfusion.simulate.records import SimulatedFragment, TruthRecord
from aspsfusion.simulate.simulate import simulate
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.study import ARMS, Arm, Cell, Study

_SCREEN, _ALIGN = "screen.json", "align.json"


class Chain:
    """All stages with their thresholds, on one panel.

    Args:
        panel_directory: built panel.
        scratch: directory for the files between the stages; best in memory.
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

        Raises:
            AspsfusionError: a stage failed.
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


SILENT_REASONS = frozenset(
    {
        "LOW_COVERAGE",
        "FIVE_PRIME_GENE_NOT_SEEN",
        "CONTROL_GENES_NOT_SEEN",
        "WOULD_HAVE_BEEN_SEEN",
    }
)
"""Reasons of a verdict that say nothing was found, only how well it was looked for."""


def judge(
    panel: Panel,
    study: Study,
    cell: Cell,
    arm: Arm,
    index: int,
    truth: Sequence[TruthRecord],
    report: Report,
) -> Outcome:
    """Return the outcome of a sample.

    Args:
        panel: the panel that it was simulated and examined with.
        study: the study.
        cell: its cell.
        arm: its arm.
        index: its number.
        truth: of every fragment.
        report: what the stages made of it.
    """
    holds = cell.truth_of(arm)
    simulated = study.fusion_of(cell)
    crossing = sum(
        record.crosses_junction
        for record in truth
        if record.contig == simulated and record.source == "fusion" and not record.duplicate_of
    )
    named = right_type = exact = None
    fragments = 0
    if holds != "none":
        expected = breakpoints(panel, parse_fusion(simulated))
        of_name = [fusion for fusion in report.fusions if fusion.name == expected.fusion]
        largest = max(of_name, key=lambda fusion: fusion.fragments, default=None)
        fragments = sum(fusion.fragments for fusion in of_name)
        named = largest is not None
        if largest is not None:
            reported = junction_of(largest)
            exact = reported == expected or (not cell.at_exon_ends and equivalent(panel, reported, expected))
            kind = study.type_of(cell)
            right_type = None if kind is None else largest.type == kind
    return Outcome(
        cell=cell.name,
        arm=arm,
        index=index,
        truth=holds,
        call=report.verdict.call,
        reasons=",".join(reason.code for reason in report.verdict.reasons),
        crossing=crossing,
        fragments=fragments,
        named=named,
        right_type=right_type,
        exact=exact,
        seen=not {reason.code for reason in report.verdict.reasons} <= SILENT_REASONS,
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

    Where the genes share bases at a junction, no read can tell to which of them these belong.
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
