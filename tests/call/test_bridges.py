"""Which fragments that join the two target genes agree, and what they do to a verdict."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import carriers.reads
from aspsfusion.call import proposals
from aspsfusion.call.assign import SupportFinder
from aspsfusion.call.borders import NEAR
from aspsfusion.call.bridges import Agreement, Join, Stretch, agreements
from aspsfusion.call.proposals import BORDER_REACH
from aspsfusion.call.support import Support
from aspsfusion.config import CallParameters
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.panel.panel import Panel
from carriers.carrier_kinds import random_carrier
from carriers.reads import Library, join, sequenced
from carriers.sample import Runner
from carriers.shapes import Site, joined_at
from carriers.wild_type import wild_type

LONGEST = 300
FIVE, THREE = "ASPSCR1|a", "TFE3|t"


def split(number: int, last: int, first: int) -> Join:
    """A read that joins the base `last` of the 5' gene to the base `first` of the 3' gene, both 0-based."""
    return Join(number, True, Stretch(FIVE, last, last + 1), Stretch(THREE, first, first + 1))


def pair(number: int, five: tuple[int, int], three: tuple[int, int]) -> Join:
    """A pair with a mate on `five` of the 5' gene and one on `three` of the 3' gene, half-open."""
    return Join(number, False, Stretch(FIVE, *five), Stretch(THREE, *three))


def test_reads_split_near_each_other_agree() -> None:
    found = agreements(
        [split(1, 900, 700), split(2, 903, 698), split(3, 907, 700), split(4, 900, 900)], LONGEST
    )
    assert found[1] == Agreement(2, 2)
    assert found[3] == Agreement(1, 1)
    assert found[4] == Agreement(1, 1)


def test_pairs_agree_where_one_junction_makes_none_too_long() -> None:
    # Mates end at 900 and 880; the others begin at 700 and 720: 900::700 makes fragments of 230 and 270 nt.
    near = [pair(1, (800, 900), (720, 820)), pair(2, (780, 880), (700, 800))]
    assert agreements(near, LONGEST) == {1: Agreement(0, 2), 2: Agreement(0, 2)}
    assert agreements(near, 219)[1] == Agreement(0, 1)


def test_a_pair_agrees_with_a_read_across_the_junction_that_it_bridges() -> None:
    joins = [split(1, 899, 700), pair(2, (780, 880), (710, 810)), pair(3, (850, 950), (710, 810))]
    found = agreements(joins, LONGEST)
    assert found[1] == Agreement(1, 2)
    # The third mate runs on in the 5' gene beyond the junction.
    assert found[3] == Agreement(0, 2)


def test_pieces_on_different_sequences_do_not_agree() -> None:
    intron = Join(2, True, Stretch("ASPSCR1|unspliced", 899, 900), Stretch(THREE, 700, 701))
    assert agreements([split(1, 899, 700), intron], LONGEST)[1] == Agreement(1, 1)


PLACES = st.integers(0, 400)
JOINS = st.one_of(
    st.builds(split, st.just(0), PLACES, PLACES),
    st.builds(lambda five, three: pair(0, (five, five + 75), (three, three + 75)), PLACES, PLACES),
)


@given(st.lists(JOINS, min_size=1, max_size=8))
def test_the_count_is_that_of_every_junction_tried_in_turn(drawn: list[Join]) -> None:
    joins = [Join(number, j.split, j.five, j.three) for number, j in enumerate(drawn)]
    found = agreements(joins, LONGEST)
    for own in joins:
        best = 0
        for end in {j.five.end for j in joins}:
            for start in {j.three.start for j in joins}:
                # Splits give a junction by themselves, pairs by any two of them.
                if not any(j.split and (j.five.end, j.three.start) == (end, start) for j in joins) and not (
                    any(not j.split and j.five.end == end for j in joins)
                    and any(not j.split and j.three.start == start for j in joins)
                ):
                    continue
                members = {j.number for j in joins if fits(j, end, start)}
                best = max(best, len(members) if own.number in members else 0)
        assert found[own.number].all == best


def fits(one: Join, end: int, start: int) -> bool:
    """Whether a junction between the bases before `end` and from `start` on can have made a fragment."""
    if one.split:
        return abs(one.five.end - end) <= NEAR and abs(one.three.start - start) <= NEAR
    length = end - one.five.start + one.three.end - start
    return (
        one.five.end <= end + BORDER_REACH and one.three.start >= start - BORDER_REACH and length <= LONGEST
    )


def verdict(runner: Runner, begins: list[int], *, reverse: bool = False) -> tuple[str, set[str], str]:
    """Return call, codes and texts of the reasons for ample wild type and fragments that bridge a join.

    The join is of bases inside exons. `begins` says how many bases before it each fragment of 240 nt begins:
    of reads of 75 nt those with 76 to 164 bases before it are bridging pairs.
    """
    rng = random.Random("bridges")
    genes = runner.genes
    five, three = (genes[gene] for gene in (("TFE3", "ASPSCR1") if reverse else ("ASPSCR1", "TFE3")))
    joined = join(five, five.coding[0] + 520, three, three.coding[0] + 530)
    return verdict_of(runner, joined, begins, rng)


def verdict_of(
    runner: Runner, joined: carriers.reads.Join, begins: list[int], rng: random.Random
) -> tuple[str, set[str], str]:
    """Return call, codes and texts of the reasons for ample wild type and fragments across a join."""
    library = Library(75, insert=240, spread=25, errors=0.001)
    fragments = [
        sequenced(joined.bases[joined.left - begin : joined.left - begin + 240], library, rng, f"f{begin}")
        for begin in begins
    ]
    found = runner.report([*fragments, *wild_type(runner.genes, library, rng)])["verdict"]
    texts = " ".join(reason["text"] for reason in found["reasons"])
    return found["call"], {reason["code"] for reason in found["reasons"]}, texts


def test_one_bridging_pair_does_not_forbid_an_exclusion(runner: Runner) -> None:
    call, _, text = verdict(runner, [120])
    assert call == "EXCLUDED"
    assert text.startswith("1 unique fragment joins the two genes")


def test_three_bridging_pairs_that_agree_do(runner: Runner) -> None:
    call, codes, _ = verdict(runner, [100, 120, 140])
    assert call == "INDETERMINATE"
    assert codes & {"UNPROVEN_EVIDENCE", "UNEXPLAINED_BRIDGE"}


def test_three_agreeing_fragments_in_the_reciprocal_order_do(runner: Runner) -> None:
    assert verdict(runner, [40, 100, 130], reverse=True)[0] == "INDETERMINATE"


def test_pairs_in_introns_agree_whatever_transcript_each_fits_best(runner: Runner) -> None:
    """Mates that begin 2 to 50 nt before an exon of ASPSCR1 fit different transcripts that have it."""
    tfe3, aspscr1 = runner.genes["TFE3"], runner.genes["ASPSCR1"]
    five = Site(tfe3.end_of(6), 122, tfe3.introns[5])
    three = Site(aspscr1.end_of(12), len(aspscr1.introns[11]) - 52, aspscr1.introns[11])
    joined = joined_at(tfe3, five, aspscr1, three)
    call, codes, _ = verdict_of(runner, joined, [115, 127, 150], random.Random("introns"))
    assert (call, codes) == ("INDETERMINATE", {"UNEXPLAINED_BRIDGE"})


def test_what_only_touches_a_junction_is_kept_for_comparison(demo_panel: Panel) -> None:
    """If the junction is rejected, such fragments may be of another one, and must not vanish with it."""
    junction = next(iter(demo_panel.catalogue))
    split, touching = (Fragment(number, "", 1, ()) for number in (1, 2))
    supports = {
        1: [(junction, Support(split, "split", (), 0, 0, 0))],
        2: [(junction, Support(touching, "touching", (), 1, 1, 0))],
    }
    assignment = SupportFinder(demo_panel, CallParameters()).assign(supports)
    assert assignment.touching == {junction: [touching]}
    assert assignment.numbers == {1, 2}


def test_fragments_of_a_rejected_junction_forbid_an_exclusion(
    filler_runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three inserted bases read as errors leave most fragments of a carrier only touching a junction."""
    monkeypatch.setattr(proposals, "FEW_INSERTED", 3)
    outcome = random_carrier(filler_runner, 1781, random.Random("random:1781"))
    assert outcome.call == "INDETERMINATE"
    assert "UNEXPLAINED_BRIDGE" in outcome.reasons


def test_short_anchors_count_at_a_junction_that_one_fragment_proposes(filler_runner: Runner) -> None:
    """Two of three fragments show 13 bases of a gene, too few for the aligner to place them there."""
    rng, library, genes = random.Random(0), Library(75), filler_runner.genes
    joined = join(genes["ASPSCR1"], 529, genes["TFE3"], 1107)
    spans = [(-62, 83), (-25, 176), (-13, 146)]
    fragments = [
        sequenced(joined.bases[529 + start : 529 + end], library, rng, f"f{start}", reverse=False)
        for start, end in spans
    ]
    report = filler_runner.report([*fragments, *wild_type(genes, library, rng)])
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert [fusion["fragments"] for fusion in report["fusions"]] == [3]
