"""Downloads the loci of a panel from a public sequence service: a few megabases instead of a whole genome.

Two services are known by their documented addresses: the UCSC Genome Browser's REST interface (JSON, 0-based
half-open) and Ensembl's (plain text, 1-based inclusive). A mirror that answers in the same form may replace
either. Every answer is checked: a service that is busy, a proxy's error page or a connection that breaks off
must never end up as sequence.

Each locus is kept in a part file as soon as it is there, so that an interrupted run goes on where it stopped.
A record beside the FASTA says what it is and where it came from; with it the next run needs no network. The
proof of the reference is left to `panel build`, which treats every source alike.
"""

import gzip
import hashlib
import http.client
import json
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from aspsfusion import __version__
from aspsfusion.errors import ParameterError, ServiceError
from aspsfusion.io.fasta import fasta_record
from aspsfusion.io.files import Progress, no_progress, replacing
from aspsfusion.panel.genome import Region, gene_region
from aspsfusion.panel.gtf import complete_spec
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.panel.spec import PanelSpec

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

RECORD_SUFFIX = ".json"
PARTS_SUFFIX = ".parts"
FASTA_WIDTH = 60

_BASES = re.compile(r"[ACGTNRYSWKMBDHVacgtnryswkmbdhv]*")
_SHOWN = 60
"""Characters of a wrong answer that the error shows."""

OFFLINE_REMEDY = (
    "check the network and the proxy (HTTPS_PROXY), or copy the genome or the loci from elsewhere and give "
    "the file instead"
)


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
            f"'{source}' is not a source of sequence",
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
            ServiceError: the service refuses, cannot be reached, or gives something else at every attempt.
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
            raise _PassingError(f"cannot be reached ({error.reason})") from error
        except (http.client.HTTPException, OSError) as error:
            raise _PassingError(f"broke off ({type(error).__name__})") from error


@dataclass(frozen=True)
class Fetched:
    """Outcome of a download.

    Attributes:
        loci: number of loci in the FASTA.
        bases: their bases.
        asked: how many of them the service was asked for in this run; the others were there already.
    """

    loci: int
    bases: int
    asked: int


def loci_of(spec: PanelSpec) -> list[Region]:
    """Return the loci that a panel needs, overlapping ones joined, sorted by chromosome name and position."""
    joined: list[Region] = []
    for region in sorted(gene_region(gene) for gene in spec.genes):
        if joined and joined[-1].chrom == region.chrom and region.start <= joined[-1].end:
            region = Region(region.chrom, joined[-1].start, max(joined.pop().end, region.end))
        joined.append(region)
    return joined


def fetch_loci(
    yaml_path: Path,
    gtf_path: Path | None,
    output: Path,
    source: str,
    *,
    force: bool = False,
    progress: Progress = no_progress,
    service: SequenceService | None = None,
) -> Fetched:
    """Download the loci of a panel into one FASTA.

    Args:
        yaml_path: panel YAML.
        gtf_path: annotation for genes that the YAML names without exons.
        output: gzip FASTA to write; its record gets the same name with `.json`.
        source: see `parse_source`.
        force: replace what is there.
        progress: called after each locus with the bases so far and a note.
        service: asked instead of the one that `source` names.

    Raises:
        PanelError: the YAML or GTF is wrong.
        ServiceError: a locus cannot be downloaded.
        ParameterError: the output exists and is not what was asked for.
    """
    spec = complete_spec(load_panel_spec(yaml_path), yaml_path, gtf_path)
    parse_source(source)
    loci = loci_of(spec)
    request = {"source": source, "build": spec.genome.build, "loci": [locus.name for locus in loci]}
    bases = sum(locus.end - locus.start for locus in loci)
    record = output.with_name(output.name + RECORD_SUFFIX)
    if output.exists() and not force:
        _require_the_same(output, record, request)
        return Fetched(len(loci), bases, 0)
    parts = output.with_name(output.name + PARTS_SUFFIX)
    parts.mkdir(parents=True, exist_ok=True)
    service = service or SequenceService(source, spec.genome.build)
    asked = done = 0
    sequences = []
    for number, locus in enumerate(loci, start=1):
        part = parts / f"{locus.chrom}_{locus.start + 1}_{locus.end}{RECORD_SUFFIX}"
        found = _held(part, request, locus)
        if found is None:
            found = service.fetch(locus)
            _keep(part, request, locus, found)
            asked += 1
        sequences.append(found)
        done += len(found)
        progress(done, f", locus {number} of {len(loci)}")
    _write_fasta(output, loci, sequences)
    with replacing(record, force=True) as draft:
        checksum = hashlib.sha256(output.read_bytes()).hexdigest()
        draft.write_text(json.dumps({**request, "sha256": checksum}, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(parts)
    return Fetched(len(loci), bases, asked)


def _require_the_same(output: Path, record: Path, request: dict[str, Any]) -> None:
    """Accept an existing FASTA that is whole and answers the same request."""
    remedy = "give --force to download it again, or name another file"
    try:
        held = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ParameterError(
            f"exists already, and {record.name} does not say what it holds", path=output, remedy=remedy
        ) from error
    checksum = held.pop("sha256", None) if isinstance(held, dict) else None
    if held != request:
        raise ParameterError("exists with other loci or from another source", path=output, remedy=remedy)
    if hashlib.sha256(output.read_bytes()).hexdigest() != checksum:
        raise ParameterError(f"has changed since {record.name} was written", path=output, remedy=remedy)


def _held(part: Path, request: dict[str, Any], locus: Region) -> str | None:
    """Return the bases of a part file that an earlier run of the same request left, None if there is none."""
    try:
        data = json.loads(part.read_text(encoding="ascii"))
        bases = str(data["bases"])
        whole = len(bases) == locus.end - locus.start
        same = (data["source"], data["build"]) == (request["source"], request["build"])
        untouched = hashlib.sha256(bases.encode("ascii")).hexdigest() == data["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return bases if whole and same and untouched else None


def _keep(part: Path, request: dict[str, Any], locus: Region, bases: str) -> None:
    data = {
        "source": request["source"],
        "build": request["build"],
        "locus": locus.name,
        "sha256": hashlib.sha256(bases.encode("ascii")).hexdigest(),
        "bases": bases,
    }
    with replacing(part, force=True) as draft:
        draft.write_text(json.dumps(data) + "\n", encoding="ascii")


def _write_fasta(output: Path, loci: Sequence[Region], sequences: Sequence[str]) -> None:
    """Write the loci; the same loci always give the same bytes."""
    with (
        replacing(output, force=True) as draft,
        draft.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
    ):
        for locus, bases in zip(loci, sequences, strict=True):
            stream.write(fasta_record(locus.name, bases, FASTA_WIDTH).encode("ascii"))


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
        raise _PassingError(f"answers without sequence: '{_shown(answer)}'") from error
    if _BASES.fullmatch(bases) is None:
        raise _PassingError(f"answers without sequence: '{_shown(bases)}'")
    if len(bases) != region.end - region.start:
        raise _PassingError(f"gave {len(bases)} bases of {region.end - region.start}")
    return bases


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line[:_SHOWN] + ("..." if len(line) > _SHOWN else "")
