"""Puts made fragments of a fusion into a laboratory's own negative sample at stated shares and analyses each.

The samples show at which share this laboratory's reads are CONFIRMED, and can be given to whoever is tested.
"""

import gzip
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aspsfusion import __version__
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures
from aspsfusion.batch.summary import leading_fusion
from aspsfusion.errors import ParameterError
from aspsfusion.evidence.coverage import crossing_of_gene
from aspsfusion.interpret.compose import StageResults
from aspsfusion.io.compressed import compression_name, open_inflated
from aspsfusion.io.files import Progress, no_progress, open_to_write, replacing, write_text
from aspsfusion.io.tables import write_rows
from aspsfusion.panel.panel import Junction
from aspsfusion.pipeline import SampleFiles
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.simulate.molecules import Molecule, breakpoints, fusion_molecule, parse_fusion
from aspsfusion.simulate.records import TruthRecord
from aspsfusion.simulate.simulate import GZIP_LEVEL
from aspsfusion.simulate.spike_in import MADE, MadeFragment, make_fragments, read_donors
from aspsfusion.validation.run import Chain

NEGATIVE = "negative"
"""Name of the sample as it was given, in the table and of its reports."""

GZIP_ENDINGS = (".gz", ".bgz")


@dataclass(frozen=True)
class SpikeIn:
    """What is asked for.

    Attributes:
        fusion: as `simulate` takes it, without a number.
        shares: of the acceptor's fragments, above 0 and below 1.
        fragments: numbers of fragments with a read across the junction, besides the shares.
    """

    lane: Lane
    fusion: str
    shares: tuple[float, ...] = ()
    fragments: tuple[int, ...] = ()
    library: str | None = None
    structures: ReadStructures = TEMPLATES_ALONE
    seed: int = 1


@dataclass(frozen=True)
class SpikedRow:
    """A row of `spike_in.tsv`; its fields are the columns.

    Attributes:
        sample: name of the sample, its directory and its reads; the first row is the negative as given.
        share: asked for; empty where a number was.
        wild_type: unique fragments of the negative with a read across the start of the 3' part.
        made_crossing: those with a read across the junction.
        fragments: that the report counts for its leading fusion.
        split_reads: those with a read across the junction.
    """

    sample: str
    share: float | None
    wild_type: int
    made: int
    made_crossing: int
    verdict: str
    reasons: str
    fragments: int | None
    split_reads: int | None
    fraction_three_prime: float | None
    detectable_fraction: float | None


def run_spike_in(
    chain: Chain, scratch: Path, asked: SpikeIn, output: Path, progress: Progress = no_progress
) -> list[SpikedRow]:
    """Make the samples, analyse them and write reads, reports, table and README to a new or empty directory.

    The chain of stages works in `scratch`.

    Returns:
        The rows of the table.

    Raises:
        AspsfusionError: the directory holds something, the sample is no negative, the fusion cannot be made
            of it, or a stage failed.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ParameterError(
            "exists already and is not empty",
            path=output,
            remedy="name a new directory: nothing is overwritten",
        )
    for path in asked.lane.paths:
        _require_joinable(path)
    molecule, place = _fusion(chain, asked.fusion)
    results = chain.examine(NEGATIVE, [asked.lane], asked.library, asked.structures, settle=False)
    report = chain.report(results)
    if report.verdict.call == "CONFIRMED":
        raise ParameterError(
            f"is no negative sample: {report.verdict.target} is CONFIRMED",
            path=asked.lane.fastq_1,
            remedy="give the reads of a sample without the fusion",
        )
    assert chain.records is not None  # of the sample just examined
    leads = _leads(asked.structures, results)
    donors = read_donors(chain.panel, scratch / "candidates.fastq.gz", chain.records, leads)
    coverage = results.record.calls.coverage
    wild_type = crossing_of_gene(chain.panel, coverage, place.three_gene, place.three_pos, after=False)
    if asked.shares and not wild_type:
        raise ParameterError(
            f"no fragment of the sample crosses the start of the 3' part of {asked.fusion}",
            path=asked.lane.fastq_1,
            remedy="give --fragments instead: there is nothing to take shares of",
        )
    levels: list[tuple[str, float | None, int]] = [
        (f"made_share_{share:g}", share, max(1, round(share / (1 - share) * wild_type)))
        for share in asked.shares
    ] + [(f"made_fragments_{number}", None, number) for number in asked.fragments]
    SampleFiles(output / NEGATIVE, NEGATIVE).write(report)
    rows = [_row(NEGATIVE, None, wild_type, [], report)]
    for done, (sample, share, number) in enumerate(levels, start=1):
        # Of each sample by its name, so that others beside it change nothing.
        rng = np.random.default_rng([asked.seed, *sample.encode()])
        made = make_fragments(molecule, donors, number, chain.call.min_anchor, rng)
        lane = write_spiked(asked.lane, made, output / sample)
        report = chain.report(chain.examine(sample, [lane], asked.library, asked.structures))
        SampleFiles(output / sample, sample).write(report)
        rows.append(_row(sample, share, wild_type, made, report))
        progress(done, f" of {len(levels)}")
    write_rows(SpikedRow, rows, output / "spike_in.tsv")
    write_text(output / "README.md", _readme(chain, asked, rows), force=False)
    return rows


def _fusion(chain: Chain, text: str) -> tuple[Molecule, Junction]:
    if "=" in text:
        raise ParameterError(
            f"fusion {text!r} states a number of fragments",
            remedy="leave it out, and give --shares or --fragments",
        )
    request = parse_fusion(text)
    return fusion_molecule(chain.panel, request), breakpoints(chain.panel, request)


def _leads(structures: ReadStructures, results: StageResults) -> list[int]:
    """Return the bases that reads 1 and 2 begin with before the molecule, declared and noticed."""
    leads = [layout.template.start or 0 for layout in structures.layouts] or [0, 0]
    for start in results.align.get("foreign_starts", ()):
        leads[start["read"] - 1] += start["bases"]
    return leads


def _require_joinable(path: Path) -> None:
    """Refuse a file to which reads cannot be appended as they are.

    Raises:
        ParameterError: it is compressed by another program than gzip.
    """
    if path.suffix not in GZIP_ENDINGS and (name := compression_name(path)) in ("bzip2", "xz", "zstandard"):
        raise ParameterError(
            f"is compressed with {name}, and made reads are appended to plain or gzip files",
            path=path,
            remedy="give the reads as a gzip file",
        )


def write_spiked(lane: Lane, made: Sequence[MadeFragment], directory: Path) -> Lane:
    """Write a lane's files with made fragments at their end, and the truth of these beside them.

    A gzip file gets one more member, so that what was given stays as it was, byte by byte. The names of the
    files begin with that of the directory.
    """
    records = [fragment.records() for fragment in made]
    if lane.fastq_2 is None:
        texts = ["".join(map("".join, records))]
    else:
        texts = ["".join(mates) for mates in zip(*records, strict=True)]
    written = []
    for source, text, end in zip(lane.paths, texts, ("R1", "R2"), strict=False):
        packed = compression_name(source) == "gzip"
        target = directory / f"{directory.name}_{end}.fastq{'.gz' if packed else ''}"
        data = text.encode("utf-8")
        if _last_byte(source) not in (b"\n", b""):
            data = b"\n" + data
        with replacing(target) as draft, source.open("rb") as given, open_to_write(draft) as out:
            shutil.copyfileobj(given, out)
            out.write(gzip.compress(data, GZIP_LEVEL, mtime=0) if packed else data)
        written.append(target)
    rows = [TruthRecord.header(), *(fragment.truth.row() for fragment in made)]
    write_text(directory / f"{directory.name}.truth.tsv", "\n".join(rows) + "\n", force=False)
    return Lane(written[0], written[1] if len(written) > 1 else None, lane.interleaved)


def _last_byte(path: Path) -> bytes:
    last = b""
    with open_inflated(path) as stream:
        while block := stream.read(1 << 20):
            last = block[-1:]
    return last


def _row(
    sample: str, share: float | None, wild_type: int, made: Sequence[MadeFragment], report: Report
) -> SpikedRow:
    fusion = leading_fusion(report.fusions)
    return SpikedRow(
        sample=sample,
        share=share,
        wild_type=wild_type,
        made=len(made),
        made_crossing=sum(fragment.truth.crosses_junction for fragment in made),
        verdict=report.verdict.call,
        reasons=", ".join(reason.code for reason in report.verdict.reasons),
        fragments=fusion.fragments if fusion else None,
        split_reads=fusion.split_reads if fusion else None,
        fraction_three_prime=fusion.fraction_three_prime if fusion else None,
        detectable_fraction=report.exclusion.detectable_fraction,
    )


def _readme(chain: Chain, asked: SpikeIn, rows: Sequence[SpikedRow]) -> str:
    given = ", ".join(path.name for path in asked.lane.paths)
    lines = "\n".join(
        f"| {row.sample} | {row.made} | {row.made_crossing} | {row.verdict} | {row.reasons} |" for row in rows
    )
    panel = chain.panel.spec
    return f"""# Made samples: these reads hold a fusion that was put into them

Each sample but `{NEGATIVE}` is the reads of {given}
with made fragments of {asked.fusion} appended. The names of made reads begin with
`{MADE}`; `SAMPLE.truth.tsv` lists them.

A made fragment has the read lengths, qualities, length, strand, UMI and errors of a fragment of the same
reads, and the sequence of the fusion transcript of the panel {panel.name} {panel.version}.
Fragments across the junction are added; nothing is taken away, and nothing is added elsewhere in the two
genes. A share is that of the fragments with a read across the junction, of them and the
{rows[0].wild_type} unique fragments of the negative with a read across the start of the 3' part.
Not imitated: copies by PCR and chimeras of the made molecules.

Made with aspsfusion {__version__}, seed {asked.seed}. Same reads, panel, version and seed: same bytes.

| sample | made fragments | with a read across the junction | verdict | reasons |
|---|---|---|---|---|
{lines}
"""
