"""Snakemake's logger plugin `aspsfusion`: a few lines on the screen, and everything in the log files.

Snakemake finds it by its name (interface `snakemake-interface-logger-plugins`) and imports it whenever it
starts, in the jobs of a cluster as well: so whatever it needs is imported when a run begins. Where Snakemake
is asked to say more or less (`--verbose`, `--printshellcmds`, `--quiet`...), or runs nothing, it says what it
says without the plugin.
"""

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

if TYPE_CHECKING:
    from aspsfusion.batch.on_screen import BatchScreen, Job

OF_ALL_FAILURES = (
    "Exiting because a job execution failed",
    "At least one job did not complete successfully",
    "returned non-zero exit status",
)
"""What Snakemake says beside the record of a failed job, which is shown. Other words would be, too."""


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """The plugin has no settings."""


class LogHandler(LogHandlerBase):
    """Passes on what happens to jobs, and holds back the rest of what Snakemake says."""

    def __post_init__(self) -> None:
        asked = self.common_settings
        self._speaks = not any(
            (asked.dryrun, asked.verbose, asked.printshellcmds, asked.debug_dag, asked.quiet)
        )
        self._held: list[logging.LogRecord] = []
        self._jobs: dict[int, Job] = {}
        self._screen: BatchScreen | None = None
        self._passes_on = False
        self._closed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; what is said before a run begins is shown only if none begins."""
        if not self._speaks:
            return
        try:
            if self._screen:
                self._tell(self._screen, record)
            elif getattr(record, "event", None) == LogEvent.WORKFLOW_STARTED:
                self._begin(record)
            elif self._passes_on or record.levelno >= logging.WARNING:
                self._show(record)
            else:
                self._held.append(record)
        except Exception:
            self.handleError(record)

    def _begin(self, record: logging.LogRecord) -> None:
        from aspsfusion.batch.on_screen import BatchScreen, planned_batches

        batches = planned_batches()
        if batches:
            self._screen = BatchScreen(batches, sys.stderr)
            self._held.clear()
        else:  # a workflow that is not this one
            self._held.append(record)
            self._let_go()
            self._passes_on = True

    def _tell(self, screen: "BatchScreen", record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            screen.begin()
        elif event == LogEvent.JOB_INFO:
            job = self._jobs[getattr(record, "jobid", -1)] = _job(record)
            screen.start(job)
        elif event == LogEvent.JOB_FINISHED:
            if finished := self._jobs.pop(getattr(record, "job_id", -1), None):
                screen.finish(finished)
        elif event == LogEvent.JOB_ERROR:
            screen.fail(self._jobs.get(getattr(record, "jobid", -1)) or _job(record))
        elif event == LogEvent.PROGRESS:
            screen.progress(getattr(record, "done", 0), getattr(record, "total", 0))
        elif record.levelno >= logging.WARNING and event != LogEvent.GROUP_ERROR:
            text = self.format(record)
            if not any(words in text for words in OF_ALL_FAILURES):
                screen.complain(text)

    def close(self) -> None:
        """Say how it ended; Python closes handlers once more when it ends."""
        if self._speaks and not self._closed:
            self._closed = True
            if self._screen:
                self._screen.end()
            else:
                self._let_go()
        super().close()

    def _let_go(self) -> None:
        for record in self._held:
            self._show(record)
        self._held.clear()

    def _show(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)

    @property
    def writes_to_stream(self) -> bool:
        """Whether Snakemake is to leave the screen to the plugin."""
        return self._speaks

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's own log file is written beside."""
        return False

    @property
    def has_filter(self) -> bool:
        """Take Snakemake's."""
        return False

    @property
    def has_formatter(self) -> bool:
        """Take Snakemake's."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """It is not needed."""
        return False


def _job(record: logging.LogRecord) -> "Job":
    from aspsfusion.batch.on_screen import Job

    return Job(
        getattr(record, "rule_name", None) or "a job",
        tuple(getattr(record, "output", None) or ()),
        tuple(getattr(record, "log", None) or ()),
        str((getattr(record, "wildcards", None) or {}).get("sample", "")),
    )
