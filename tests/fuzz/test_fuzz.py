"""A few mutated inputs of every kind in each run of the tests; `make fuzz` runs thousands."""

from pathlib import Path

import pytest

from fuzz.corpus import Corpus, build_corpus
from fuzz.mutations import mutated
from fuzz.targets import names, run_input, unmutated
from once import made_once

SEEDS = range(100_000, 100_004)
"""Others than those of the study."""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The files to be mutated."""

    def build(directory: Path) -> None:
        build_corpus(directory)

    return Corpus(made_once(tmp_path_factory, "fuzz_corpus", build))


@pytest.mark.parametrize("target", names())
def test_files_as_they_are_are_accepted(corpus: Corpus, target: str, tmp_path: Path) -> None:
    result = run_input(corpus, target, None, tmp_path)
    assert result.status == 0, result.said
    assert result.call in (unmutated(corpus, target, 0).call, "")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("target", [name for name in names() if name != "panel_files"])
def test_a_mutated_input_is_an_error_in_words_or_the_same_verdict(
    corpus: Corpus, target: str, seed: int, tmp_path: Path
) -> None:
    result = run_input(corpus, target, seed, tmp_path)
    assert not result.problem(unmutated(corpus, target, seed)), result.said


def test_a_mutation_is_another_file_and_always_the_same() -> None:
    data = b"@r1\nACGT\n+\nIIII\n" * 9
    for seed in range(200):
        assert mutated(data, seed) != data
        assert mutated(data, seed) == mutated(data, seed)
