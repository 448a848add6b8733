"""Runs inputs that it is told of, one a line, and says how each came out: a process that may crash."""

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

from fuzz.corpus import Corpus
from fuzz.targets import run_input, unmutated


def main() -> None:
    """Read `target seed` from standard input and write a line of JSON for each."""
    corpus = Corpus(Path(sys.argv[1]))
    # What libraries print goes nowhere; the answers go where standard output was.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    for line in sys.stdin:
        target, seed = line.split()
        with tempfile.TemporaryDirectory() as directory:
            result = run_input(corpus, target, int(seed), Path(directory))
        problem = result.problem(unmutated(corpus, target, int(seed)))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        last = result.said.strip().splitlines()[-1:] or [""]
        answer = {"status": result.status, "call": result.call, "problem": problem, "megabytes": used}
        answers.write(json.dumps({**answer, "said": last[0][:300]}) + "\n")


if __name__ == "__main__":
    main()
