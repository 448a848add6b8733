"""Takes one sample through screen, align, evidence, call and report in this process.

The files between the stages that are worth nothing afterwards are not written; everything that is, lies in
one directory that the next sample overwrites.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from aspsfusion.analyse import call_candidates
from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CallsFile
from aspsfusion.interpret.compose import compose_report, read_metrics
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.parameters import CallParameters, ClassifyParameters
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from aspsfusion.simulate.records import SimulatedFragment

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
        return compose_report(self.panel, sample, screen, align, calls, self.classify, library)

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
