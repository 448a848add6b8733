"""Work that is shared between processes: the same results in the same order, and no process stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aspsfusion.errors import ReadsError, TooBigError
from aspsfusion.io.workers import FEW, Workers
from small_batch import has_ended

ITEMS = list(range(3 * FEW))


class Multiplied:
    """Multiplies numbers by a factor, and tells by which process."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, number: int) -> tuple[int, int]:
        return number * self.factor, os.getpid()


class Refusing:
    """Refuses one number."""

    def __init__(self, refused: int) -> None:
        self.refused = refused

    def __call__(self, number: int) -> int:
        if number == self.refused:
            raise ReadsError(
                "is damaged", path="x.fastq.gz", where=f"record {number}", remedy="copy it again"
            )
        return number


class Killed:
    """Is killed at one number, as by the system when memory runs out."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, number: int) -> int:
        if number == self.number:
            os.kill(os.getpid(), signal.SIGKILL)
        return number


@pytest.mark.parametrize("listed", [True, False])
def test_results_come_in_order_from_several_processes(listed: bool) -> None:
    with Workers(2) as workers:
        for factor in (3, 5):
            found = list(workers.map(Multiplied, factor, ITEMS if listed else iter(ITEMS)))
            assert [product for product, _ in found] == [factor * number for number in ITEMS]
            processes = {process for _, process in found}
            assert len(processes) <= 2
            assert os.getpid() not in processes


@pytest.mark.parametrize(("number", "items"), [(1, ITEMS), (4, ITEMS[: FEW - 1])])
def test_few_items_and_a_single_process_stay_here(number: int, items: list[int]) -> None:
    with Workers(number) as workers:
        assert {process for _, process in workers.map(Multiplied, 2, items)} == {os.getpid()}


def test_the_first_error_in_the_order_of_the_items_is_raised_as_it_was() -> None:
    with Workers(2) as workers:
        found = workers.map(Refusing, 5, ITEMS)
        assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]
        with pytest.raises(ReadsError) as caught:
            next(found)
    assert str(caught.value) == "x.fastq.gz, record 5: is damaged; copy it again"
    assert caught.value.remedy == "copy it again"


def test_a_killed_process_is_an_error_in_words() -> None:
    with (
        Workers(2) as workers,
        pytest.raises(TooBigError, match="was killed, usually because memory ran out"),
    ):
        list(workers.map(Killed, 3, ITEMS))


HELD = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from aspsfusion.io.workers import Workers
from io_workers_of_a_test import Multiplied
if __name__ == "__main__":
    with Workers(2) as workers:
        found = list(workers.map(Multiplied, 2, list(range(24))))
        print(*sorted({{process for _, process in found}}), flush=True)
        input()
"""


def test_no_process_outlives_the_first_one(tmp_path: Path) -> None:
    (tmp_path / "io_workers_of_a_test.py").write_text(Path(__file__).read_text())
    script = tmp_path / "held.py"
    script.write_text(HELD)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as held:
        assert held.stdout is not None
        others = list(map(int, held.stdout.readline().split()))
        assert others
        assert not any(map(has_ended, others))
        held.kill()
    while not all(map(has_ended, others)):  # the time limit of tests is that of this one
        time.sleep(0.01)
