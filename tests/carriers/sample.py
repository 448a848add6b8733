"""Runs a sample through the command line, in this process, and reads its report."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aspsfusion.cli import main


def run(arguments: Sequence[object]) -> None:
    """Run a subcommand; raises what it says when it fails."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([str(argument) for argument in arguments])
    if status:
        raise RuntimeError(said.getvalue().strip())


def analysed(
    panel: Path, directory: Path, lanes: Sequence[Sequence[Path]], options: Sequence[object] = ()
) -> dict[str, Any]:
    """Screen the lanes of a sample, analyse it, and return `report.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    candidates, metrics = directory / "candidates.fastq.gz", directory / "screen.json"
    more = [word for lane in lanes[1:] for word in ("--lane", *lane)]
    files = ["--output", candidates, "--metrics", metrics, "--force"]
    run(["screen", "--panel", panel, *lanes[0], *more, *files])
    inputs = ["--panel", panel, "--reads", candidates, "--screen", metrics, "--sample", "s"]
    run(["analyse", *inputs, "--output", directory, "--force", *options])
    report: dict[str, Any] = json.loads((directory / "s.report.json").read_text(encoding="utf-8"))
    return report
