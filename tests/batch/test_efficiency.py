"""What jobs used stands beside what they asked for."""

from pathlib import Path

import pytest

from aspsfusion.batch.efficiency import COLUMNS, write_efficiency
from aspsfusion.batch.failures import benchmark_file

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
EXTENDED = "\tjobid\trule_name\twildcards\tparams\tthreads\tcpu_usage\tresources\tinput_size_mb"


def write_benchmark(outdir: Path, sample: str, job: str, header: str, line: str) -> None:
    path = Path(benchmark_file(str(outdir), sample, job))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{header}\n{line}\n")


def rows_of(outdir: Path, samples: list[str]) -> list[dict[str, str]]:
    lines = [line.split("\t") for line in write_efficiency(str(outdir), samples).read_text().splitlines()]
    assert tuple(lines[0]) == COLUMNS
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]


def test_used_and_asked(tmp_path: Path) -> None:
    line = "30.0000\t0:00:30\t500.00\t900.00\t400.00\t450.00\t1.00\t2.00\t150.00\t45.00"
    resources = "{'mem_mb': 2000, 'tmpdir': '/tmp', 'runtime': 10}"
    more = f"\t3\tscreen\t{{'sample': 'a'}}\t{{'version': \"it's\"}}\t2\t150.0\t{resources}\t{{}}"
    write_benchmark(tmp_path, "a", "screen", HEADER + EXTENDED, line + more)
    (row,) = rows_of(tmp_path, ["a", "not_run"])
    assert row == {
        "sample": "a",
        "job": "screen",
        "seconds": "30.0",
        "seconds_asked": "600.0",
        "seconds_share": "0.050",
        "processor_seconds": "45.0",
        "threads_asked": "2",
        "processor_share": "0.750",
        "memory_mb": "500.0",
        "memory_mb_asked": "2000",
        "memory_share": "0.250",
    }


@pytest.mark.parametrize("resources", ["", "{'mem_mb': ", "3", "{'mem_mb': 'TBD', 'runtime': None}"])
def test_what_is_not_known_is_not_made_up(tmp_path: Path, resources: str) -> None:
    """A job that was over at once, with plain benchmarks and with extended ones."""
    line = "0.2000\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA"
    more = f"\t3\tscreen\t{{}}\t{{}}\t1\tNA\t{resources}\t{{}}"
    write_benchmark(tmp_path, "a", "screen", HEADER, line)
    write_benchmark(tmp_path, "a", "analyse", HEADER + EXTENDED, line + more)
    plain, extended = rows_of(tmp_path, ["a"])
    assert (plain["seconds"], extended["seconds"]) == ("0.2", "0.2")
    assert (plain.pop("threads_asked"), extended.pop("threads_asked")) == ("NA", "1")
    for row in (plain, extended):
        assert {value for name, value in row.items() if name not in ("sample", "job", "seconds")} == {"NA"}
