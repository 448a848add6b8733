"""BWA-MEM on a small reference: short anchors are found, and nothing is printed."""

from pathlib import Path

import pytest
from pysam import FastxRecord

from aspsfusion.io.bwa import aligner_options, build_index, open_aligner
from small_panel import random_bases


def test_a_short_read_is_placed_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reference = random_bases(2000, seed=1)
    fasta = tmp_path / "panel.fa"
    fasta.write_text(f">one\n{reference}\n", encoding="ascii")
    build_index(fasta)
    read = FastxRecord(name="r", sequence=reference[700:718], quality="I" * 18)
    with open_aligner(fasta) as aligner:
        [[record]] = aligner.align([read], aligner_options())
    assert (record.reference_start, record.cigarstring) == (700, "18M")
    assert capfd.readouterr() == ("", "")
