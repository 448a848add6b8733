"""Downloads the loci of a panel, for a machine without a genome: a few megabases instead of gigabytes.

Each locus is kept in a part file as soon as it is there, so that an interrupted run goes on where it stopped.
Beside the FASTA stands a record of what it is and where it came from; with it the next run needs no network.
The proof of the reference is left to `panel build`, which treats every source alike.
"""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aspsfusion.errors import ParameterError
from aspsfusion.genome import Region
from aspsfusion.io.files import replacing
from aspsfusion.loci import complete_spec, gene_region
from aspsfusion.panel_spec import PanelSpec
from aspsfusion.panel_yaml import load_panel_spec
from aspsfusion.sequence_service import SequenceService, parse_source

RECORD_SUFFIX = ".json"
PARTS_SUFFIX = ".parts"
FASTA_WIDTH = 60


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
    """Return the loci that a panel needs, overlapping ones joined, in the order of the chromosomes' names."""
    joined: list[Region] = []
    for region in sorted(gene_region(gene) for gene in spec.genes):
        if joined and joined[-1].chrom == region.chrom and region.start <= joined[-1].end:
            region = Region(region.chrom, joined[-1].start, max(joined.pop().end, region.end))
        joined.append(region)
    return joined


def locus_name(region: Region) -> str:
    """Return the name of a locus as `samtools faidx` writes it, 1-based inclusive.

    >>> locus_name(Region("chrX", 49028725, 49043486))
    'chrX:49028726-49043486'
    """
    return f"{region.chrom}:{region.start + 1}-{region.end}"


def fetch_loci(
    yaml_path: Path,
    gtf_path: Path | None,
    output: Path,
    source: str,
    *,
    force: bool = False,
    progress: Callable[[int, str], None] = lambda count, note: None,
    service: SequenceService | None = None,
) -> Fetched:
    """Download the loci of a panel into one FASTA.

    Args:
        yaml_path: panel YAML.
        gtf_path: annotation for genes that the YAML names without exons.
        output: gzip FASTA to write; its record gets the same name with `.json`.
        source: see `sequence_service.parse_source`.
        force: replace what is there.
        progress: called after each locus with the bases so far and a note.
        service: asked instead of the one that `source` names.

    Raises:
        PanelError: the YAML or GTF is wrong.
        ServiceError: a locus can not be had.
        ParameterError: another file stands where the output is due.
    """
    spec = complete_spec(load_panel_spec(yaml_path), yaml_path, gtf_path)
    parse_source(source)
    loci = loci_of(spec)
    request = {"source": source, "build": spec.genome.build, "loci": [locus_name(locus) for locus in loci]}
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
        "locus": locus_name(locus),
        "sha256": hashlib.sha256(bases.encode("ascii")).hexdigest(),
        "bases": bases,
    }
    with replacing(part, force=True) as draft:
        draft.write_text(json.dumps(data) + "\n", encoding="ascii")


def _write_fasta(output: Path, loci: Sequence[Region], sequences: Sequence[str]) -> None:
    """Write the loci; the same ones always give the same bytes."""
    with (
        replacing(output, force=True) as draft,
        draft.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
    ):
        for locus, bases in zip(loci, sequences, strict=True):
            lines = [bases[i : i + FASTA_WIDTH] for i in range(0, len(bases), FASTA_WIDTH)]
            stream.write("\n".join([f">{locus_name(locus)}", *lines, ""]).encode("ascii"))
