"""Entry point of `aspsfusion` and `python -m aspsfusion`."""

import sys

from aspsfusion.cli import main as run_command_line


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run_command_line())


if __name__ == "__main__":
    main()
