"""Where the tests find what the repository holds, and its commands."""

from pathlib import Path

from aspsfusion.batch.outcomes import REPORT_FILES, STAGE_FILES
from aspsfusion.cli import build_parser

ROOT = Path(__file__).parent.parent
SHIPPED_PANEL = ROOT / "resources" / "panels" / "aspscr1_tfe3.yaml"
BCR_ABL1_PANEL = ROOT / "tests" / "panels" / "bcr_abl1.yaml"


def run_command(*arguments: object) -> None:
    """Run a command in this process; its errors are raised, not printed."""
    args = build_parser().parse_args([str(argument) for argument in arguments])
    args.run(args)


def sample_files(outdir: str, sample_id: str) -> list[str]:
    """Return every file that a sample with a report has, without those that were asked for besides."""
    names = [*(name for files in STAGE_FILES.values() for name in files), *REPORT_FILES]
    return [f"{outdir}/{sample_id}/{sample_id}.{name}" for name in names]
