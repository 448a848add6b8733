"""The study of the screen's settings makes the reads that it says, and the same figure each time."""

import csv

import numpy as np
import pytest

from repository import ROOT
from screen_study import __main__ as study
from screen_study.figure import draw
from screen_study.reads import LEAST_ANCHOR, SIDE, across, with_indel
from screen_study.tables import SETTINGS, Genes, Row, kept, periodic_words_kept, random_genes, table_of


def letters(text: str) -> np.ndarray:
    return np.array([np.frombuffer(text.encode(), np.uint8)])


@pytest.mark.parametrize("inserted", [-3, -2, -1, 1, 2, 3])
def test_an_indel_leaves_the_bases_on_both_sides(inserted: int) -> None:
    whole = "".join(chr(ord("A") + i) for i in range(26))
    length = 20
    source = letters(whole[: length + max(0, -inserted)])
    for seed in range(30):
        read = with_indel(source, length, inserted, np.random.default_rng(seed))[0].tobytes().decode()
        assert len(read) == length
        fits = []
        for place in range(1, length):
            front, back = whole[:place], read[place + max(0, inserted) :]
            start = place + max(0, -inserted)
            fits.append(read.startswith(front) and whole[start : start + len(back)] == back and back != "")
        assert any(fits)


def test_reads_cross_the_junction_with_an_anchor_on_both_sides() -> None:
    junctions = letters("C" * SIDE + "G" * SIDE)
    reads = across(junctions, 50, 2000, np.random.default_rng(1))
    fives = (reads == ord("C")).sum(axis=1)
    assert (fives.min(), fives.max()) == (LEAST_ANCHOR, 50 - LEAST_ANCHOR)


def test_listed_junctions_are_on_the_panel_and_others_are_not() -> None:
    genes = random_genes(np.random.default_rng(3))
    around = genes.junctions[:, SIDE - 12 : SIDE + 12]
    assert kept(around, genes.table(13, listed=True), 20).all()
    assert not kept(around, genes.table(13, listed=False), 20).any()


def test_periodic_words_are_kept_only_where_the_study_says_so() -> None:
    pieces, reads = [(0, "CA" * 40)], letters("AC" * 40)
    assert not kept(reads, table_of(pieces, 13), 20).any()
    with periodic_words_kept():
        table = table_of(pieces, 13)
    assert kept(reads, table, 20).all()
    assert not kept(reads, table_of(pieces, 13), 20).any()


def test_a_higher_score_loses_no_less() -> None:
    genes: Genes = random_genes(np.random.default_rng(0))
    rows = [row for row in study.lost(genes, 300) if row.read_length == 36 and "other" in row.measure]
    found = [row.found for row in rows if row.seed == 13]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_the_figure_is_the_same_each_time_and_has_hollow_marks_for_what_was_not_seen() -> None:
    def rows(found: int) -> list[Row]:
        return [
            Row(measure, "random", seed, score, 50, "", 1000, found)
            for measure in ("lost, listed junction", "lost, other junction", "foreign kept")
            for seed, score in SETTINGS
        ]

    seen, unseen = draw(rows(3)), draw(rows(0))
    assert seen == draw(rows(3))
    hollow = "fill: #ffffff; stroke: #000000"
    # The legend has one of its own, in another colour.
    assert hollow not in seen
    assert hollow in unseen


def test_the_documented_table_is_that_of_the_study() -> None:
    with (ROOT / "docs" / "screen.tsv").open(encoding="utf-8") as stream:
        table = list(csv.DictReader(stream, delimiter="\t"))
    by_key = {tuple(row[key] for key in list(row)[:6]): row for row in table}
    assert len(by_key) == len(table)
    document = (ROOT / "docs" / "screen.md").read_text(encoding="utf-8")
    for seed, score in SETTINGS:
        cells = []
        for measure in ("lost, listed junction", "lost, other junction"):
            for length in ("36", "50", "75"):
                row = by_key[measure, "real", str(seed), str(score), length, ""]
                cells.append(f"{100 * int(row['found']) / int(row['reads']):.3f}")
        assert " | ".join(cells) in document
