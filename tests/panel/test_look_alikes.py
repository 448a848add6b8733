"""Places of a genome that resemble the targets' exons become decoys of the panel."""

import random
from pathlib import Path

import numpy as np
import pytest

from aspsfusion.errors import PanelError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native.genome import MAX_MISMATCHES, WINDOW, Windows
from aspsfusion.panel import look_alikes
from aspsfusion.panel.look_alikes import FLANK, LookAlikeFinder, window_codes
from small_panel import (
    BYSTANDER_EXONS,
    FIVE_TRANSCRIPT,
    THREE_TRANSCRIPT,
    SmallPanel,
    gtf_lines,
    random_bases,
    replaced,
)

ANY = 10**9


def changed(bases: str, *places: int) -> str:
    """The bases with others at some places, 0-based."""
    for place in places:
        bases = replaced(bases, place + 1, "ACGT"["ACGT".index(bases[place]) - 1])
    return bases


def letters(bases: str) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.frombuffer(bases.encode("ascii"), dtype=np.uint8)


# ---- the loop


def test_windows_are_found_as_by_comparing_all_places() -> None:
    chance = random.Random(4)
    target = random_bases(60, seed=1)
    codes = window_codes(target)
    text = "".join(chance.choices("ACGTN", weights=[9, 9, 9, 9, 1], k=400))
    for wrong in range(5):
        start = chance.randrange(60 - WINDOW)
        piece = changed(target[start : start + 33], *chance.sample(range(28), wrong))
        text += piece + "".join(chance.choices("acgt", k=30))
    places, windows = Windows(codes).find(letters(text), ANY)
    expected = {
        (at, number)
        for at in range(len(text) - WINDOW + 1)
        for number in range(len(target) - WINDOW + 1)
        if "N" not in (bases := text[at : at + WINDOW].upper())
        and sum(a != b for a, b in zip(bases, target[number:], strict=False)) <= MAX_MISMATCHES
    }
    assert len(expected) > 10
    assert list(zip(places.tolist(), windows.tolist(), strict=True)) == sorted(expected)


def test_more_places_than_are_given_at_a_time_and_than_are_wanted() -> None:
    windows = Windows(window_codes("A" * WINDOW))
    text = letters("A" * 300_000)
    places, _ = windows.find(text, ANY)
    assert places.tolist() == list(range(300_000 - WINDOW + 1))
    few, _ = Windows(window_codes("A" * WINDOW)).find(text, 7)
    assert few.tolist() == list(range(7))
    assert windows.counts.tolist() == [300_000 - WINDOW + 1]


def test_short_and_empty_stretches() -> None:
    windows = Windows(window_codes(random_bases(40, seed=2)))
    for size in (0, 1, WINDOW - 1, WINDOW):
        assert windows.find(letters(random_bases(size, seed=3)), ANY)[0].size == 0
    assert Windows(window_codes("ACGT")).find(letters("A" * 99), ANY)[0].size == 0


@pytest.mark.parametrize("broken", ["_firsts", "_windows"])
def test_lists_that_are_none_are_refused(broken: str) -> None:
    windows = Windows(window_codes(random_bases(60, seed=2)))
    getattr(windows, broken)[5] = 2**40
    with pytest.raises(ValueError, match="out of range"):
        windows.find(letters("A" * 99), ANY)


@pytest.mark.parametrize("block", [1, 27, 28, 1000])
def test_blocks_cut_no_place(block: int) -> None:
    text = random_bases(90, 1) + reverse_complement(FIVE_TRANSCRIPT[20:60]) + random_bases(90, 2)
    finder = LookAlikeFinder([FIVE_TRANSCRIPT])
    finder.start_contig("5")
    for start in range(0, len(text), block):
        finder.add(text[start : start + block].encode())
    (place,) = finder.found().places
    assert place.chrom == "chr5"
    assert place.start <= 90 < 130 <= place.end <= 134
    assert finder.found().lengths == {"chr5": len(text)}


# ---- panel build

BEFORE, AFTER = random_bases(400, seed=31), random_bases(400, seed=32)


def built(small: SmallPanel, chr5: str, gtf: str | None = None) -> dict[str, str]:
    """Build the panel with one more chromosome; returns its decoys, names without their numbers."""
    small.chromosomes["chr5"] = chr5
    small.data["genome"]["chromosomes"] = {"chr2": {}, "chr5": {}, "chrX": {}}
    path = None
    if gtf is not None:
        path = small.directory / "a.gtf"
        path.write_text(gtf, encoding="ascii")
    panel = small.build(path)
    return {decoy.name.rpartition(".")[0]: decoy.sequence for decoy in panel.decoys.values()}


@pytest.fixture
def small(tmp_path: Path) -> SmallPanel:
    return SmallPanel.in_directory(tmp_path)


def test_a_place_goes_with_the_bases_around_it(small: SmallPanel) -> None:
    # Across the border of two exons, as a processed copy has it.
    alike = changed(reverse_complement(THREE_TRANSCRIPT[60:90]), 3, 20)
    found = built(small, BEFORE + alike + AFTER + changed(FIVE_TRANSCRIPT[70:98], 3, 12, 20))
    ((name, bases),) = found.items()
    assert alike in bases
    assert bases in BEFORE + alike + AFTER
    assert 2 * FLANK + len(alike) <= len(bases) <= 2 * FLANK + len(alike) + 12
    assert name.startswith("genome:chr5:")


def test_with_an_annotation_exons_alone_count_as_they_are_spliced(small: SmallPanel) -> None:
    alike = FIVE_TRANSCRIPT[60:92]
    chr5 = BEFORE + alike + AFTER + alike + AFTER
    # Two short exons, that with the place, a long one; 1-based inclusive.
    exons = [[11, 30], [101, 150], [391, 440], [601, 800]]
    gtf = gtf_lines("COPY", "T1", "5", "-", exons) + gtf_lines("FAR", "T2", "5", "+", [[500, 560]])
    gtf += gtf_lines("OTHER", "T3", "7", "+", exons)
    ((name, bases),) = built(small, chr5, gtf).items()
    assert name.startswith("COPY:chr5:")
    rna, sense = "".join(chr5[first - 1 : last] for first, last in exons), reverse_complement(bases)
    assert rna.startswith(sense)  # fewer than FLANK bases are upstream
    # Some bases beside the place may resemble the target by chance.
    assert rna.index(alike) + len(alike) + FLANK <= len(sense) <= rna.index(alike) + len(alike) + FLANK + 8


def test_the_targets_themselves_and_exons_of_the_panel_are_no_decoys(small: SmallPanel) -> None:
    first = BYSTANDER_EXONS[0][0]
    small.change("chr2", first, FIVE_TRANSCRIPT[70:100])
    assert built(small, BEFORE) == {}
    assert not (small.output / "decoys.fa").exists()


def test_repeats_are_left_out(small: SmallPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_alikes, "MOST_PLACES", 5)
    chr5 = (FIVE_TRANSCRIPT[70:100] + BEFORE[:60]) * 6
    found = built(small, chr5 + AFTER + THREE_TRANSCRIPT[90:120])
    (bases,) = found.values()
    assert THREE_TRANSCRIPT[90:120] in bases


def test_too_many_places_are_refused(small: SmallPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_alikes, "MOST_DECOYS", 1)
    alike = FIVE_TRANSCRIPT[70:100]
    small.chromosomes["chr5"] = BEFORE + alike + AFTER + alike + AFTER
    small.data["genome"]["chromosomes"] = {"chr2": {}, "chr5": {}, "chrX": {}}
    message = small.refusal(PanelError)
    assert "holds 2 places that resemble exons of the targets, and 1 are the most" in message
    assert "--gtf" in message


def test_without_a_whole_genome_the_panel_names_its_decoys(small: SmallPanel) -> None:
    small.data["decoys"] = [{"name": "COPY_T1", "sequence": random_bases(300, 1), "source": "this test"}]
    panel = small.build()
    assert [decoy.key for decoy in panel.decoys.values()] == ["~decoy|COPY_T1"]
    assert panel.provenance["decoys"] == [{"name": "COPY_T1", "length": 300}]


def test_with_one_they_are_found(small: SmallPanel) -> None:
    small.data["decoys"] = [{"name": "COPY_T1", "sequence": random_bases(300, 1), "source": "this test"}]
    assert built(small, BEFORE) == {}
