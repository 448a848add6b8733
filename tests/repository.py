"""Where the tests find what the repository holds, and its commands."""

from pathlib import Path

from aspsfusion.cli import build_parser

ROOT = Path(__file__).parent.parent
SHIPPED_PANEL = ROOT / "resources" / "panels" / "aspscr1_tfe3.yaml"
BCR_ABL1_PANEL = ROOT / "tests" / "panels" / "bcr_abl1.yaml"


def run_command(*arguments: object) -> None:
    """Run a command in this process; its errors are raised, not printed."""
    args = build_parser().parse_args([str(argument) for argument in arguments])
    args.run(args)
