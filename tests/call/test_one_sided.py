"""Three fragments that leave a target gene for sequence off the panel are a break, whatever each shows."""

import random
from pathlib import Path

import pytest

from aspsfusion.call.clips import clips_of
from aspsfusion.call.one_sided import find_one_sided
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.panel.panel import Panel
from carriers.genes import opposite
from carriers.junctions import LIBRARIES
from carriers.reads import Join, Library, across, sequenced
from carriers.sample import Report, Runner
from carriers.wild_type import wild_type
from stages import Pair, call_pairs

READ, INSERT = 75, 200
FOREIGN = "".join(random.Random(3).choices("ACGT", k=400))


def leaving(molecule: str, last: int, shown: list[int]) -> list[Pair]:
    """Fragments whose first reads show so many bases before the break, which `last` is the last one of."""
    return [
        Pair(f"x{at}", molecule[last + 1 - bases : last + 1 - bases + INSERT + at], READ)
        for at, bases in enumerate(shown)
    ]


def end_of_aspscr1_exon_7(panel: Panel) -> tuple[str, int]:
    transcript = panel.primary["ASPSCR1"]
    last = transcript.exons[6].tx_end - 1
    return transcript.sequence[: last + 1] + FOREIGN, last


@pytest.mark.parametrize(
    "shown",
    [
        # Bases of the gene in each read of 75: the foreign sequence has the rest.
        [30, 40, 50],
        # Too few in two of them, and in the third the foreign sequence has 8 bases alone.
        [20, 30, 67],
        [18, 22, 26],
    ],
)
def test_fragments_may_show_little_of_one_side(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, shown: list[int]
) -> None:
    transcript = demo_panel.primary["ASPSCR1"]
    last = transcript.exons[4].tx_end - 1
    molecule = transcript.sequence[: last + 1] + FOREIGN
    (place,) = call_pairs(demo_panel_directory, tmp_path, leaving(molecule, last, shown)).one_sided
    assert (place.gene, place.position, place.fragments) == ("ASPSCR1", transcript.to_genome(last), 3)
    assert FOREIGN.startswith(place.consensus)


def test_foreign_bases_that_resemble_the_gene_by_chance_are_foreign(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    """Of 41 bases 19 are the gene's own, as of one in 400 foreign sequences."""
    transcript = demo_panel.primary["ASPSCR1"]
    after = transcript.exons[4].tx_end
    own = transcript.sequence[after : after + 41]
    other = str.maketrans("ACGT", "CATG")
    foreign = "".join(base.translate(other) if at * 22 % 41 < 22 else base for at, base in enumerate(own))
    molecule = transcript.sequence[:after] + foreign + FOREIGN
    (place,) = call_pairs(
        demo_panel_directory, tmp_path, leaving(molecule, after - 1, [34, 40, 50])
    ).one_sided
    assert (place.gene, place.position, place.fragments) == ("ASPSCR1", transcript.to_genome(after - 1), 3)


@pytest.mark.parametrize("shown", [[18, 20, 24], [45, 40]])
def test_short_pieces_alone_and_two_fragments_are_no_break(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, shown: list[int]
) -> None:
    """Reads of a gene that shares 24 bases with the target all end where the shared bases do."""
    transcript = demo_panel.primary["ASPSCR1"]
    last = transcript.exons[4].tx_end - 1
    molecule = transcript.sequence[: last + 1] + FOREIGN
    assert call_pairs(demo_panel_directory, tmp_path, leaving(molecule, last, shown)).one_sided == ()


def test_a_piece_that_fits_a_repeat_twice_is_of_one_break(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    """The last 23 bases of ASPSCR1 exon 7 occur again 30 bases upstream."""
    molecule, last = end_of_aspscr1_exon_7(demo_panel)
    pairs = leaving(molecule, last, [21, 22, 60])
    for shown in (20, 21, 22):  # by the second mate, and the first one is in the gene
        end = last + 1 + READ - shown
        pairs.append(Pair(f"y{shown}", molecule[end - INSERT : end], READ))
    (place,) = call_pairs(demo_panel_directory, tmp_path, pairs).one_sided
    assert (place.position, place.fragments) == (demo_panel.primary["ASPSCR1"].to_genome(last), 6)


def test_a_sequencing_error_next_to_the_break_moves_the_clip(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    molecule, last = end_of_aspscr1_exon_7(demo_panel)
    wrong = molecule[: last - 3] + "T" + molecule[last - 2 :]
    assert molecule[last - 3] != "T"
    pairs = [*leaving(molecule, last, [60, 50]), *leaving(wrong, last, [1, 1, 55])[2:]]
    (place,) = call_pairs(demo_panel_directory, tmp_path, pairs).one_sided
    assert place.fragments == 3


def test_a_copy_that_slips_by_a_repeat_is_no_break(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    """Bases of the gene itself, 30 nt farther, with a fifth of them changed."""
    transcript = demo_panel.primary["ASPSCR1"]
    last = transcript.exons[4].tx_end - 1
    own = transcript.sequence[last + 31 : last + 331]
    copy = "".join("ACGT"["ACGT".index(b) - 1] if at % 5 == 2 else b for at, b in enumerate(own))
    molecule = transcript.sequence[: last + 1] + copy
    assert call_pairs(demo_panel_directory, tmp_path, leaving(molecule, last, [30, 40, 50])).one_sided == ()


def test_a_chance_hit_of_the_foreign_bases_does_not_hide_the_gene(demo_panel: Panel) -> None:
    """16 bases of a clip fit another gene, with fewer edits of the whole read by chance."""
    transcript = demo_panel.primary["ASPSCR1"]
    last = transcript.exons[4].tx_end - 1
    hit = Placement(demo_panel.primary["RREB1"].key, True, 2087, 2103, 9, 25, 50)
    fragments = []
    for number, shown in enumerate((28, 35, 40), 1):
        sequence = transcript.sequence[last + 1 - shown : last + 1] + FOREIGN[: 75 - shown]
        own = Placement(transcript.key, False, last + 1 - shown, last + 1, 0, shown, 55)
        fragments.append(Fragment(number, f"x{number}", 1, (Mate(1, sequence, (hit, own)),)))
    (place,) = find_one_sided(demo_panel, clips_of(demo_panel, fragments))
    assert place.fragments == 3


def test_a_break_in_an_intron_is_one_whether_a_read_is_placed_in_the_exon_or_the_gene(runner: Runner) -> None:
    """Two reads show 31 bases of the intron and hardly any of the exon, the third goes on in exons."""
    rng, library, tfe3 = random.Random(0), Library(260, paired=False), runner.genes["TFE3"]
    partner = "".join(rng.choices("ACGT", k=600))
    intron = tfe3.introns[tfe3.ends.index(911)]
    bases = partner + intron[51:] + tfe3.bases[911:]
    spans = [(-119, 31), (-196, 41), (-45, 212)]
    fragments = [
        sequenced(bases[600 + start : 600 + end], library, rng, f"f{start}", reverse=False)
        for start, end in spans
    ]
    report = runner.report([*fragments, *wild_type(runner.genes, library, rng)])
    (found,) = report["one_sided"]
    assert (found["gene"], found["fragments"]) == ("TFE3", 3)
    assert report["verdict"]["call"] == "INDETERMINATE"


@pytest.mark.parametrize("antisense", [False, True])
@pytest.mark.parametrize("gene", ["ASPSCR1", "HNRNPH3"])
def test_sequence_of_the_panel_between_the_genes_is_never_excluded(
    runner: Runner, gene: str, *, antisense: bool
) -> None:
    """110 bases of an intron or another gene between exon 7 and exon 6: reads show one of the two breaks."""
    rng, library, genes = random.Random(0), LIBRARIES["2x75"], runner.genes
    aspscr1, tfe3 = genes["ASPSCR1"], genes["TFE3"]
    between = (aspscr1.introns[6] if gene == "ASPSCR1" else genes[gene].bases)[600:710]
    between = opposite(between) if antisense else between
    cut = aspscr1.ends[6]
    first = Join(aspscr1.bases[:cut] + between + tfe3.bases[tfe3.start_of(6) :], cut, cut)
    second = Join(first.bases, cut + 110, cut + 110)
    fragments = [
        fragment
        for name, join in (("a", first), ("b", second))
        for fragment in across(join, 5, (20, 28), library, rng, name)
    ]
    report = runner.report([*fragments, *wild_type(genes, library, rng)])
    assert report["exclusion"]["adequate"]
    assert report["verdict"]["call"] != "EXCLUDED"
    if antisense:
        breaks = {(place["gene"], place["exon"]) for place in report["one_sided"]}
        assert {("ASPSCR1", 7), ("TFE3", 6)} <= breaks


@pytest.mark.parametrize("between", ["unknown", "HNRNPH3"])
def test_few_fragments_of_each_join_with_other_sequence_are_added_up(runner: Runner, between: str) -> None:
    """Two reads leave exon 7, two enter exon 6, at the exact borders: none of the four is chance."""
    rng, library, genes = random.Random(1), LIBRARIES["2x75"], runner.genes
    aspscr1, tfe3 = genes["ASPSCR1"], genes["TFE3"]
    bases = FOREIGN[:110] if between == "unknown" else genes[between].bases[600:710]
    cut = aspscr1.ends[6]
    joined = aspscr1.bases[:cut] + bases + tfe3.bases[tfe3.start_of(6) :]
    fragments = [
        fragment
        for name, place in (("a", cut), ("b", cut + 110))
        for fragment in across(Join(joined, place, place), 2, (20, 28), library, rng, name)
    ]
    report = runner.report([*fragments, *wild_type(genes, library, rng)])
    assert report["exclusion"]["adequate"]
    assert report["verdict"]["call"] == "INDETERMINATE"


def broken(runner: Runner, *breaks: tuple[str, str]) -> Report:
    """Return the report of a negative sample with four fragments across each break.

    A break is the foreign bases, or `antisense GENE` for some of a gene's, and the exon: `ASPSCR1 >7` leaves
    the gene at the exon's end, `ASPSCR1 8>` enters it at the exon's start.
    """
    rng, library, genes = random.Random(2), LIBRARIES["2x75"], runner.genes
    fragments = []
    for number, (foreign, place) in enumerate(breaks):
        symbol, exon = place.split()
        gene = genes[symbol]
        if foreign.startswith("antisense"):
            foreign = opposite(genes[foreign.split()[1]].bases[300:700])
        if exon.startswith(">"):
            cut = gene.ends[int(exon[1:]) - 1]
            join = Join(gene.bases[:cut] + foreign, cut, cut)
        else:
            join = Join(foreign + gene.bases[gene.start_of(int(exon[:-1])) :], len(foreign), len(foreign))
        fragments += across(join, 4, (25, 30), library, rng, f"b{number}")
    return runner.report([*fragments, *wild_type(genes, library, rng)])


@pytest.mark.parametrize("place", ["ASPSCR1 8>", "ASPSCR1 13>", "TFE3 >3"])
def test_a_break_on_the_side_that_the_fusion_does_not_keep_is_explained(runner: Runner, place: str) -> None:
    """ASPSCR1 is the 3' partner of NADSYN1 (exon 8) and SLC4A2 (exon 13) in a breast cancer line."""
    report = broken(runner, (FOREIGN, place))
    (found,) = report["one_sided"]
    assert (found["gene"], found["kept_side"]) == (place.split()[0], False)
    assert report["verdict"]["call"] == "EXCLUDED"
    codes = [reason["code"] for reason in report["verdict"]["reasons"]]
    assert codes == ["WOULD_HAVE_BEEN_SEEN", "OTHER_SIDE_BREAK"]
    assert "on the side that ASPSCR1::TFE3 does not keep" in report["verdict"]["statement"]


@pytest.mark.parametrize(
    "breaks",
    [
        [(FOREIGN, "ASPSCR1 >5")],
        [(FOREIGN, "TFE3 7>")],
        # With a break of each gene on the other side it may be the reciprocal with bases between.
        [(FOREIGN, "ASPSCR1 8>"), (FOREIGN[::-1], "TFE3 >3")],
        [(FOREIGN, "ASPSCR1 8>"), (FOREIGN[::-1], "ASPSCR1 >5")],
        # What is joined is the other gene of the fusion after all.
        [("antisense TFE3", "ASPSCR1 8>")],
        [("antisense ASPSCR1", "TFE3 >3")],
    ],
)
def test_other_breaks_forbid_an_exclusion(runner: Runner, breaks: list[tuple[str, str]]) -> None:
    report = broken(runner, *breaks)
    assert report["exclusion"]["adequate"]
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert report["verdict"]["reasons"][0]["code"] == "ONE_SIDED_BREAK"
