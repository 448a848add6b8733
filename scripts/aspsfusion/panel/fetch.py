"""Downloads the loci of a panel from a public sequence service: a few megabases instead of a whole genome.

Each locus is kept in a part file as soon as it is there, so that an interrupted run goes on where it stopped.
A record beside the FASTA says what it is and where it came from; with it the next run needs no network. The
proof of the reference is left to `panel build`, which treats every source alike.
"""

import gzip
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aspsfusion.io.fasta import fasta_record
from aspsfusion.io.files import Progress, no_progress, replacing, write_text
from aspsfusion.panel.fetch_record import RECORD_SUFFIX, require_the_same, write_record
from aspsfusion.panel.genome import Region, gene_region, merged
from aspsfusion.panel.gtf import complete_spec
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.panel.sequence_service import SequenceService, parse_source
from aspsfusion.panel.spec import PanelSpec

PARTS_SUFFIX = ".parts"
FASTA_WIDTH = 60


@dataclass(frozen=True)
class Fetched:
    """Outcome of a download.

    Attributes:
        asked: how many of them the service was asked for in this run; the others were there already.
    """

    loci: int
    bases: int
    asked: int


def loci_of(spec: PanelSpec) -> list[Region]:
    """Return the loci that a panel needs, overlapping ones joined, sorted by chromosome name and position."""
    return merged(sorted(gene_region(gene) for gene in spec.genes))


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
    """Download the loci of a panel into one gzip FASTA, with a record of the same name and `.json`.

    A GTF is for genes that the YAML names without exons; see `parse_source` for the source. A `service` is
    asked instead of the one that the source names.

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
    if output.exists() and not force:
        require_the_same(output, request)
        return Fetched(len(loci), bases, 0)
    parts = output.with_name(output.name + PARTS_SUFFIX)
    parts.mkdir(parents=True, exist_ok=True)
    service = service or SequenceService(source, spec.genome.build)
    asked = done = 0
    records = []
    for number, locus in enumerate(loci, start=1):
        part = parts / f"{locus.chrom}_{locus.start + 1}_{locus.end}{RECORD_SUFFIX}"
        found = _held(part, request, locus)
        if found is None:
            found = service.fetch(locus)
            _keep(part, request, locus, found)
            asked += 1
        records.append(fasta_record(locus.name, found, FASTA_WIDTH).encode("ascii"))
        done += len(found)
        progress(done, f", locus {number} of {len(loci)}")
    with (
        replacing(output, force=True) as draft,
        draft.open("wb") as raw,
        # Without name and time: the same loci always give the same bytes.
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
    ):
        stream.writelines(records)
    write_record(output, request)
    shutil.rmtree(parts)
    return Fetched(len(loci), bases, asked)


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
        **{key: request[key] for key in ("source", "build")},
        "locus": locus.name,
        "sha256": hashlib.sha256(bases.encode("ascii")).hexdigest(),
        "bases": bases,
    }
    write_text(part, json.dumps(data) + "\n")
