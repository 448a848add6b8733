"""What is mutated, how, and the commands that then read it."""

import contextlib
import gzip
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from aspsfusion.batch.samples import read_samples
from aspsfusion.cli import main
from aspsfusion.config import check_configuration, numbers
from aspsfusion.errors import ERROR_MARK, AspsfusionError
from fuzz.corpus import Corpus, packed_bam, verdict_of
from fuzz.mutations import mutated, mutated_json_text
from repository import ROOT

UNKNOWN_CASE = "a case that the program does not know"


@dataclass(frozen=True)
class Result:
    """How an input came out.

    Attributes:
        status: exit status of the last command.
        said: standard error.
        call: verdict, empty for none.
        codes: of flags and reasons.
        certain: whether no flag excuses another verdict.
    """

    status: int
    said: str
    call: str = ""
    codes: frozenset[str] = frozenset()
    certain: bool = False

    def problem(self, unmutated: "Result") -> str:
        """Return what must not be, empty where all is well."""
        if "Traceback" in self.said:
            return "traceback"
        if UNKNOWN_CASE in self.said:
            return "unknown case"
        if self.status not in (0, 1, 2):
            return f"status {self.status}"
        if self.status and ERROR_MARK not in self.said and "usage:" not in self.said:
            return "no sentence"
        if any(c in self.said for c in "\x1b\x00\x07"):
            return "control character"
        excused = not unmutated.certain and not self.codes <= unmutated.codes
        if not self.status and self.call != unmutated.call and not excused:
            return f"{unmutated.call} became {self.call}"
        return ""


Commands = Sequence[Sequence[object]]
Make = Callable[[Corpus, Path, int | None], Commands]
"""Writes the input of a seed (None: as it is) into a directory, and returns the commands that read it."""


def run_commands(commands: Commands, directory: Path) -> Result:
    """Run commands until one fails, and read the verdict if there is one."""
    said = io.StringIO()
    status = 0
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        for words in commands:
            try:
                status = main([str(word) for word in words])
            except SystemExit as error:
                status = int(error.code or 0)
            if status:
                break
    record = directory / "out" / "x.report.json"
    if not status and record.is_file():
        call, codes = verdict_of(record)
        return Result(status, said.getvalue(), call, frozenset(codes))
    return Result(status, said.getvalue())


def _bytes(source: Path, seed: int | None, *, text: bool = True) -> bytes:
    data = source.read_bytes()
    return data if seed is None else mutated(data, seed, text=text)


def _analyse(panel: Path, directory: Path, reads: Path, screen: Path) -> Sequence[object]:
    words = ("--sample", "x", "--reads", reads, "--screen", screen, "--output", directory / "out")
    return ("analyse", "--panel", panel, *words)


def _screen(corpus: Corpus, directory: Path, *reads: Path) -> Commands:
    made = directory / "c.fastq.gz", directory / "s.json"
    screen = ("screen", "--panel", corpus.panel, *reads, "--output", made[0], "--metrics", made[1])
    return screen, _analyse(corpus.panel, directory, *made)


def _extract(corpus: Corpus, directory: Path, reads: Path) -> Commands:
    made = directory / "c.fastq.gz", directory / "s.json"
    extract = ("extract", "--panel", corpus.panel, reads, "--output", made[0], "--metrics", made[1])
    return extract, _analyse(corpus.panel, directory, *made)


def fastq(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """One file of a pair."""
    number = seed or 0
    sample, changed = corpus.sample(number), 1 + number // 2 % 2
    reads = [sample / "reads_1.fq", sample / "reads_2.fq"]
    path = directory / "reads.fq"
    path.write_bytes(_bytes(reads[changed - 1], seed))
    reads[changed - 1] = path
    return _screen(corpus, directory, *reads)


def fastq_gz(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """Compressed bytes of one file of a pair."""
    sample, path = corpus.sample(seed or 0), directory / "reads.fq.gz"
    path.write_bytes(_bytes(sample / "reads_1.fq.gz", seed, text=False))
    return _screen(corpus, directory, path, sample / "reads_2.fq.gz")


def sam(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """A SAM file."""
    path = directory / "reads.sam"
    path.write_bytes(_bytes(corpus.sample(seed or 0) / "reads.sam", seed))
    return _extract(corpus, directory, path)


def bam(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """The inflated bytes of a BAM file."""
    path = directory / "reads.bam"
    packed_bam(_bytes(corpus.sample(seed or 0) / "reads.bam.bin", seed, text=False), path)
    return _extract(corpus, directory, path)


def bam_bytes(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """The bytes of a BAM file."""
    path = directory / "reads.bam"
    path.write_bytes(_bytes(corpus.sample(seed or 0) / "reads.bam", seed, text=False))
    return _extract(corpus, directory, path)


def cram(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """The bytes of a CRAM file, whose reads are not aligned and need no reference."""
    path = directory / "reads.cram"
    path.write_bytes(_bytes(corpus.sample(seed or 0) / "reads.cram", seed, text=False))
    return _extract(corpus, directory, path)


def candidates(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """The text of the candidates that the screen writes."""
    sample, path = corpus.sample(seed or 0), directory / "c.fastq.gz"
    data = gzip.decompress((sample / "c.fastq.gz").read_bytes())
    path.write_bytes(gzip.compress(data if seed is None else mutated(data, seed), mtime=0))
    return (_analyse(corpus.panel, directory, path, sample / "s.json"),)


def _stage_file(source: Path, target: Path, seed: int | None) -> Path:
    packed = source.suffix == ".gz"
    text = (gzip.decompress(source.read_bytes()) if packed else source.read_bytes()).decode()
    text = text if seed is None else mutated_json_text(text, seed)
    data = text.encode("utf-8", "surrogateescape")
    target.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    return target


def screen_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """What `screen` counts."""
    sample = corpus.sample(seed or 0)
    path = _stage_file(sample / "s.json", directory / "s.json", seed)
    return (_analyse(corpus.panel, directory, sample / "c.fastq.gz", path),)


def extract_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """What `extract` counts."""
    sample = corpus.sample(seed or 0)
    path = _stage_file(sample / "e.screen.json", directory / "s.json", seed)
    return (_analyse(corpus.panel, directory, sample / "c.fastq.gz", path),)


def _report(corpus: Corpus, directory: Path, sample: Path, **changed: Path) -> Sequence[object]:
    out = directory / "out"
    out.mkdir(exist_ok=True)
    files = {
        "screen": sample / "s.json",
        "align": sample / "out" / "x.align.json",
        "calls": sample / "out" / "x.calls.json",
    } | changed
    words = [word for name, path in files.items() for word in (f"--{name}", path)]
    outputs = ("--json", out / "x.report.json", "--html", out / "r.html", "--tsv", out / "r.tsv")
    return ("report", "--panel", corpus.panel, "--sample", "x", *words, *outputs)


def align_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """What `align` counts."""
    sample = corpus.sample(seed or 0)
    path = _stage_file(sample / "out" / "x.align.json", directory / "a.json", seed)
    return (_report(corpus, directory, sample, align=path),)


def calls_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """What `call` writes."""
    sample = corpus.sample(seed or 0)
    path = _stage_file(sample / "out" / "x.calls.json", directory / "calls.json", seed)
    return (_report(corpus, directory, sample, calls=path),)


def evidence_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """What `evidence` writes."""
    sample, calls = corpus.sample(seed or 0), directory / "calls.json"
    path = _stage_file(sample / "out" / "x.evidence.json.gz", directory / "e.json.gz", seed)
    call = ("call", "--panel", corpus.panel, "--evidence", path, "--output", calls)
    return call, _report(corpus, directory, sample, calls=calls)


def report_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """A record, which says its verdict itself; it is written again as it was read."""
    sample, out = corpus.sample(seed or 0), directory / "out"
    out.mkdir()
    path = _stage_file(sample / "out" / "x.report.json", directory / "r.json", seed)
    outputs = ("--json", out / "x.report.json", "--html", directory / "r.html", "--tsv", directory / "r.tsv")
    tables = (
        "--vcf",
        directory / "r.vcf.gz",
        "--arriba",
        directory / "a.tsv",
        "--star-fusion",
        directory / "s.tsv",
    )
    pages = ("--output-tsv", directory / "sum.tsv", "--output-html", directory / "sum.html")
    return (("report", "--from", path, *outputs, *tables), ("explain", path), ("summary", path, *pages))


def outcome_json(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """What the workflow keeps of a sample, beside its record."""
    sample = corpus.sample(seed or 0)
    path = _stage_file(sample / "x.outcome.json", directory / "x.outcome.json", seed)
    for kind in ("record", "report"):
        shutil.copy(sample / "out" / "x.report.json", directory / f"x.{kind}.json")
    pages = ("--output-tsv", directory / "sum.tsv", "--output-html", directory / "sum.html")
    return (
        ("workflow", "compare", path, "--output", directory / "compared.tsv"),
        ("summary", directory / "x.report.json", "--outcomes", path, "--panel", corpus.panel, *pages),
        ("workflow", "check", path, "--panel", corpus.panel),
    )


def primers_fasta(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """The primers of a library, with reads that were not made by them."""
    sample, path = corpus.sample(seed or 0), directory / "primers.fa"
    path.write_bytes(_bytes(corpus.directory / "primers.fa", seed))
    analyse = _analyse(corpus.panel, directory, sample / "c.fastq.gz", sample / "s.json")
    return ((*analyse, "--library", "anchored", "--primers", path),)


def gtf(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """The annotation of a panel that names genes without exons."""
    path = directory / "genes.gtf"
    path.write_bytes(_bytes(corpus.directory / "genes.gtf", seed))
    words = ("--panel", corpus.directory / "named.yaml", "--genome", corpus.directory / "genome.fa")
    return (("panel", "build", *words, "--gtf", path, "--output", directory / "panel"),)


def panel_yaml(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """A panel YAML."""
    path = directory / "panel.yaml"
    path.write_bytes(_bytes(corpus.directory / "small.yaml", seed))
    genome = corpus.directory / "genome.fa"
    return (("panel", "build", "--panel", path, "--genome", genome, "--output", directory / "panel"),)


def genome_fasta(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """A genome."""
    path = directory / "genome.fa"
    path.write_bytes(_bytes(corpus.directory / "genome.fa", seed))
    yaml_path = corpus.directory / "small.yaml"
    return (("panel", "build", "--panel", yaml_path, "--genome", path, "--output", directory / "panel"),)


def panel_files(corpus: Corpus, directory: Path, seed: int | None) -> Commands:
    """A file of a panel directory."""
    panel = directory / "panel"
    shutil.copytree(corpus.panel, panel)
    files = sorted(path for path in panel.rglob("*") if path.is_file())
    path = files[(seed or 0) // 2 % len(files)]
    path.write_bytes(_bytes(path, seed, text=path.suffix in (".fa", ".tsv", ".json")))
    return _screen(Corpus(directory), directory, *sorted(corpus.sample(seed or 0).glob("reads_?.fq")))


TARGETS: dict[str, Make] = {
    make.__name__: make
    for make in (
        *(fastq, fastq_gz, sam, bam, bam_bytes, cram, candidates, primers_fasta),
        *(screen_json, extract_json, align_json, evidence_json, calls_json, report_json, outcome_json),
        *(panel_yaml, genome_fasta, gtf, panel_files),
    )
}
"""Inputs that commands read, by name."""


def _read_sheet(path: Path) -> None:
    read_samples(path)


def _read_configuration(path: Path) -> None:
    """Prove a configuration as the workflow does, apart from Snakemake's own part."""
    with (ROOT / "workflow" / "schemas" / "config.schema.yaml").open() as stream:
        schema = yaml.safe_load(stream)
    try:
        config = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError) as error:  # Snakemake reads it, and says what is wrong with it
        raise AspsfusionError("is no YAML", path=path) from error
    if not isinstance(config, dict):
        raise AspsfusionError("is no configuration", path=path)
    for section in ("call", "classify", "batch"):
        config[section] = numbers(config.get(section, {}))
    check_configuration(config, schema)


SHEETS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "sample_sheet": ("samples.tsv", _read_sheet),
    "configuration": ("config.yaml", _read_configuration),
}
"""What the workflow reads before it plans: file of the corpus, and what proves it."""


def run_input(corpus: Corpus, target: str, seed: int | None, directory: Path) -> Result:
    """Make an input, give it to the program, and return how it came out.

    Args:
        corpus: files to mutate.
        target: of TARGETS or SHEETS.
        seed: decides how the input is changed; None gives the file as it is.
        directory: empty.
    """
    if target in TARGETS:
        return run_commands(TARGETS[target](corpus, directory, seed), directory)
    name, prove = SHEETS[target]
    path = directory / name
    path.write_bytes(_bytes(corpus.directory / name, seed))
    try:
        prove(path)
    except AspsfusionError as error:
        return Result(1, f"{ERROR_MARK}{error.sentence()}")
    except Exception as error:
        return Result(1, f"{UNKNOWN_CASE} ({type(error).__name__}: {error})")
    return Result(0, "")


def unmutated(corpus: Corpus, target: str, seed: int) -> Result:
    """Return how the file that a seed takes comes out as it is: its verdict is that of the corpus."""
    if target in SHEETS or target in ("outcome_json", "panel_yaml", "genome_fasta", "gtf"):
        return Result(0, "")
    directory = corpus.sample(seed) / ("primed" if target == "primers_fasta" else "out")
    call, codes = verdict_of(directory / "x.report.json")
    return Result(0, "", call, frozenset(codes), certain=target == "report_json")


def names() -> list[str]:
    """Return all targets."""
    return [*TARGETS, *SHEETS]
