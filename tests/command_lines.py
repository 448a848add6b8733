"""The command lines of the stages, for tests that disturb them.

A directory of inputs holds what the stages before have written under the names that these commands give.
"""

from collections.abc import Sequence
from pathlib import Path

STAGES: dict[str, Sequence[str]] = {
    "screen": ("screen", "{reads}", "--output", "{o}/c.fastq.gz", "--metrics", "{o}/s.json"),
    "align": (
        *("align", "--reads", "{i}/c.fastq.gz", "--sample", "x"),
        *("--output", "{o}/a.bam", "--metrics", "{o}/a.json"),
    ),
    "evidence": ("evidence", "--bam", "{i}/a.bam", "--output", "{o}/e.json.gz"),
    "call": ("call", "--evidence", "{i}/e.json.gz", "--output", "{o}/calls.json"),
    "report": (
        *("report", "--sample", "x", "--screen", "{i}/s.json", "--align", "{i}/a.json"),
        *("--calls", "{i}/calls.json", "--json", "{o}/r.json", "--html", "{o}/r.html"),
        *("--tsv", "{o}/r.tsv", "--vcf", "{o}/r.vcf.gz", "--arriba", "{o}/r.arriba.tsv"),
    ),
    "analyse": (
        *("analyse", "--sample", "y", "--reads", "{i}/c.fastq.gz", "--screen", "{i}/s.json"),
        *("--output", "{o}"),
    ),
}
"""From reads to a report, in the order of the data."""

BESIDE_THEM: dict[str, Sequence[str]] = {
    "extract": ("extract", "{reads}", "--output", "{o}/e.fastq.gz", "--metrics", "{o}/e.json"),
    "tag": (
        *("tag", "--bam", "{i}/a.bam", "--calls", "{i}/calls.json"),
        *("--output", "{o}/p.bam", "--reference", "{o}/j.fa"),
    ),
    "simulate": (
        *("simulate", "--output", "{o}/reads", "--fusion", "FIVE:2::THREE:2=x9"),
        *("--background", "200"),
    ),
}
"""Other commands that need a panel."""

WITHOUT_PANEL: dict[str, Sequence[str]] = {
    "panel": (
        *("panel", "build", "--panel", "{i}/small.yaml", "--genome", "{i}/genome.fa"),
        *("--output", "{o}/panel"),
    ),
    "summary": ("summary", "{i}/r.json", "--output-tsv", "{o}/s.tsv", "--output-html", "{o}/s.html"),
}
"""Commands that make a panel, or read reports alone."""

COMMANDS = {**STAGES, **BESIDE_THEM, **WITHOUT_PANEL}


def command_line(name: str, panel: Path, inputs: Path, output: Path, *reads: Path) -> list[str]:
    """Return the arguments of a command.

    Args:
        name: of `COMMANDS`.
        panel: panel directory.
        inputs: directory that it reads from.
        output: directory that it writes to.
        reads: files of reads, where it reads such.
    """
    words: list[str] = []
    for word in COMMANDS[name]:
        words += map(str, reads) if word == "{reads}" else [word.format(i=inputs, o=output)]
    return words if name in WITHOUT_PANEL else [*words, "--panel", str(panel)]
