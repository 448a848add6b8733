"""Measures what the screen's settings lose and let in: the table and figure of `docs/screen.md`.

    PYTHONPATH=tests python -m screen_study --panel PANEL --table TSV --figure SVG [--real-data DIRECTORY]

Lost: fragments of a fusion with 1 % substitutions and 2 % deamination at C or G, of which a read crosses a
junction with ten bases at least. The junction is one that the panel lists, or any other one, across which it
has no word. Let in: random reads, and reads of real introns that are not in the panel. Real sequence and real
reads are measured where `--real-data` names a directory with genome.fa.gz, genes.gtf, K562f_1.fq.gz and
K562f_2.fq.gz.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np

from aspsfusion.panel.kmers import SEED_LENGTH
from aspsfusion.panel.screen_index import LEAST_SCORE, load_kmers
from screen_study.figure import draw
from screen_study.reads import INSERT, Reads, across, damaged, random_reads, with_indel
from screen_study.real import READ_LENGTH, Loci, Sample
from screen_study.tables import (
    SETTINGS,
    Genes,
    Pieces,
    Row,
    kept,
    periodic_words_kept,
    pieces_of,
    random_genes,
    table_of,
)

LENGTHS = (36, 50, 75, 100)
PAIRED_LENGTH = 50
INDELS = (-3, -2, -1, 1, 2, 3)
INDEL_LENGTHS = (50, 75, 100)
K562_LENGTH = 76


def lost(genes: Genes, count: int) -> Iterator[Row]:
    """Yield how many damaged fragments across junctions are lost, at each setting.

    Every setting gets the same reads.
    """
    rng = np.random.default_rng(1)
    single = {length: damaged(across(genes.junctions, length, count, rng), rng) for length in LENGTHS}
    molecules = damaged(across(genes.junctions, PAIRED_LENGTH, count, rng, INSERT - PAIRED_LENGTH), rng)
    pair = (molecules[:, :PAIRED_LENGTH], molecules[:, -PAIRED_LENGTH:])
    tables = {(seed, listed): genes.table(seed, listed) for seed, _ in SETTINGS for listed in (True, False)}
    for seed, score in SETTINGS:
        for listed in (True, False):
            table = tables[seed, listed]
            measure = f"lost, {'listed' if listed else 'other'} junction"
            for length, reads in single.items():
                missed = int(np.count_nonzero(~kept(reads, table, score)))
                yield Row(measure, genes.name, seed, score, length, "", count, missed)
            either = kept(pair[0], table, score) | kept(pair[1], table, score)
            missed = int(np.count_nonzero(~either))
            yield Row(measure, genes.name, seed, score, PAIRED_LENGTH, "pairs", count, missed)


def lost_with_indels(genes: Genes, count: int) -> Iterator[Row]:
    """Yield how many damaged reads across other junctions are lost that hold an insertion or a deletion."""
    table = genes.table(SEED_LENGTH, listed=False)
    for length in INDEL_LENGTHS:
        for inserted in INDELS:
            rng = np.random.default_rng(length)
            reads = across(genes.junctions, length, count, rng, after=max(0, -inserted))
            reads = damaged(with_indel(reads, length, inserted, rng), rng)
            missed = int(np.count_nonzero(~kept(reads, table, LEAST_SCORE)))
            variant = f"{'insertion' if inserted > 0 else 'deletion'} of {abs(inserted)}"
            yield Row(
                "lost, other junction", genes.name, SEED_LENGTH, LEAST_SCORE, length, variant, count, missed
            )


def let_in(pieces: Pieces, sequence: str, reads: Reads, variant: str = "") -> Iterator[Row]:
    """Yield how many foreign reads a panel lets in at each setting."""
    for seed in dict.fromkeys(seed for seed, _ in SETTINGS):
        table = table_of(pieces, seed)
        for score in (score for each, score in SETTINGS if each == seed):
            found = int(np.count_nonzero(kept(reads, table, score)))
            yield Row("foreign kept", sequence, seed, score, reads.shape[1], variant, len(reads), found)


def sample_rows(loci: Loci, pieces: Pieces, sample: Sample) -> Iterator[Row]:
    """Yield how many fragments of a real sample are kept and then counted, and without any screen."""
    total = len(sample.records)
    for seed, score in (*SETTINGS, (0, 0)):
        table = table_of(pieces, seed).with_least_score(score) if seed else None
        chosen = np.ones(total, dtype=bool) if table is None else sample.kept(table)
        with tempfile.TemporaryDirectory() as scratch:
            counted, junctions = sample.counted(chosen, loci.panel.directory, Path(scratch))
        for measure, found in (
            ("K562 fragments kept", int(np.count_nonzero(chosen))),
            ("K562 fragments counted", counted),
            ("K562 junctions reported", junctions),
        ):
            yield Row(measure, "real", seed, score, K562_LENGTH, "" if seed else "no screen", total, found)


def real_rows(data: Path, demonstration: Pieces, count: int) -> Iterator[Row]:
    """Yield what is measured on real sequence and real reads."""
    with tempfile.TemporaryDirectory() as scratch:
        loci = Loci.build(data, Path(scratch) / "panel")
        genes = loci.genes()
        yield from lost(genes, count)
        yield from lost_with_indels(genes, count)
        foreign = loci.foreign_reads()
        yield from let_in(demonstration, "real introns, demonstration panel", foreign)
        name = "real introns, real panel"
        yield from let_in(genes.pieces, name, foreign)
        without_frequent = loci.pieces(frequent_left_out=True)
        yield from let_in(without_frequent, name, foreign, "frequent words left out")
        with periodic_words_kept():
            yield from let_in(genes.pieces, name, foreign, "periodic words not left out")
        sample = Sample.read(data / "K562f_1.fq.gz", data / "K562f_2.fq.gz")
        yield from sample_rows(loci, genes.pieces, sample)


def study(panel: Path, data: Path | None, count: int) -> Iterator[Row]:
    """Yield all rows.

    Args:
        panel: demonstration panel, built.
        data: directory of real data, or None.
        count: reads of each kind that are made.
    """
    stored = load_kmers(panel / "kmers.npz")
    if stored is None:
        raise SystemExit(f"{panel}: was written by another version of aspsfusion; build it again")
    demonstration = pieces_of(stored)
    genes = random_genes(np.random.default_rng(0))
    yield from lost(genes, count)
    yield from lost_with_indels(genes, count)
    chance = random_reads(count, READ_LENGTH, np.random.default_rng(2))
    yield from let_in(demonstration, "random reads, demonstration panel", chance)
    if data is not None:
        yield from real_rows(data, demonstration, count)


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as TSV."""
    lines = ["\t".join(field.name for field in fields(Row))]
    lines += ["\t".join(map(str, astuple(row))) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the table and draw the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--panel", type=Path, required=True, help="demonstration panel, built")
    parser.add_argument("--real-data", type=Path, help="directory of real data")
    parser.add_argument("--reads", type=int, default=100_000, help="reads of each kind (default 100,000)")
    parser.add_argument("--table", type=Path, required=True, help="TSV to write")
    parser.add_argument("--figure", type=Path, required=True, help="SVG to write")
    args = parser.parse_args(arguments)
    if args.real_data is None:
        print("no --real-data: only random sequence is measured")
    rows = []
    for row in study(args.panel, args.real_data, args.reads):
        rows.append(row)
        print(*astuple(row), sep="\t", flush=True)
    for path in (args.table, args.figure):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_table(rows, args.table)
    args.figure.write_text(draw(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
