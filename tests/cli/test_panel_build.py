"""`aspsfusion panel build`: what it prints, and one line for what it refuses."""

from pathlib import Path

import pytest

from aspsfusion.cli import main
from small_panel import SmallPanel


@pytest.fixture
def small(tmp_path: Path) -> SmallPanel:
    return SmallPanel.in_directory(tmp_path)


def command(small: SmallPanel, *more: str) -> int:
    small.write()
    arguments = ["--panel", small.yaml_path, "--genome", small.genome_path, "--output", small.output]
    return main(["panel", "build", *map(str, arguments), *more])


def test_command_says_what_was_proved(small: SmallPanel, capsys: pytest.CaptureFixture[str]) -> None:
    small.change("chr2", 931, "GA")
    small.change("chr2", 1021, "GA")
    assert command(small) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{small.output}: 3 genes, 3 transcripts, reference genome, 7 of 8 checks passed, "
        "sequences not looked for in a whole genome, 0 decoys (0 bases)",
        "  not passed: BYSTANDER|TB.1: 8 of 10 introns run from GT or GC to AG "
        "(intron 1 GA..AG, intron 2 GA..AG)",
    ]
    assert err == ""


@pytest.mark.parametrize("masked", [False, True])
def test_command_says_when_repeats_are_not_known(
    small: SmallPanel, capsys: pytest.CaptureFixture[str], masked: bool
) -> None:
    if masked:
        small.change("chr2", 191, small.chromosomes["chr2"][190:230].lower())
    small.chromosomes = {f"{name}:1-{len(bases)}": bases for name, bases in small.chromosomes.items()}
    assert command(small) == 0
    out, _ = capsys.readouterr()
    assert ("repeats are not known" in out) is not masked


def test_command_refuses_in_one_line_and_replaces_only_with_force(
    small: SmallPanel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(small) == 0
    capsys.readouterr()
    assert command(small) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"aspsfusion: error: {small.output}: exists already; name another directory or give --force\n"
    )
    assert command(small, "--force") == 0
