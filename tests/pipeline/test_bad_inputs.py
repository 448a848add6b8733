"""Every way to break an input: one sentence with file, place and remedy, exit status 1, no output.

Each case makes its broken file in the test and runs the command as a user would. `{dir}` in an expected
message stands for the case's directory.
"""

import gzip
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pysam
import pytest

from aspsfusion.align.align import AlignFiles, run_align
from aspsfusion.call.call import run_call
from aspsfusion.cli import main
from aspsfusion.config import CallParameters
from aspsfusion.evidence.evidence import run_evidence
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from bam_factory import (
    FIRST,
    MOUSE_LENGTHS,
    PAIRED,
    SUPPLEMENTARY,
    Record,
    pair,
    placed,
    placed_pair,
    write_records,
)
from small_panel import FIVE_TRANSCRIPT, THREE_TRANSCRIPT, SmallPanel, random_bases

FUSED = FIVE_TRANSCRIPT[:120] + THREE_TRANSCRIPT[80:]


@dataclass
class Place:
    """The directory of a case and what stands ready in it.

    Attributes:
        path: the directory.
        panel: a built panel.
        stages: files of every stage of a small sample.
    """

    path: Path
    panel: Path
    stages: Path
    outputs: list[Path] = field(default_factory=list)

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file and return its path."""
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def out(self, name: str) -> str:
        """Return the path of an output that must not appear."""
        self.outputs.append(self.path / name)
        return str(self.path / name)

    def screen(self, *files: str) -> list[str]:
        """The command that screens FASTQ files."""
        outputs = ["--output", self.out("c.fastq.gz"), "--metrics", self.out("s.json")]
        return ["screen", "--panel", str(self.panel), *files, *outputs]

    def extract(self, *words: str) -> list[str]:
        """The command that extracts a BAM file."""
        outputs = ["--output", self.out("c.fastq.gz"), "--metrics", self.out("s.json")]
        return ["extract", "--panel", str(self.panel), *words, *outputs]

    def build(self, panel_yaml: str, genome: str, *words: str) -> list[str]:
        """The command that builds a panel."""
        return [
            "panel",
            "build",
            "--panel",
            panel_yaml,
            "--genome",
            genome,
            "--output",
            self.out("p"),
            *words,
        ]

    def stage(self, name: str) -> str:
        """A copy of a file of the small sample."""
        shutil.copy(self.stages / name, self.path / name)
        return str(self.path / name)


def fastq(count: int = 40, name: str = "r{}", source: str = FUSED) -> str:
    """Reads of 60 nt that slide over a sequence."""
    lines = []
    for i in range(count):
        start = i * 3 % (len(source) - 60)
        lines.append(f"@{name.format(i)}\n{source[start : start + 60]}\n+\n{'I' * 60}\n")
    return "".join(lines)


def bam(directory: Path, name: str = "x.bam", count: int = 400) -> Path:
    """An unaligned BAM of several blocks."""
    records = []
    for i in range(count):
        start = i % (len(FUSED) - 120)
        bases = FUSED[start : start + 120]
        noise = random_bases(120, seed=i)
        records += pair(f"r{i}", bases[:60], reverse_complement(bases)[:60])
        records += pair(f"n{i}", noise[:60], noise[60:])
    return write_records(directory / name, records)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small panel and every stage's file of a small sample, made once."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("bad_inputs"))
    small.build()
    stages = small.directory / "stages"
    stages.mkdir()
    reads = stages / "reads.fastq"
    reads.write_text(fastq(60))
    run_screen(small.output, [Lane(reads)], stages / "c.fastq.gz", stages / "s.json")
    run_align(small.output, AlignFiles(stages / "c.fastq.gz", stages / "p.bam", stages / "a.json"), "x")
    run_evidence(small.output, stages / "p.bam", stages / "e.json.gz", CallParameters())
    run_call(small.output, stages / "e.json.gz", stages / "calls.json", CallParameters())
    return small.directory


@pytest.fixture
def place(built: Path, tmp_path: Path) -> Place:
    """A fresh directory for a case."""
    return Place(tmp_path, built / "panel", built / "stages")


Case = Callable[[Place], list[str]]
CASES: dict[str, tuple[Case, str]] = {}


def case(name: str, message: str) -> Callable[[Case], Case]:
    """Enter a case into the table: its name and what the error must say (a regular expression)."""

    def enter(make: Case) -> Case:
        assert name not in CASES
        CASES[name] = (make, message)
        return make

    return enter


# --- FASTQ ------------------------------------------------------------------------------------------

GOOD = fastq()
PACKED = gzip.compress(fastq(20000, name="read{}", source=random_bases(30000, seed=9)).encode(), 1)

FASTQ_CONTENTS: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", r"a\.fq: is empty \(0 bytes\); copy the file again"),
    "gzip of nothing": (gzip.compress(b""), r"a\.fq: holds no reads; give a FASTQ with reads"),
    "blank lines alone": ("\n\n\n", r"a\.fq: holds no reads"),
    "plain text": ("sample\tvalue\n", r"a\.fq, record 1: record does not begin with '@'"),
    "utf-16 text": (GOOD.encode("utf-16"), r"a\.fq, record 1: record does not begin with '@'"),
    "null bytes": (bytes(4000), r"a\.fq, record 1: record does not begin with '@'"),
    "truncated gzip": (
        PACKED[: len(PACKED) // 2],
        r"a\.fq, after record \d+: .*truncated or damaged.*copy the file",
    ),
    "gzip cut in its trailer": (PACKED[:-3], r"a\.fq, after record \d+: .*truncated or damaged"),
    "corrupt block in the middle": (
        PACKED[: len(PACKED) // 2] + bytes(200) + PACKED[len(PACKED) // 2 + 200 :],
        r"a\.fq, (after )?record \d+: .*(truncated or damaged|differ in length|does not begin)",
    ),
    "gzip header alone": (b"\x1f\x8b\x08\x00", r"a\.fq, after record 0: .*truncated or damaged"),
    "ends inside a record": (GOOD[:-30], r"a\.fq, record 40: .*(ends inside|differ in length)"),
    "ends behind a header": (GOOD + "@last\n", r"a\.fq, record 41: file ends inside the record; .*truncated"),
    "quality too short": (
        GOOD.replace("I" * 60, "I" * 59, 1),
        r"a\.fq, record 1: sequence and quality differ in length",
    ),
    "quality too long": (
        GOOD + "@x\nACGT\n+\nIIIIII\n" + GOOD,
        r"a\.fq, record 41: sequence and quality differ in length",
    ),
    "no plus line": (
        GOOD + "@x\nACGT\nIIII\n" + GOOD,
        r"a\.fq, record 41: third line .* does not begin with '\+'",
    ),
    "wrapped lines": ("@x\nACGT\nACGT\n+\nIIII\nIIII\n", r"a\.fq, record 1: third line .*unwrapped FASTQ"),
    "a bam file": (b"BAM\x01" + bytes(50), r"a\.fq, record 1: record does not begin with '@'"),
    "json": ('{"a": 1}\n', r"a\.fq, record 1: record does not begin with '@'"),
}


def _enter_contents() -> None:
    for name, (content, message) in FASTQ_CONTENTS.items():

        def make(place: Place, content: str | bytes = content) -> list[str]:
            return place.screen(place.write("a.fq", content))

        case(f"fastq: {name}", message)(make)


_enter_contents()


@case("fastq: missing", r"none\.fq: cannot be read \(no such file or directory\)")
def _(place: Place) -> list[str]:
    return place.screen(str(place.path / "none.fq"))


@case("fastq: directory", r": cannot be read \(is a directory\); give the path of a FASTQ file")
def _(place: Place) -> list[str]:
    return place.screen(str(place.path))


@case(
    "fastq: mates out of step",
    r"1\.fq, record 3: mates are out of step: '@r2' is opposite '@q2' in .*2\.fq",
)
def _(place: Place) -> list[str]:
    first = fastq(10)
    second = fastq(10, source=random_bases(200, 3)).replace("@r2\n", "@q2\n")
    return place.screen(place.write("1.fq", first), place.write("2.fq", second))


@case("fastq: fewer second mates", r"2\.fq, record 10: ends after 9 records, while .*1\.fq goes on")
def _(place: Place) -> list[str]:
    second = fastq(9, source=random_bases(200, 3))
    return place.screen(place.write("1.fq", fastq(10)), place.write("2.fq", second))


@case("fastq: fewer first mates", r"1\.fq, record 10: ends after 9 records, while .*2\.fq goes on")
def _(place: Place) -> list[str]:
    second = fastq(10, source=random_bases(200, 3))
    return place.screen(place.write("1.fq", fastq(9)), place.write("2.fq", second))


@case(
    "fastq: one file as both mates",
    r"1\.fq: is the same file as .*1\.fq, given as R1 and as R2; give the file of the second mates",
)
def _(place: Place) -> list[str]:
    path = place.write("1.fq", GOOD)
    return place.screen(path, path)


@case("fastq: a copy of R1 as R2", r"2\.fq: holds the same reads as .*1\.fq")
def _(place: Place) -> list[str]:
    return place.screen(place.write("1.fq", GOOD), place.write("2.fq", GOOD))


@case(
    "fastq: R2 given as R1",
    r"1\.fq, record 1: mates are not first and second: '@r0 2:N:0:A' is opposite '@r0 1:N:0:A'",
)
def _(place: Place) -> list[str]:
    second = fastq(9, "r{} 1:N:0:A", source=random_bases(200, 3))
    return place.screen(place.write("1.fq", fastq(9, "r{} 2:N:0:A")), place.write("2.fq", second))


@case(
    "fastq: lanes of both layouts",
    r"3\.fq: holds single reads, and the other lanes pairs; give lanes of one layout",
)
def _(place: Place) -> list[str]:
    files = [place.write(f"{i}.fq", fastq(5, source=random_bases(200, i))) for i in (1, 2, 3)]
    return [*place.screen(*files[:2]), "--lane", files[2]]


@case("fastq: lane of three files", r"--lane takes one or two files, not 3")
def _(place: Place) -> list[str]:
    return [*place.screen(place.write("a.fq", GOOD)), "--lane", "a", "b", "c"]


@case("fastq: damage in the second lane", r"b\.fq, record 1: record does not begin with '@'")
def _(place: Place) -> list[str]:
    return [*place.screen(place.write("a.fq", GOOD)), "--lane", place.write("b.fq", "x\nA\n")]


# --- BAM, CRAM, SAM ---------------------------------------------------------------------------------


@case("bam: missing", r"none\.bam: cannot be read .*give a BAM, CRAM or SAM file")
def _(place: Place) -> list[str]:
    return place.extract(str(place.path / "none.bam"))


@case("bam: directory", r": is not a file; give a file")
def _(place: Place) -> list[str]:
    return place.extract(str(place.path))


@case("bam: empty", r"x\.bam: is empty \(0 bytes\); copy the file again")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.bam", ""))


@case("bam: fastq", r"x\.bam: is not a BAM, CRAM or SAM file.*FASTQ files belong in fastq_1")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.bam", GOOD))


@case("bam: packed fastq", r"x\.bam: is not a BAM, CRAM or SAM file")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.bam", gzip.compress(GOOD.encode())))


@case("bam: text", r"x\.bam: is not a BAM, CRAM or SAM file")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.bam", "hello world\n"))


@case("bam: index given instead", r"x\.bam\.bai: is not a BAM, CRAM or SAM file")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.bam.bai", b"BAI\x01" + bytes(40)))


@case(
    "bam: no EOF block",
    r"x\.bam: is truncated: the block that ends such a file is missing; copy the file again",
)
def _(place: Place) -> list[str]:
    path = bam(place.path)
    return place.extract(place.write("x.bam", path.read_bytes()[:-28]))


@case("bam: cut in the middle", r"x\.bam: is truncated: the block that ends such a file is missing")
def _(place: Place) -> list[str]:
    data = bam(place.path).read_bytes()
    return place.extract(place.write("x.bam", data[: len(data) // 2]))


@case("bam: corrupt block", r"x\.bam, after record \d+: is truncated or damaged \(.*\); copy the file again")
def _(place: Place) -> list[str]:
    data = bytearray(bam(place.path, count=3000).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    return place.extract(place.write("x.bam", bytes(data)))


@case("bam: damaged header", r"x\.bam: is (not a BAM|truncated)")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.bam", gzip.compress(b"BAM\x01\xff\xff\xff\x7f")))


@case("bam: no reads", r"x\.bam: holds no reads; give a file with reads")
def _(place: Place) -> list[str]:
    return place.extract(str(write_records(place.path / "x.bam", [])))


@case("bam: supplementary records alone", r"x\.bam: holds no reads")
def _(place: Place) -> list[str]:
    record = placed(Record("r", FUSED[:60], PAIRED | FIRST | SUPPLEMENTARY), "chr2", 5)
    return place.extract(str(write_records(place.path / "x.bam", [record], {"chr2": 242193529})))


@case("bam: mouse genome", r"x\.bam: is aligned to GRCm38, a mouse genome; give the reads of a human sample")
def _(place: Place) -> list[str]:
    records = placed_pair("r", FUSED[:60], FUSED[60:120], "chr1", 5)
    return place.extract(str(write_records(place.path / "x.bam", records, MOUSE_LENGTHS)))


@case("sam: damaged line", r"x\.sam, after record 0: is truncated or damaged")
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.sam", "@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\nr\tflag\tc\t1\n"))


@case("sam: damaged header line", r"x\.sam: is not a BAM, CRAM or SAM file, or its header is damaged")
def _(place: Place) -> list[str]:
    return place.extract(
        place.write("x.sam", "@SQ\tSN:chr1\tLN:many\nr\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n")
    )


@case(
    "sam: a name that is too long", r"x\.sam, after record 0: is truncated or damaged \(.*\); copy the file"
)
def _(place: Place) -> list[str]:
    return place.extract(place.write("x.sam", f"{'r' * 300}\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n"))


def bam_of_quality(place: Place, quality: int) -> str:
    """A BAM whose reads all have one base quality."""
    path = write_records(place.path / "x.bam", [Record(f"r{i}", FUSED[i : i + 60]) for i in range(9)])
    data = gzip.decompress(path.read_bytes()).replace(b"\x28" * 60, bytes([quality]) * 60)
    with pysam.BGZFile(str(path), "wb", None) as out:
        out.write(data)
    return str(path)


@case(
    "bam: base quality 94", r"x\.bam: is damaged: it holds a base quality of 94, more than 93; copy the file"
)
def _(place: Place) -> list[str]:
    return place.extract(bam_of_quality(place, 94))


@case("bam: base quality 254", r"x\.bam: is damaged: it holds a base quality of 254, more than 93")
def _(place: Place) -> list[str]:
    return place.extract(bam_of_quality(place, 254))


def cram(place: Place) -> tuple[str, Path]:
    """A CRAM file and the FASTA it was compressed with."""
    genome = place.path / "genome.fa"
    genome.write_text(f">c\n{FUSED}{random_bases(2000, seed=12)}\n")
    records = placed_pair("x", FUSED[40:100], reverse_complement(FUSED[120:180]), "c", 40)
    path = write_records(place.path / "x.cram", records, {"c": len(FUSED) + 2000}, reference=genome)
    return str(path), genome


@case("cram: no reference", r"x\.cram, after record 0: cannot be decoded.*--reference.*nothing is downloaded")
def _(place: Place) -> list[str]:
    path, genome = cram(place)
    genome.unlink()
    return place.extract(path)


@case("cram: another reference", r"x\.cram, after record \d: cannot be decoded.*--reference")
def _(place: Place) -> list[str]:
    path, genome = cram(place)
    genome.unlink()
    other = place.write("other.fa", f">c\n{random_bases(len(FUSED) + 2000, seed=3)}\n")
    return place.extract(path, "--reference", other)


@case(
    "cram: reference not there",
    r"none\.fa: does not exist; give the FASTA that the CRAM file was compressed with",
)
def _(place: Place) -> list[str]:
    return place.extract(cram(place)[0], "--reference", str(place.path / "none.fa"))


@case("cram: reference in plain gzip", r"g\.fa\.gz: has no index.*run 'samtools faidx'")
def _(place: Place) -> list[str]:
    return place.extract(cram(place)[0], "--reference", place.write("g.fa.gz", gzip.compress(b">c\nACGT\n")))


@case("cram: truncated", r"x\.cram(, after record \d+)?: (is truncated|cannot be)")
def _(place: Place) -> list[str]:
    path, genome = cram(place)
    data = Path(path).read_bytes()
    return place.extract(place.write("x.cram", data[:-60]), "--reference", str(genome))


# --- Panel and genome -------------------------------------------------------------------------------


def small(place: Place) -> SmallPanel:
    """The small panel's sources in the case's directory, to be broken."""
    return SmallPanel.in_directory(place.path)


def build_small(place: Place, source: SmallPanel, *words: str) -> list[str]:
    source.write()
    return place.build(str(source.yaml_path), str(source.genome_path), *words)


@case("panel: missing", r"none: lacks kmers\.npz; build the panel with 'aspsfusion panel build'")
def _(place: Place) -> list[str]:
    place.panel = place.path / "none"
    return place.screen(place.write("a.fq", GOOD))


def damage_panel(place: Place, name: str, content: bytes) -> None:
    shutil.copytree(place.panel, place.path / "panel")
    place.panel = place.path / "panel"
    (place.panel / name).write_bytes(content)


@case("panel: damaged k-mers", r"kmers\.npz: has changed since .*; build the panel again")
def _(place: Place) -> list[str]:
    damage_panel(place, "kmers.npz", b"PK\x03\x04garbage")
    return place.screen(place.write("a.fq", GOOD))


@case("panel: damaged provenance", r"panel\.json: is damaged; build the panel again")
def _(place: Place) -> list[str]:
    damage_panel(place, "panel.json", b'{"spec": ')
    return align(place, place.write("a.fq", GOOD))


@case("panel: transcripts cut off", r"transcripts\.fa: has changed since .*; build the panel again")
def _(place: Place) -> list[str]:
    content = (place.panel / "transcripts.fa").read_bytes()
    damage_panel(place, "transcripts.fa", content[:-50])
    return align(place, place.write("a.fq", GOOD))


@case("panel: zeros in the index", r"panel\.fa\.sa: has changed since .*; build the panel again")
def _(place: Place) -> list[str]:
    content = (place.panel / "index/panel.fa.sa").read_bytes()
    damage_panel(place, "index/panel.fa.sa", content[:1024] + bytes(4096) + content[5120:])
    return align(place, place.write("a.fq", GOOD))


@case("panel: no such YAML", r"none\.yaml: .*(cannot be read|does not exist|no such file)")
def _(place: Place) -> list[str]:
    return place.build(str(place.path / "none.yaml"), place.write("g.fa", ">c\nA\n"))


@case("panel: broken YAML", r"p\.yaml, line 3: not valid YAML: .*; correct the line")
def _(place: Place) -> list[str]:
    return place.build(place.write("p.yaml", "name: x\ngenes: [a\n"), place.write("g.fa", ">c\nA\n"))


@case("panel: YAML of something else", r"p\.yaml.*: ")
def _(place: Place) -> list[str]:
    return place.build(place.write("p.yaml", "- a\n- b\n"), place.write("g.fa", ">c\nA\n"))


@case("panel: unknown key", r"small\.yaml, key colour: .*not permitted; correct the panel YAML")
def _(place: Place) -> list[str]:
    source = small(place)
    source.data["colour"] = "red"
    return build_small(place, source)


@case("panel: exon outside its chromosome", r"genome\.fa: does not hold chr2:1891-1920|genome\.fa.*chr2:.*")
def _(place: Place) -> list[str]:
    source = small(place)
    source.data["genes"][2]["transcripts"][0]["exons"][-1] = [2001, 2030]
    return build_small(place, source)


@case("panel: exon ends before it starts", r"small\.yaml.*: .*exon")
def _(place: Place) -> list[str]:
    source = small(place)
    source.transcript(0)["exons"][1] = [320, 261]
    return build_small(place, source)


@case("panel: gene without exons and no GTF", r"BYSTANDER.*(--gtf|GTF)")
def _(place: Place) -> list[str]:
    source = small(place)
    del source.data["genes"][2]["transcripts"]
    return build_small(place, source)


@case("panel: GTF of another genome", r"other\.gtf.*BYSTANDER")
def _(place: Place) -> list[str]:
    source = small(place)
    del source.data["genes"][2]["transcripts"]
    line = 'chr1\tx\texon\t1\t50\t.\t+\t.\tgene_name "Bystander1"; transcript_id "T";\n'
    return build_small(place, source, "--gtf", place.write("other.gtf", line))


@case("panel: damaged GTF", r"bad\.gtf, line 1.*: ")
def _(place: Place) -> list[str]:
    source = small(place)
    del source.data["genes"][2]["transcripts"]
    line = 'chr2\tx\texon\tone\t50\t.\t+\t.\tgene_name "BYSTANDER"; transcript_id "T";\n'
    return build_small(place, source, "--gtf", place.write("bad.gtf", line))


@case(
    "genome: missing",
    r"none\.fa: cannot be read \(no such file or directory\); give the path of a genome FASTA",
)
def _(place: Place) -> list[str]:
    source = small(place)
    source.write()
    return place.build(str(source.yaml_path), str(place.path / "none.fa"))


@case("genome: empty", r"g\.fa: is empty or not a FASTA file")
def _(place: Place) -> list[str]:
    source = small(place)
    source.write()
    return place.build(str(source.yaml_path), place.write("g.fa", ""))


@case("genome: fastq", r"g\.fa: is not a FASTA file: it does not begin with '>'; give a genome FASTA")
def _(place: Place) -> list[str]:
    source = small(place)
    source.write()
    return place.build(str(source.yaml_path), place.write("g.fa", GOOD))


@case(
    "genome: truncated gzip", r"g\.fa\.gz: is a truncated or damaged gzip file .*; copy or download it again"
)
def _(place: Place) -> list[str]:
    source = small(place)
    source.write()
    packed = gzip.compress(source.genome_path.read_bytes())
    return place.build(str(source.yaml_path), place.write("g.fa.gz", packed[: len(packed) // 2]))


@case(
    "genome: another build by length",
    r"record chr2: has 2000 bases, chr2 of GRCh38 has 242193529; give a GRCh38",
)
def _(place: Place) -> list[str]:
    source = small(place)
    source.data["genome"]["chromosomes"] = {"chr2": {"length": 242193529}}
    return build_small(place, source)


@case(
    "genome: another build by accession", r"is NC_000002\.11, GRCh38 has NC_000002\.12; give a GRCh38 genome"
)
def _(place: Place) -> list[str]:
    source = small(place)
    source.data["genome"]["chromosomes"] = {"chr2": {"refseq": "NC_000002.12"}}
    source.chromosomes["NC_000002.11"] = source.chromosomes.pop("chr2")
    return build_small(place, source)


@case("genome: altered", r"has MD5 [0-9a-f]{32}, chr2 of GRCh38 has 0{32}; give an unaltered GRCh38 genome")
def _(place: Place) -> list[str]:
    source = small(place)
    source.data["genome"]["chromosomes"] = {"chr2": {"md5": "0" * 32}}
    return build_small(place, source)


@case("genome: proteins", r"record chr2, base \d+: holds '.', which is not a base; give a nucleotide FASTA")
def _(place: Place) -> list[str]:
    source = small(place)
    source.change("chr2", 110, "MKLV")
    return build_small(place, source)


# --- Files of the stages ----------------------------------------------------------------------------


def align(place: Place, reads: str) -> list[str]:
    outputs = ["--output", place.out("o.bam"), "--metrics", place.out("o.json")]
    return ["align", "--panel", str(place.panel), "--reads", reads, "--sample", "x", *outputs]


@case("align: not of the screen", r"a\.fq, record 1: is no FASTQ as the screen writes it")
def _(place: Place) -> list[str]:
    return align(place, place.write("a.fq", "hello\nworld\n"))


@case("align: a mate is missing", r"a\.fq: mate of fragment 1 is missing; run 'aspsfusion screen' again")
def _(place: Place) -> list[str]:
    return align(place, place.write("a.fq", f"@1/1 r\n{FUSED[:60]}\n+\n{'I' * 60}\n"))


@case(
    "align: truncated candidates",
    r"c\.fastq\.gz, record \d+: is truncated or damaged.*run 'aspsfusion screen'",
)
def _(place: Place) -> list[str]:
    content = (place.stages / "c.fastq.gz").read_bytes()
    return align(place, place.write("c.fastq.gz", content[: len(content) // 2]))


def evidence(place: Place, path: str) -> list[str]:
    return ["evidence", "--panel", str(place.panel), "--bam", path, "--output", place.out("o.json.gz")]


@case(
    "evidence: another panel", r"x\.bam: was aligned to another panel; run 'aspsfusion align' with this panel"
)
def _(place: Place) -> list[str]:
    return evidence(place, str(bam(place.path)))


@case("evidence: no BAM", r"p\.bam: cannot be read .*; run 'aspsfusion align' again")
def _(place: Place) -> list[str]:
    return evidence(place, place.write("p.bam", "text"))


@case("evidence: truncated BAM", r"p\.bam: .*(cannot be read|truncated|damaged)")
def _(place: Place) -> list[str]:
    content = (place.stages / "p.bam").read_bytes()
    return evidence(place, place.write("p.bam", content[: len(content) // 2]))


@case("evidence: corrupt BAM", r"p\.bam: cannot be (read|sorted) \(.*\); run 'aspsfusion align' again")
def _(place: Place) -> list[str]:
    content = bytearray((place.stages / "p.bam").read_bytes())
    content[-200:-100] = bytes(100)
    return evidence(place, place.write("p.bam", bytes(content)))


@case(
    "call: no evidence file",
    r"e\.json\.gz: is no evidence file of this version .*; run 'aspsfusion evidence' again",
)
def _(place: Place) -> list[str]:
    path = place.write("e.json.gz", gzip.compress(b'{"version": 1}'))
    return ["call", "--panel", str(place.panel), "--evidence", path, "--output", place.out("o.json")]


@case("call: truncated evidence", r"e\.json\.gz: is no evidence file of this version")
def _(place: Place) -> list[str]:
    path = place.write("e.json.gz", (place.stages / "e.json.gz").read_bytes()[:-40])
    return ["call", "--panel", str(place.panel), "--evidence", path, "--output", place.out("o.json")]


def report(place: Place, **broken: str) -> list[str]:
    files = {"screen": "s.json", "align": "a.json", "calls": "calls.json"}
    words = [w for name, file in files.items() for w in (f"--{name}", broken.get(name) or place.stage(file))]
    outputs = ["--json", place.out("r.json"), "--html", place.out("r.html"), "--tsv", place.out("r.tsv")]
    return ["report", "--panel", str(place.panel), "--sample", "x", *words, *outputs]


@case("report: truncated calls", r"calls\.json: .*run 'aspsfusion call' again")
def _(place: Place) -> list[str]:
    content = (place.stages / "calls.json").read_text()
    return report(place, calls=place.write("calls.json", content[: len(content) // 2]))


@case("report: missing metrics", r"none\.json: cannot be read .*; run the stage again")
def _(place: Place) -> list[str]:
    return report(place, screen=str(place.path / "none.json"))


@case("report: metrics of something else", r"m\.json: .*run the stage again")
def _(place: Place) -> list[str]:
    return report(place, align=place.write("m.json", "[1, 2]"))


@case("report: metrics without their keys", r"m\.json: .*run the stage again")
def _(place: Place) -> list[str]:
    return report(place, screen=place.write("m.json", "{}"))


@case("align: no base quality", r"c\.fq, record 1: holds a character that is no base quality.*copy that file")
def _(place: Place) -> list[str]:
    return align(place, place.write("c.fq", f"@1 r\n{FUSED[:60]}\n+\n{'I' * 59}\x01\n"))


def changed(place: Place, name: str, old: str, new: str) -> str:
    """A stage's file with something exchanged."""
    text = (place.stages / name).read_text()
    assert old in text
    return place.write(name, text.replace(old, new, 1))


@case(
    "report: a digit of the calls changed",
    r"calls\.json: .*it was changed after it was written.*'aspsfusion call'",
)
def _(place: Place) -> list[str]:
    return report(place, calls=changed(place, "calls.json", '"split_reads":', '"split_reads":9'))


@case("report: calls of another kind", r"calls\.json: is no calls file of this version")
def _(place: Place) -> list[str]:
    return report(place, calls=place.write("calls.json", "[1, 2]"))


@case(
    "report: a digit of what align counts changed",
    r"a\.json: cannot be read .*changed.*; run the stage again",
)
def _(place: Place) -> list[str]:
    return report(place, align=changed(place, "a.json", '"too_short_reads": 0', '"too_short_reads": 900'))


@case("report: a text for a number of reads", r"s\.json: is damaged \(key total_reads: .*valid integer\)")
def _(place: Place) -> list[str]:
    return report(place, screen=changed(place, "s.json", '"total_reads": 60', '"total_reads": "60"'))


@case("report: a length that is no number", r"s\.json: is damaged \(key read_lengths\.60x")
def _(place: Place) -> list[str]:
    return report(place, screen=changed(place, "s.json", '"60"', '"60x"'))


@case("report: a misspelt key", r"s\.json: is damaged \(key q31_fraction: extra inputs are not permitted\)")
def _(place: Place) -> list[str]:
    return report(place, screen=changed(place, "s.json", "q30_fraction", "q31_fraction"))


@case("report: a file without its checksum", r"s\.json: is damaged \(key inputs\.0\.sha256: field required\)")
def _(place: Place) -> list[str]:
    return report(place, screen=changed(place, "s.json", '"sha256"', '"sha255"'))


@case("report: half of what extract says", r"s\.json: is damaged \(key incomplete is missing\)")
def _(place: Place) -> list[str]:
    return report(place, screen=changed(place, "s.json", '"layout"', '"input": "BAM aligned to x", "layout"'))


@case("call: evidence of another kind", r"e\.json\.gz: is no evidence file of this version")
def _(place: Place) -> list[str]:
    path = place.write("e.json.gz", gzip.compress(b"[]"))
    return ["call", "--panel", str(place.panel), "--evidence", path, "--output", place.out("o.json")]


@case("call: too deep a nesting", r"e\.json\.gz: (is no evidence|not enough depth of nesting)")
def _(place: Place) -> list[str]:
    path = place.write("e.json.gz", gzip.compress(b"[" * 200_000))
    return ["call", "--panel", str(place.panel), "--evidence", path, "--output", place.out("o.json")]


@case("summary: no report", r"r\.json, key schema_version: is not a report of aspsfusion")
def _(place: Place) -> list[str]:
    path = place.write("r.json", "{}")
    return ["summary", path, "--output-tsv", place.out("s.tsv"), "--output-html", place.out("s.html")]


@case("summary: truncated report", r"r\.json, line \d+: is not valid JSON")
def _(place: Place) -> list[str]:
    path = place.write("r.json", '{"schema_version": "1.0.0", "sample')
    return ["summary", path, "--output-tsv", place.out("s.tsv"), "--output-html", place.out("s.html")]


# --- Outputs ----------------------------------------------------------------------------------------


@case("output: exists", r"c\.fastq\.gz: exists already; name another file, or give --force")
def _(place: Place) -> list[str]:
    place.write("c.fastq.gz", "precious")
    words = place.screen(place.write("a.fq", GOOD))
    place.outputs = [path for path in place.outputs if path.name != "c.fastq.gz"]
    return words


@case("output: is a directory", r"there: is a directory; give the name of a file as --output")
def _(place: Place) -> list[str]:
    (place.path / "there").mkdir()
    outputs = ["--output", str(place.path / "there"), "--metrics", place.out("m.json"), "--force"]
    return ["screen", "--panel", str(place.panel), place.write("a.fq", GOOD), *outputs]


@case(
    "output: below a file",
    r"file/c\.fastq\.gz: cannot be written \(.*\); give an --output that can be written",
)
def _(place: Place) -> list[str]:
    inside = f"{place.write('file', 'x')}/c.fastq.gz"
    outputs = ["--output", inside, "--metrics", place.out("m.json")]
    return ["screen", "--panel", str(place.panel), place.write("a.fq", GOOD), *outputs]


@case("output: no such device", r"cannot be written \(.*\); give an --output that can be written")
def _(place: Place) -> list[str]:
    outputs = ["--output", "/proc/none/c.fastq.gz", "--metrics", place.out("m.json")]
    return ["screen", "--panel", str(place.panel), place.write("a.fq", GOOD), *outputs]


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_a_broken_input_is_one_sentence(name: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    make, message = CASES[name]
    words = make(place)
    before = set(place.path.rglob("*"))
    assert main(words) == 1
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if line.startswith("aspsfusion: error: ")]
    assert len(lines) == 1, error
    assert re.search(message, lines[0]), lines[0]
    assert "Traceback" not in error
    for output in place.outputs:
        assert not output.exists()
    left = {path.name for path in set(place.path.rglob("*")) - before}
    assert not {n for n in left if not n.endswith(".fai")}, left
