"""Defines every error that a user can cause, each with its place and its remedy.

Library code raises these; only the command line turns them into one line on standard error and
exit status 1. Anything else that escapes is a bug and keeps its traceback.
"""

import errno
from pathlib import Path

ERROR_MARK = "aspsfusion: error: "
"""What the command line puts in front of an error; a log is searched for it."""

STAGE_MARK = "aspsfusion: stage "
"""What `aspsfusion analyse` puts in front of the name of each stage that begins; a log is searched for it."""


NO_ROOM = {
    errno.ENOSPC: "no space is left on its file system",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it grew larger than files may be here",
}
"""Errors of the system that say that there is no room, in words."""

MAKE_ROOM = "make room there and run the same command again"


def printable(text: str) -> str:
    r"""Return a text with an escape for each character that cannot be printed.

    Names in files may hold control characters, and those that steer a terminal.

    >>> printable("r1\x1b[2J\udcff ü")
    'r1\\x1b[2J\\udcff ü'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class AspsfusionError(Exception):
    """A problem that the user can fix.

    Args:
        problem: what is wrong, in one clause without a final stop.
        path: the file concerned, if there is one.
        where: the line or record in that file, for example ``line 7`` or ``record 12``.
        remedy: what to do about it, in one clause.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | Path | None = None,
        where: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.path = None if path is None else str(path)
        self.where = where
        self.remedy = remedy
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Return the error as one line: file, place, problem and remedy."""
        place = ", ".join(part for part in (self.path, self.where) if part)
        text = f"{place}: {self.problem}" if place else self.problem
        if self.remedy:
            text = f"{text}; {self.remedy}"
        return printable(" ".join(text.split()))


class PanelError(AspsfusionError):
    """The panel YAML, a GTF or a panel directory is wrong."""


class ReferenceProofError(AspsfusionError):
    """The genome FASTA does not hold what the panel states."""


class ReadsError(AspsfusionError):
    """A FASTQ or BAM file, or a file that a stage wrote, is missing, damaged or out of step."""


class ParameterError(AspsfusionError):
    """A setting or an argument makes no sense, or an output cannot be written."""


class TooBigError(AspsfusionError):
    """There is not enough memory for a file."""


class SampleSheetError(AspsfusionError):
    """The sample sheet is wrong."""


class ReportError(AspsfusionError):
    """A report.json is missing, damaged or of another program or version."""


class InstallationError(AspsfusionError):
    """The program is not installed completely."""


class ServiceError(AspsfusionError):
    """A sequence service cannot be reached or does not give what was asked for."""


def reason_of(error: OSError) -> str:
    """Return why the system refused a file, in lower case as a part of a sentence.

    >>> reason_of(FileNotFoundError(2, "No such file or directory"))
    'no such file or directory'
    """
    return (error.strerror or str(error)).lower()


def sentence_of(error: AspsfusionError | OSError) -> str:
    """Return an error of the program or of the system as one line: file, problem and remedy.

    >>> sentence_of(PermissionError(13, "Permission denied", "x.bam"))
    'x.bam: permission denied; check path, permission and free space'
    """
    if isinstance(error, AspsfusionError):
        return error.sentence()
    if error.errno in NO_ROOM:
        problem, remedy = f"cannot be written: {NO_ROOM[error.errno]}", MAKE_ROOM
    else:
        problem, remedy = reason_of(error), "check path, permission and free space"
    path = None if error.filename is None else str(error.filename)
    return AspsfusionError(problem, path=path, remedy=remedy).sentence()
