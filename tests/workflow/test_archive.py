"""`snakemake --report` packs a finished batch into an archive that opens without a network."""

import re
import zipfile
from pathlib import Path

import pytest

from aspsfusion.simulate.demo import DEFINITION, Outcome, load_demo
from repository import ROOT
from small_batch import SmallBatch

pytestmark = pytest.mark.workflow


def test_archive_holds_every_report(demonstration_run: tuple[Path, list[Outcome]], tmp_path: Path) -> None:
    directory, _ = demonstration_run
    archive = tmp_path / "results.zip"
    batch = SmallBatch(directory, directory / "config.yaml")
    done = batch.run(directory / "results", "--report", str(archive))
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(archive) as packed:
        names = {Path(name).name: name for name in packed.namelist()}
        page = packed.read(names["report.html"]).decode()
        for sample in load_demo(ROOT / DEFINITION).samples:
            name = f"{sample.id}.report.html"
            original = directory / "results" / sample.id / name
            assert packed.read(names[name]) == original.read_bytes()
    assert {"summary.html", "summary.tsv"} <= set(names)
    assert "Report of sample" in page, "the captions are those of workflow/report"
    loaded = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?:[^\"]+)", page)
    assert loaded == []
