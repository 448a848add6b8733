"""Asks a public sequence service for one region after the other, and believes nothing that it says.

Two services are known by their documented addresses: the UCSC Genome Browser's REST interface (JSON, 0-based
half-open) and Ensembl's (plain text, 1-based inclusive). A mirror that answers in the same form may replace
either. Every answer is checked: a service that is busy, a proxy's error page or a connection that breaks off
must never end up as sequence, and an answer that never ends must fill neither memory nor the day.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError
from urllib3.util import Retry

from aspsfusion import __version__
from aspsfusion.errors import ServiceError
from aspsfusion.panel.genome import Region

TIMEOUT = 60.0
"""Seconds after which a request counts as failed that has no whole answer."""

ATTEMPTS = 6
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds to wait before the second attempt, doubled for each further one, and the longest wait that a
service may ask for: six attempts bridge half a minute of trouble, more is for a person to decide."""

TIME_LIMIT = 1800.0
"""Seconds after which a run gives up, whatever is missing: what it has is kept for the next run. A panel has
some fifty loci, so that a second or two for each is usual."""

REQUEST_INTERVAL = 1.0
"""Seconds between two requests. Ensembl allows 15 a second and UCSC asks to be modest; a panel has some fifty
loci, so that a minute is spent at most."""

BUSY = (408, 425, 429, 500, 502, 503, 504)
"""HTTP statuses that pass by themselves."""

BYTES_BESIDE_BASES = 100_000
"""Most bytes of an answer beyond one for each base: UCSC repeats the request in some hundred."""

PIECE = 65_536
"""Bytes taken from the network at a time."""

UCSC_GENOMES = {"GRCh38": "hg38", "GRCh37": "hg19"}
"""UCSC's names of the builds."""

_BASES = re.compile(r"[ACGTNRYSWKMBDHVacgtnryswkmbdhv]*")
_SHOWN = 60
"""Characters of a wrong answer that the error shows."""

OFFLINE_REMEDY = (
    "check the network, the proxy (HTTPS_PROXY) and its certificates (REQUESTS_CA_BUNDLE), or copy the "
    "genome or the loci from elsewhere and give the file instead"
)


@dataclass(frozen=True)
class Form:
    """How a service is asked and answers.

    Attributes:
        base: its public address.
        address: makes the rest of the address from a region and the name of the build.
        bases: takes the bases from an answer; raises ValueError when there are none.
    """

    name: str
    base: str
    address: Callable[[Region, str], str]
    bases: Callable[[str], str]


def _ucsc_address(region: Region, build: str) -> str:
    genome = UCSC_GENOMES.get(build, build)
    return f"/getData/sequence?genome={genome};chrom={region.chrom};start={region.start};end={region.end}"


def _ucsc_bases(answer: str) -> str:
    data = json.loads(answer)
    if not isinstance(data, dict) or not isinstance(data.get("dna"), str):
        raise ValueError("no field dna")
    return str(data["dna"])


def _ensembl_address(region: Region, build: str) -> str:
    chrom = region.chrom.removeprefix("chr")
    place = f"{'MT' if chrom == 'M' else chrom}:{region.start + 1}..{region.end}:1"
    options = f"content-type=text/plain;mask=soft;coord_system_version={build}"
    return f"/sequence/region/human/{place}?{options}"


FORMS = {
    form.name: form
    for form in (
        Form("ucsc", "https://api.genome.ucsc.edu", _ucsc_address, _ucsc_bases),
        Form("ensembl", "https://rest.ensembl.org", _ensembl_address, str.strip),
    )
}


def parse_source(source: str) -> tuple[Form, str]:
    """Return form and base address of a source: `ucsc`, `ensembl`, or either with the address of a mirror.

    >>> parse_source("ensembl=http://localhost:8000/")[1]
    'http://localhost:8000'

    Raises:
        ServiceError: it is none of these.
    """
    name, _, url = source.partition("=")
    form = FORMS.get(name)
    if form is None or ("=" in source and urlsplit(url).scheme not in ("http", "https")):
        raise ServiceError(
            f"'{source}' is not a source of sequence",
            remedy="give ucsc, ensembl, or ucsc=URL or ensembl=URL of a mirror that answers in that form",
        )
    return form, (url or form.base).rstrip("/")


class _PassingError(Exception):
    """A failure that another attempt may not meet; `wait` is what the service asks for, in seconds."""

    def __init__(self, problem: str, wait: float = 0.0) -> None:
        super().__init__(problem)
        self.wait = wait


class _Policy(Retry):
    """How often is tried again, and after how long."""

    def get_backoff_time(self) -> float:
        """Return the seconds before the next attempt; urllib3 would make the second one at once."""
        return min(self.backoff_factor * 2.0 ** (len(self.history) - 1), LONGEST_WAIT)

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the seconds that a service asks to wait: a number, with a fraction at Ensembl, or a date."""
        if re.fullmatch(r"\s*\d+\.\d+\s*", retry_after):
            return float(retry_after)
        try:
            return super().parse_retry_after(retry_after)
        except InvalidHeader:
            return 0.0


POLICY = _Policy(total=ATTEMPTS - 1, backoff_factor=FIRST_WAIT, status_forcelist=BUSY)


@dataclass
class SequenceService:
    """A service that is asked for one region after the other.

    Attributes:
        source: see `parse_source`.
        interval: seconds between two requests.
        sleep: waits; replaced in tests.
        timeout: seconds for one answer.
        time_limit: seconds for all of them, from the first request.
        clock: tells the time in seconds; replaced in tests.
    """

    source: str
    build: str
    interval: float = REQUEST_INTERVAL
    sleep: Callable[[float], None] = time.sleep
    timeout: float = TIMEOUT
    time_limit: float = TIME_LIMIT
    clock: Callable[[], float] = time.monotonic
    _last: float = field(default=-1e9, init=False)
    _end: float | None = field(default=None, init=False)

    def fetch(self, region: Region) -> str:
        """Return the bases of a region, repeats in lower case where the service marks them.

        Raises:
            ServiceError: the service refuses, cannot be reached, or gives something else at every attempt,
                or too much, or takes too long.
        """
        form, base = parse_source(self.source)
        url = base + form.address(region, self.build)
        policy: Retry = POLICY
        while True:
            try:
                return _checked(self._answer(url, region.end - region.start), form, region)
            except _PassingError as failure:
                if failure.wait > LONGEST_WAIT:
                    raise ServiceError(
                        f"is busy and asks to wait {failure.wait:.0f} seconds",
                        path=url,
                        remedy="run it again later",
                    ) from failure
                try:
                    policy = policy.increment("GET", url, error=failure)
                except MaxRetryError:
                    problem = f"{failure} ({ATTEMPTS} attempts)"
                    raise ServiceError(problem, path=url, remedy=OFFLINE_REMEDY) from failure
                self._pause(max(policy.get_backoff_time(), failure.wait), url)

    def _pause(self, seconds: float, url: str) -> float:
        """Wait, and return the seconds that the run has left then."""
        now = self.clock()
        if self._end is None:
            self._end = now + self.time_limit
        if now + seconds >= self._end:
            raise ServiceError(
                f"has not given everything in {self.time_limit / 60:.0f} minutes",
                path=url,
                remedy="run it again, it goes on where it stopped; or copy the genome from elsewhere",
            )
        if seconds > 0:
            self.sleep(seconds)
        return self._end - now - seconds

    def _answer(self, url: str, bases: int) -> str:
        """Return the body of an answer with status 200.

        Another thread waits for it: the timeout of a connection begins anew with each byte that comes in.
        """
        left = self._pause(self._last + self.interval - self.clock(), url)
        self._last = self.clock()
        answers: SimpleQueue[str | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(_asked(url, bases + BYTES_BESIDE_BASES))
            except Exception as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            found = answers.get(timeout=min(self.timeout, left))
        except Empty:
            raise _PassingError(f"gives no whole answer in {self.timeout:.0f} seconds") from None
        if isinstance(found, Exception):
            raise found
        return found


def _asked(url: str, most: int) -> str:
    """Ask once and return the answer as it came; `most` is how many bytes it may have.

    A redirection is an answer like any other: whom to ask is for the user to say.
    """
    headers = {"User-Agent": f"aspsfusion/{__version__}", "Accept-Encoding": "identity"}
    try:
        with requests.get(
            url, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False
        ) as answer:
            status = f"answers {answer.status_code} {answer.reason}"
            if POLICY.is_retry("GET", answer.status_code):
                raise _PassingError(status, POLICY.get_retry_after(answer.raw) or 0.0)
            if answer.status_code != requests.codes.ok:
                said = _shown(answer.raw.read(10 * _SHOWN, decode_content=False).decode("utf-8", "replace"))
                raise ServiceError(
                    f"{status}: {said}", path=url, remedy="check the panel's coordinates and the source"
                )
            body = bytearray()
            # Not decoded: a few bytes of gzip can become any number.
            while piece := answer.raw.read(PIECE, decode_content=False):
                body += piece
                if len(body) > most:
                    raise ServiceError(
                        f"gives more than the {most:,} bytes that its answer may have",
                        path=url,
                        remedy="check the source",
                    )
            return body.decode("utf-8", "replace")
    except ValueError as error:
        raise ServiceError("is no address that can be asked", path=url, remedy="check the source") from error
    except (requests.ConnectionError, requests.ConnectTimeout) as error:
        inner = _innermost(error)
        reason = getattr(inner, "strerror", None) or inner
        raise _PassingError(f"cannot be reached ({reason})") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _PassingError(f"broke off ({type(_innermost(error)).__name__})") from error


def _innermost(error: BaseException) -> BaseException:
    """Return the error in which wrapped ones began."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _checked(answer: str, form: Form, region: Region) -> str:
    """Return the bases of an answer if they can be the region's."""
    try:
        bases = form.bases(answer)
    except (ValueError, RecursionError) as error:
        raise _PassingError(f"answers without sequence: '{_shown(answer)}'") from error
    if _BASES.fullmatch(bases) is None:
        raise _PassingError(f"answers without sequence: '{_shown(bases)}'")
    if len(bases) != region.end - region.start:
        raise _PassingError(f"gave {len(bases)} bases of {region.end - region.start}")
    return bases


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line[:_SHOWN] + ("..." if len(line) > _SHOWN else "")
