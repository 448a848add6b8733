"""A deep sample gives the same results whether wild type is settled or aligned."""

import gzip
import json
from dataclasses import replace
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path

import pysam
import pytest

from aspsfusion.align import align, chunks
from aspsfusion.align.structures import TEMPLATES_ALONE, read_structures
from aspsfusion.call import assign
from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import write_calls
from aspsfusion.call.tag import run_tag
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.errors import ReadsError
from aspsfusion.interpret.compose import SCREEN_KEYS, StageResults, compose_report, read_metrics
from aspsfusion.panel.panel import Panel
from aspsfusion.pipeline import SampleFiles, SampleInput, Thresholds, Watcher, call_candidates, run_analyse
from deep_reads import TRANSPOSASE, DeepSample, candidates

SAMPLES = {
    "pairs": DeepSample(),
    "short inserts": DeepSample(inserts=(40, 130)),
    "single reads": DeepSample(paired=False, inserts=(60, 200)),
    "adapters in single reads": DeepSample(paired=False, inserts=(40, 90), adapter=TRANSPOSASE),
    "duplicates": DeepSample(copies=5),
    "amplicons": DeepSample(places=2, inserts=(150, 156)),
    "UMIs in names": DeepSample(copies=4, places=30, names="M:1:FC:1:1:2:{number}:{umi}"),
    "UMIs in comments": DeepSample(copies=4, places=30, names="M:1:FC:1:1:2:{number} RX:Z:{umi}"),
    "UMIs before read 1": DeepSample(copies=3, before=8),
    "UMIs that nobody declared": DeepSample(before=10),
    "copies of chimeras": DeepSample(copies=6, fused=0.4),
    "reads with indels in copies": DeepSample(copies=3, indels=0.2, inserts=(70, 200)),
    "unknown last bases": DeepSample(unknown=7, inserts=(60, 200)),
    "an unknown first base": DeepSample(unknown_first=1),
    "unknown first bases": DeepSample(unknown_first=5, inserts=(60, 200)),
    "unknown last bases of single reads": DeepSample(unknown=7, paired=False, copies=2),
    "poor reads": DeepSample(error_rate=0.03, indels=0.1),
    "two errors": DeepSample(error_rate=0.02, indels=0.0, inserts=(100, 300), read_length=100),
    "two errors in copies": DeepSample(
        error_rate=0.02, copies=3, places=40, inserts=(100, 300), read_length=100
    ),
}
STRUCTURES = {"UMIs before read 1": ("8M+T", "+T")}


def results(
    panel: Panel, reads: Path, output: Path, structures: tuple[str, ...], *, settled: bool
) -> tuple[dict[str, bytes], int]:
    """Return what the stages up to the calls write, and how many fragments were settled."""
    output.mkdir()
    outputs = {name: output / name for name in ("align", "evidence")}
    layout = read_structures(structures) if structures else TEMPLATES_ALONE
    caller = Caller(panel, CallParameters())
    calls, _, sample = call_candidates(caller, reads, "x", outputs, structures=layout, settle=settled)
    write_calls(calls, output / "calls")
    files = {name: (output / name).read_bytes() for name in ("align", "calls")}
    # What the calls decide on is not the same: fragments with two edits in a read are settled before them.
    evidence = json.loads(gzip.decompress((output / "evidence").read_bytes()))
    kept = {key: evidence[key] for key in evidence.keys() - {"fragments", "coverage", "sha256"}}
    return files | {"evidence": json.dumps(kept, sort_keys=True).encode()}, sample.settled.rows.size


@pytest.mark.parametrize("kind", SAMPLES)
def test_both_ways_agree(
    kind: str, demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "SMALL", 1)
    monkeypatch.setattr(chunks, "FRAGMENTS", 80)
    reads = tmp_path / "c.fastq.gz"
    transcripts = {
        key: each.sequence for key, each in demo_panel.transcripts.items() if len(each.sequence) > 400
    }
    few = {key: bases for number, (key, bases) in enumerate(transcripts.items()) if number % 4 == 0}
    few |= {key: decoy.sequence for key, decoy in demo_panel.decoys.items()}
    reads.write_bytes(gzip.compress(candidates(SAMPLES[kind], few).encode(), 1))
    structures = STRUCTURES.get(kind, ())
    slow, none = results(demo_panel, reads, tmp_path / "slow", structures, settled=False)
    fast, number = results(demo_panel, reads, tmp_path / "fast", structures, settled=True)
    assert fast == slow
    assert none == 0
    assert number > SAMPLES[kind].fragments * 0.1


@pytest.mark.parametrize(
    "kind", ["copies of chimeras", "UMIs in names", "UMIs that nobody declared", "single reads"]
)
def test_two_processes_write_what_one_writes(
    kind: str, demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "SMALL", 1)
    monkeypatch.setattr(chunks, "FRAGMENTS", 100)
    monkeypatch.setattr(assign, "MANY", 50)
    few = {key: each.sequence for key, each in demo_panel.transcripts.items() if each.primary}
    sample = replace(SAMPLES[kind], fragments=1200)
    reads, screen = tmp_path / "c.fastq.gz", tmp_path / "s.json"
    reads.write_bytes(gzip.compress(candidates(sample, few).encode(), 1))
    screen.write_text(json.dumps(dict.fromkeys(SCREEN_KEYS, 0)))
    written: list[dict[str, bytes]] = []
    for threads in (1, 2):
        # Those of an earlier run may not have ended yet.
        earlier, others = set(active_children()), set[BaseProcess]()

        def look(_: str, seen: set[BaseProcess] = others) -> None:
            seen.update(active_children())

        watcher = Watcher(stage=look)
        thresholds = Thresholds(CallParameters(), ClassifyParameters())
        files = SampleFiles(tmp_path / str(threads), "x")
        files.directory.mkdir()
        run_analyse(
            SampleInput(demo_panel.directory, reads, screen),
            files,
            thresholds,
            threads=threads,
            watcher=watcher,
        )
        assert len(others - earlier) == (threads if threads > 1 else 0)
        written.append({path.name: path.read_bytes() for path in files.directory.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) > 10


def shown(bam: Path) -> set[tuple[object, ...]]:
    """What a viewer shows of the records that no junction has, but for the aligner's alternatives."""
    with pysam.AlignmentFile(str(bam)) as records:
        return {
            (
                *record.to_string().split("\t")[:4],
                *record.to_string().split("\t")[5:11],
                *(record.get_tag(tag) for tag in ("NM", "RG", "YN") if record.has_tag(tag)),
            )
            for record in records
            if not record.has_tag("YJ") and not record.has_tag("SA")
        }


@pytest.mark.parametrize("kind", ["pairs", "short inserts", "unknown last bases"])
def test_settled_reads_are_reported_and_look_like_aligned_ones(
    kind: str, demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "SMALL", 1)
    reads, caller = tmp_path / "c.fastq.gz", Caller(demo_panel, CallParameters())
    transcripts = {key: each.sequence for key, each in demo_panel.transcripts.items() if "TFE3" in key}
    reads.write_bytes(gzip.compress(candidates(SAMPLES[kind], transcripts, seed=2).encode(), 1))
    found, reports = {}, []
    for settled in (False, True):
        output = tmp_path / str(settled)
        output.mkdir()
        outputs = {name: output / name for name in ("align", "evidence")}
        calls, records, sample = call_candidates(caller, reads, "x", outputs, settle=settled)
        files = (output / name for name in ("panel.bam", "junctions.fa"))
        run_tag(demo_panel.directory, records, calls, *files, sample=sample)
        found[settled] = shown(output / "panel.bam")
        stages = StageResults("x", dict.fromkeys(SCREEN_KEYS, 0), read_metrics(outputs["align"]), calls)
        reports.append(compose_report(demo_panel, stages, ClassifyParameters()).model_dump_json())
    assert sample.labels
    assert len(found[True]) > 400
    assert found[True] == found[False]
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace("\n+\n", "\n*\n", 300).replace("\n*\n", "\n+\n", 299),
    ],
)
def test_a_damaged_file_is_refused_in_the_same_words(
    damage: object, demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(damage)
    monkeypatch.setattr(align, "SMALL", 1)
    monkeypatch.setattr(chunks, "FRAGMENTS", 80)
    reads = tmp_path / "c.fastq.gz"
    transcripts = {key: each.sequence for key, each in demo_panel.transcripts.items() if "TFE3" in key}
    reads.write_bytes(gzip.compress(damage(candidates(DeepSample(), transcripts)).encode(), 1))
    said = []
    for settled in (False, True):
        with pytest.raises(ReadsError) as caught:
            results(demo_panel, reads, tmp_path / str(settled), (), settled=settled)
        said.append(str(caught.value))
    assert said[0] == said[1]
