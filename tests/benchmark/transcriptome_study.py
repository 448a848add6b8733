"""Screens and analyses a fusion-free transcriptome: real mRNAs with the panel's transcripts among them.

`make transcriptome` calls this with ASPSFUSION_REAL_DATA set. It prints the verdict, what was seen of the
targets, and how many pairs of genes that are not on the panel the screen lets in. Exit status 1 where the
verdict is not EXCLUDED, or a fusion or a break is seen, filtered or not.
"""

import argparse
import gzip
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from make_reads import CHUNK, Pool, drawn, fasta_sequences, transcriptome, write_pairs

WORD = 31
OF_PANEL = 0.1
"""Share of its words that an mRNA has in common with the panel's transcripts from which it is one of them."""


def of_panel(pool: Pool, panel: Path) -> npt.NDArray[np.bool_]:
    """Return which transcripts of a pool are genes of the panel; every tenth word is looked up."""
    words = {
        sequence[at : at + WORD]
        for sequence in fasta_sequences((panel / "transcripts.fa").read_bytes())
        for at in range(len(sequence) - WORD + 1)
    }
    letters = pool.letters.tobytes()

    def shared(start: int, length: int) -> float:
        places = range(start, start + length - WORD, 10)
        return sum(letters[at : at + WORD] in words for at in places) / len(places)

    return np.array([shared(*each) >= OF_PANEL for each in zip(pool.starts, pool.lengths, strict=True)])


def origins(pool: Pool, pairs: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the transcript of every pair, in the order of the reads."""
    chunks = ((begin, min(CHUNK, pairs - begin)) for begin in range(0, pairs, CHUNK))
    return np.concatenate([drawn(pool, begin, count, seed)[0] for begin, count in chunks])


def let_in(candidates: Path) -> npt.NDArray[np.int64]:
    """Return the numbers of the pairs that the screen kept, from 0."""
    with gzip.open(candidates, "rb") as stream:
        return np.array([int(line[1:].split(b"/")[0]) - 1 for line in islice(stream, 0, None, 8)])


def run(command: str, *arguments: str | Path) -> None:
    """Run one command of the program."""
    subprocess.run([sys.executable, "-m", "aspsfusion", command, *arguments, "--force"], check=True)


def study(panel: Path, directory: Path, pairs: int, seed: int) -> bool:
    """Print what a transcriptome without a fusion gives; return whether it gave what it should."""
    pool = transcriptome(panel, seed)
    reads = write_pairs(directory, pairs, pool, seed)
    candidates, counts = directory / "candidates.fastq.gz", directory / "screen.json"
    run("screen", "--panel", panel, *reads, "--output", candidates, "--metrics", counts)
    known, source = of_panel(pool, panel), origins(pool, pairs, seed)
    foreign, kept = ~known[source], let_in(candidates)
    strays = int(np.count_nonzero(foreign[kept]))
    print(f"pairs of genes that are not on the panel: {np.count_nonzero(foreign):,}, let in: {strays:,}")
    analysed = ("--sample", "transcriptome", "--library", "polyA", "--output", directory)
    run("analyse", "--panel", panel, "--reads", candidates, "--screen", counts, *analysed)
    report = json.loads((directory / "transcriptome.report.json").read_text(encoding="utf-8"))
    print(f"candidates: {kept.size:,}; verdict: {report['verdict']['call']}")
    print(f"informative fragments: {report['exclusion']['informative_fragments']}")
    seen = {key: report[key] for key in ("fusions", "filtered", "one_sided", "filtered_one_sided")}
    for key, rows in seen.items():
        print(f"{key}: {len(rows)}")
        for row in rows:
            print(f"  {json.dumps(row)[:300]}")
    return report["verdict"]["call"] == "EXCLUDED" and not any(seen.values())


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True, help="built panel directory")
    parser.add_argument("--work", type=Path, required=True, help="where reads and results are written")
    parser.add_argument("--pairs", type=int, default=4_000_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sys.exit(not study(args.panel, args.work, args.pairs, args.seed))


if __name__ == "__main__":
    main()
