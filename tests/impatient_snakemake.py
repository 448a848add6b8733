"""Runs snakemake as it is, but has it look at the jobs of a cluster every other second.

The Slurm plugin spares the controller: after each look at which no job has ended it waits ten seconds longer
than before the look. Jobs of a few seconds would then be seen to have ended half a minute later.
"""

import sys

LOOK_EVERY = 2.0
"""Seconds."""


def _do_not_wait_longer(executor: object, seconds: float) -> None:
    """Take no notice of the plugin's wish."""


if __name__ == "__main__":
    from snakemake.cli import main
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    RemoteExecutor.next_seconds_between_status_checks = property(
        lambda executor: LOOK_EVERY, _do_not_wait_longer
    )
    sys.exit(main())
