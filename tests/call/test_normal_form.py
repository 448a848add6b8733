"""One junction stands for all that have the same joined sequence, and for all reads of one event."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from aspsfusion.call.borders import BoundaryMap, KnownPlaces, edit_distance
from aspsfusion.call.consensus import agreed
from aspsfusion.call.normal_form import NormalForms
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Junction, Panel, Transcript

FLANK = 60
WAYS = 40
"""Of the ways to write a junction, up to 400, so many are tried."""


@pytest.fixture(scope="module")
def normal_forms(demo_panel: Panel) -> NormalForms:
    return NormalForms(demo_panel, ContigBases(demo_panel), BoundaryMap(demo_panel))


def at(panel: Panel, cut: int, onwards: int, inserted: str = "") -> Junction:
    """The junction of the first bases of ASPSCR1 and TFE3 from a base on, by places of the transcripts."""
    five, three = panel.primary["ASPSCR1"], panel.primary["TFE3"]
    return Junction("ASPSCR1", five.to_genome(cut - 1), "TFE3", three.to_genome(onwards), inserted)


def ends(panel: Panel) -> tuple[int, int]:
    """End of ASPSCR1 exon 7 and start of TFE3 exon 6."""
    return panel.primary["ASPSCR1"].exons[6].tx_end, panel.primary["TFE3"].exons[5].tx_start


def joined(panel: Panel, junction: Junction) -> str:
    five, three = panel.primary["ASPSCR1"], panel.primary["TFE3"]
    cut, onwards = five.from_genome(junction.five_pos), three.from_genome(junction.three_pos)
    assert cut is not None
    assert onwards is not None
    return five.sequence[: cut + 1] + junction.inserted + three.sequence[onwards:]


def moved(panel: Panel, junction: Junction, cut: int, onwards: int) -> list[Junction]:
    """All ways to write a junction within the two primary transcripts, from a way to write it."""
    five, three = panel.primary["ASPSCR1"].sequence, panel.primary["TFE3"].sequence
    whole = five[cut - FLANK : cut] + junction.inserted + three[onwards : onwards + FLANK]
    found = []
    for left in range(FLANK - 20, FLANK + len(junction.inserted) + 20):
        for right in range(left, FLANK + len(junction.inserted) + 20):
            new_cut = cut + left - FLANK
            new_onwards = onwards + right - FLANK - len(junction.inserted)
            same = (
                five[new_cut - left : new_cut] == whole[:left]
                and three[new_onwards : new_onwards + len(whole) - right] == whole[right:]
            )
            if same:
                found.append(at(panel, new_cut, new_onwards, whole[left:right]))
    return found


@pytest.mark.parametrize(("alike", "at_border"), [(5, True), (7, True), (12, False)])
def test_inserted_bases_like_the_start_of_the_intron_stay_inserted(
    demo_panel: Panel, normal_forms: NormalForms, alike: int, at_border: bool
) -> None:
    exon_end, exon_start = ends(demo_panel)
    plain = at(demo_panel, exon_end, exon_start)
    whole = demo_panel.unspliced["ASPSCR1"]
    after = whole.from_genome(plain.five_pos) + 1
    # The base after those of the intron is another one there, and not the last one of TFE3 exon 5.
    other = next(base for base in "ACT" if base not in (whole.sequence[after + alike], "G"))
    inserted = whole.sequence[after : after + alike] + other
    normal = normal_forms.of(replace(plain, inserted=inserted)).junction
    assert (normal.five_pos == plain.five_pos) == at_border
    assert (normal.inserted == inserted) == at_border


def test_a_junction_has_one_normal_form_however_it_is_written(
    demo_panel: Panel, normal_forms: NormalForms
) -> None:
    rng = random.Random(4)
    exon_end, exon_start = ends(demo_panel)
    several = 0
    for number in range(40):
        beside = number % 2
        cut = exon_end + rng.randint(-6, 6) if beside else rng.randrange(300, 1400)
        onwards = exon_start + rng.randint(-6, 6) if beside else rng.randrange(400, 1600)
        junction = at(demo_panel, cut, onwards, "".join(rng.choices("ACGT", k=rng.randrange(9))))
        ways = moved(demo_panel, junction, cut, onwards)
        assert junction in ways
        several += len(ways) > 1
        tried = rng.sample(ways, min(WAYS, len(ways)))
        (normal,) = {normal_forms.of(way).junction for way in (junction, *tried)}
        assert normal_forms.of(normal).junction == normal
        if all(t.from_genome(p) is not None for t, p in sides(demo_panel, normal)):
            assert joined(demo_panel, normal) == joined(demo_panel, junction)
    assert several == 40


def sides(panel: Panel, junction: Junction) -> list[tuple[Transcript, int]]:
    return [
        (panel.primary["ASPSCR1"], junction.five_pos),
        (panel.primary["TFE3"], junction.three_pos),
    ]


def test_bases_that_go_on_like_the_next_exon_are_inserted(
    demo_panel: Panel, normal_forms: NormalForms
) -> None:
    exon_end, exon_start = ends(demo_panel)
    next_bases = demo_panel.primary["ASPSCR1"].sequence[exon_end : exon_end + 2]
    normal = normal_forms.of(at(demo_panel, exon_end + 2, exon_start)).junction
    assert normal == at(demo_panel, exon_end, exon_start, next_bases)


def test_shared_bases_off_the_exon_borders_are_those_of_the_five_prime_gene(
    demo_panel: Panel, normal_forms: NormalForms
) -> None:
    five, three = demo_panel.primary["ASPSCR1"].sequence, demo_panel.primary["TFE3"].sequence
    # A join after which both genes go on with the same two bases.
    cut, onwards = next(
        (cut, onwards)
        for cut in range(500, 700)
        for onwards in range(900, 1000)
        if five[cut : cut + 2] == three[onwards : onwards + 2] and five[cut + 2] != three[onwards + 2]
    )
    normal = normal_forms.of(at(demo_panel, cut, onwards)).junction
    assert normal == at(demo_panel, cut + 2, onwards + 2)


@pytest.mark.parametrize(
    ("lost_five", "lost_three", "inserted", "known"),
    [
        (0, 0, "", True),
        (0, 0, "ACGTACGTACGTACGT", True),
        (3, 3, "", True),
        (2, 0, "TTTTTTT", True),
        (4, 0, "", False),
        (0, 5, "", False),
        (30, 0, "", False),
    ],
)
def test_a_junction_within_three_bases_belongs_to_the_listed_one(
    demo_panel: Panel, lost_five: int, lost_three: int, inserted: str, known: bool
) -> None:
    places = KnownPlaces(demo_panel, BoundaryMap(demo_panel))
    exon_end, exon_start = ends(demo_panel)
    found = places.nearest(at(demo_panel, exon_end - lost_five, exon_start + lost_three, inserted))
    assert found == (at(demo_panel, exon_end, exon_start) if known else None)


@pytest.mark.parametrize("more", ["A", "AC", "ACG", "TGA"])
def test_an_indel_of_three_within_four_bases_belongs_to_it_too(demo_panel: Panel, more: str) -> None:
    places = KnownPlaces(demo_panel, BoundaryMap(demo_panel))
    exon_end, exon_start = ends(demo_panel)
    last = demo_panel.primary["ASPSCR1"].sequence[exon_end - 4 : exon_end]
    first = demo_panel.primary["TFE3"].sequence[exon_start : exon_start + 4]
    known = at(demo_panel, exon_end, exon_start)
    assert places.nearest(at(demo_panel, exon_end - 4, exon_start, more + last)) == known
    assert places.nearest(at(demo_panel, exon_end - 7, exon_start, last)) == known
    assert places.nearest(at(demo_panel, exon_end, exon_start + 4, first + more)) == known
    assert places.nearest(at(demo_panel, exon_end, exon_start + 7, first)) == known


def fragments(*names: str) -> list[Fragment]:
    return [Fragment(number, name, 1, ()) for number, name in enumerate(names)]


def test_reads_with_errors_propose_what_most_agree_on(demo_panel: Panel, normal_forms: NormalForms) -> None:
    place = at(demo_panel, *ends(demo_panel))
    right, wrong = "GATTACAGATTACA", ("GATTACAGATTTCA", "CATTACAGATTACA")
    proposed = {
        replace(place, inserted=right): fragments("a", "b"),
        **{replace(place, inserted=bases): fragments(bases) for bases in wrong},
        place: fragments("c"),
    }
    found = agreed(proposed, normal_forms)
    assert {junction.inserted: len(of) for junction, of in found.items()} == {right: 4, "": 1}


def test_three_reads_with_an_error_each_agree_by_their_bases(
    demo_panel: Panel, normal_forms: NormalForms
) -> None:
    place = at(demo_panel, *ends(demo_panel))
    proposed = {
        replace(place, inserted=bases): fragments(bases)
        for bases in ("TATTACAGATTACA", "GATTACCGATTACA", "GATTACAGATTACC")
    }
    (junction,) = agreed(proposed, normal_forms)
    assert junction.inserted == "GATTACAGATTACA"


def test_an_error_in_the_last_bases_of_a_gene_is_no_event_of_its_own(
    demo_panel: Panel, normal_forms: NormalForms
) -> None:
    exon_end, exon_start = ends(demo_panel)
    inserted = "GATTACAGATTACA"
    proposed = {
        at(demo_panel, exon_end, exon_start, inserted): fragments("a", "b", "c"),
        at(demo_panel, exon_end - 3, exon_start, f"TGG{inserted}"): fragments("d"),
    }
    (found,) = agreed(proposed, normal_forms).values()
    assert len(found) == 4


def test_different_insertions_at_one_place_stay_apart(demo_panel: Panel, normal_forms: NormalForms) -> None:
    place = at(demo_panel, *ends(demo_panel))
    proposed = {
        replace(place, inserted="GATTACAGATTACA"): fragments("a", "b"),
        replace(place, inserted="CCGGTTCCGGAACC"): fragments("c", "d"),
    }
    assert agreed(proposed, normal_forms) == proposed


@pytest.mark.parametrize(("one", "other", "edits"), [("", "", 0), ("ACGT", "ACT", 1), ("AAAA", "TTTT", 4)])
def test_edit_distance(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == edits


@given(text("ACG", max_size=12), text("ACG", max_size=12), integers(0, 6))
def test_edit_distance_up_to_a_number(one: str, other: str, most: int) -> None:
    assert edit_distance(one, other, most) == min(edit_distance(one, other), most + 1)
