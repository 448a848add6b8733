"""Asks a public sequence service for the bases of a region, patiently and suspiciously.

Two services are known by their documented addresses: the UCSC Genome Browser's REST interface (JSON, 0-based
half-open) and Ensembl's (plain text, 1-based inclusive). A mirror that answers in the same form may stand in
for either. Whatever comes back is checked: a service that is busy, a proxy's error page or a connection that
breaks off must never end up as sequence.
"""

import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from aspsfusion import __version__
from aspsfusion.errors import AspsfusionError
from aspsfusion.genome import Region

TIMEOUT = 60.0
"""Seconds without an answer after which a request counts as failed."""

ATTEMPTS = 6
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds to wait before the second attempt, doubled for each further one, and the longest wait that a
service may ask for: six attempts bridge half a minute of trouble, more is for a person to decide."""

REQUEST_INTERVAL = 1.0
"""Seconds between two requests. Ensembl allows 15 a second and UCSC asks to be modest; a panel has some fifty
loci, so that a minute is spent at most."""

BUSY = (408, 425, 429, 500, 502, 503, 504)
"""HTTP statuses that pass by themselves."""

UCSC_GENOMES = {"GRCh38": "hg38", "GRCh37": "hg19"}
"""UCSC's names of the builds."""

_BASES = re.compile(r"[ACGTNRYSWKMBDHVacgtnryswkmbdhv]*")
_SHOWN = 60

OFFLINE_REMEDY = (
    "check the network and the proxy (HTTPS_PROXY), or copy the genome or the loci from elsewhere and give "
    "the file instead"
)


class ServiceError(AspsfusionError):
    """A sequence service can not be reached or does not give what was asked for."""


class _PassingError(Exception):
    """A failure that another attempt may not meet; `wait` is what the service asks for, in seconds."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.wait = wait


@dataclass(frozen=True)
class Form:
    """How a service is asked and answers.

    Attributes:
        name: name of the service.
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
    if form is None or ("=" in source and urllib.parse.urlsplit(url).scheme not in ("http", "https")):
        raise ServiceError(
            f"'{source}' is no source of sequence",
            remedy="give ucsc, ensembl, or ucsc=URL or ensembl=URL of a mirror that answers in that form",
        )
    return form, (url or form.base).rstrip("/")


@dataclass
class SequenceService:
    """A service that is asked for one region after the other.

    Attributes:
        source: see `parse_source`.
        build: genome build, for example GRCh38.
        interval: seconds between two requests.
        sleep: waits; replaced in tests.
    """

    source: str
    build: str
    interval: float = REQUEST_INTERVAL
    sleep: Callable[[float], None] = time.sleep
    _last: float = field(default=-1e9, init=False)

    def fetch(self, region: Region) -> str:
        """Return the bases of a region, repeats in lower case where the service marks them.

        Args:
            region: 0-based half-open.

        Raises:
            ServiceError: the service refuses, can not be reached, or gives something else to the last.
        """
        form, base = parse_source(self.source)
        url = base + form.address(region, self.build)
        wait, problem = FIRST_WAIT, ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _checked(self._answer(url), form, region)
            except _PassingError as failure:
                problem = str(failure)
                asked = failure.wait
            if asked is not None and asked > LONGEST_WAIT:
                raise ServiceError(
                    f"is busy and asks to wait {asked:.0f} seconds", path=url, remedy="run it again later"
                )
            if attempt < ATTEMPTS:
                self.sleep(max(wait, asked or 0.0))
                wait = min(2 * wait, LONGEST_WAIT)
        raise ServiceError(f"{problem} ({ATTEMPTS} attempts)", path=url, remedy=OFFLINE_REMEDY)

    def _answer(self, url: str) -> str:
        """Return the body of an answer with status 200."""
        pause = self._last + self.interval - time.monotonic()
        if pause > 0:
            self.sleep(pause)
        self._last = time.monotonic()
        request = urllib.request.Request(url, headers={"User-Agent": f"aspsfusion/{__version__}"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return str(answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                if error.code in BUSY:
                    raise _PassingError(
                        f"answers {error.code} {error.reason}", _retry_after(error)
                    ) from error
                said = _shown(error.read(1000).decode("utf-8", "replace"))
                raise ServiceError(
                    f"answers {error.code} {error.reason}: {said}",
                    path=url,
                    remedy="check the panel's coordinates and the source",
                ) from error
        except urllib.error.URLError as error:
            raise _PassingError(f"can not be reached ({error.reason})") from error
        except (http.client.HTTPException, OSError) as error:
            raise _PassingError(f"broke off ({type(error).__name__})") from error


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    """Return the seconds that a service asks to wait: a number, with a fraction at Ensembl, or a date."""
    value = error.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _checked(answer: str, form: Form, region: Region) -> str:
    """Return the bases of an answer if they can be the region's."""
    try:
        bases = form.bases(answer)
    except ValueError as error:
        raise _PassingError(f"answers with no sequence but '{_shown(answer)}'") from error
    foreign = _BASES.fullmatch(bases) is None
    if foreign:
        raise _PassingError(f"answers with no sequence but '{_shown(bases)}'")
    if len(bases) != region.end - region.start:
        raise _PassingError(f"gave {len(bases)} bases of {region.end - region.start}")
    return bases


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line[:_SHOWN] + ("..." if len(line) > _SHOWN else "")
