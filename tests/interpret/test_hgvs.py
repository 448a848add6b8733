"""HGVS numbers of positions and names of fusion transcripts."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspsfusion.interpret.nomenclature import fusion_name, genomic_position_name, position_name
from aspsfusion.panel.panel import Panel, Transcript
from small_panel import made_transcript, transcripts

PLUS = made_transcript([(100, 120), (130, 140), (145, 160)], "+", cds=(5, 35))
"""45 nt: 5' UTR of 5, frame of 30 and 3' UTR of 10; introns of 10 and 5 nt."""

MINUS = made_transcript([(145, 160), (130, 140), (100, 120)], "-", cds=(5, 35))
"""45 nt: exons of 15, 10 and 20."""

NON_CODING = made_transcript([(100, 120), (130, 140)], "+")


def position_from_name(transcript: Transcript, name: str) -> int:
    """Return the 0-based position on a transcript of an HGVS number; the inverse of `position_name`."""
    if transcript.cds is None:
        return int(name) - 1
    start, end = transcript.cds
    if name.startswith("*"):
        return end + int(name[1:]) - 1
    number = int(name)
    return start + number if number < 0 else start + number - 1


@pytest.mark.parametrize(
    ("tx_pos", "name"), [(0, "-5"), (4, "-1"), (5, "1"), (34, "30"), (35, "*1"), (44, "*10")]
)
def test_untranslated_and_coding_positions(tx_pos: int, name: str) -> None:
    assert position_name(PLUS, tx_pos) == name
    assert position_from_name(PLUS, name) == tx_pos


def test_transcript_without_frame_is_numbered_from_its_first_base() -> None:
    assert [position_name(NON_CODING, i) for i in (0, 29)] == ["1", "30"]
    assert [position_from_name(NON_CODING, name) for name in ("1", "30")] == [0, 29]


@given(transcripts(), st.data())
def test_name_and_position_are_inverse(transcript: Transcript, data: st.DataObject) -> None:
    tx_pos = data.draw(st.integers(0, len(transcript.sequence) - 1))
    assert position_from_name(transcript, position_name(transcript, tx_pos)) == tx_pos


@given(transcripts())
def test_no_two_positions_share_a_name_and_none_is_zero(transcript: Transcript) -> None:
    names = [position_name(transcript, i) for i in range(len(transcript.sequence))]
    assert len(set(names)) == len(names)
    assert "0" not in names


@pytest.mark.parametrize(
    ("transcript", "position", "name"),
    [
        (PLUS, 100, "-5"),
        (PLUS, 119, "15"),
        (PLUS, 120, "15+1"),
        (PLUS, 124, "15+5"),
        (PLUS, 125, "16-5"),
        (PLUS, 129, "16-1"),
        # The middle of an odd intron counts from the 5' exon.
        (PLUS, 142, "25+3"),
        (PLUS, 143, "26-2"),
        (PLUS, 159, "*10"),
        (MINUS, 159, "-5"),
        (MINUS, 145, "10"),
        (MINUS, 144, "10+1"),
        (MINUS, 142, "10+3"),
        (MINUS, 141, "11-2"),
        (MINUS, 139, "11"),
        (MINUS, 129, "20+1"),
        (MINUS, 120, "21-1"),
        (MINUS, 100, "*10"),
        (NON_CODING, 120, "20+1"),
        (NON_CODING, 129, "21-1"),
        # Outside the transcript the outermost exon is the nearest.
        (PLUS, 98, "-5-2"),
        (PLUS, 161, "*10+2"),
        (MINUS, 161, "-5-2"),
        (MINUS, 98, "*10+2"),
    ],
)
def test_genomic_positions_on_both_strands(transcript: Transcript, position: int, name: str) -> None:
    assert genomic_position_name(transcript, position) == name


def test_intron_in_an_untranslated_region() -> None:
    five = made_transcript([(100, 110), (120, 140)], cds=(15, 24))
    assert genomic_position_name(five, 110) == "-6+1"
    assert genomic_position_name(five, 119) == "-5-1"
    three = made_transcript([(100, 110), (120, 140)], cds=(0, 9))
    assert genomic_position_name(three, 110) == "*1+1"
    assert genomic_position_name(three, 119) == "*2-1"


@given(transcripts(), st.integers(0, 500))
def test_intron_offset_leads_back_to_the_base(transcript: Transcript, position: int) -> None:
    name = genomic_position_name(transcript, position)
    # The sign of an offset is the last one that does not begin the name.
    cut = max(name.rfind("+"), name.rfind("-"))
    base, offset = (name, 0) if cut <= 0 else (name[:cut], int(name[cut:]))
    sense = 1 if transcript.strand == "+" else -1
    assert transcript.to_genome(position_from_name(transcript, base)) + sense * offset == position
    assert (offset == 0) == (transcript.from_genome(position) is not None)


def test_fusion_name_of_made_transcripts() -> None:
    assert fusion_name(PLUS, 119, MINUS, 139) == "NM_1.1:r.?_15::NM_1.1:r.11_?"
    assert fusion_name(PLUS, 104, MINUS, 141) == "NM_1.1:r.?_-1::NM_1.1:r.11-2_?"


def test_inserted_bases_are_written_as_rna_between_the_transcripts() -> None:
    assert fusion_name(PLUS, 119, MINUS, 159, "ACGT") == fusion_name(PLUS, 119, MINUS, 159).replace(
        "::", "::acgu::"
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("type 1", "NM_024083.4:r.?_933::NM_006521.6:r.886_?"),
        ("type 2", "NM_024083.4:r.?_933::NM_006521.6:r.781_?"),
    ],
)
def test_published_fusion_transcripts(demo_panel: Panel, kind: str, name: str) -> None:
    (junction,) = (
        place
        for place, spec in demo_panel.catalogue.items()
        if spec.type == kind and spec.fusion == demo_panel.spec.target.fusion
    )
    five, three = demo_panel.primary[junction.five_gene], demo_panel.primary[junction.three_gene]
    assert fusion_name(five, junction.five_pos, three, junction.three_pos) == name


SIDE = r"(?P<{0}_tx>[A-Z]{{2}}_\d+\.\d+):r\."
ENDS = r"(?P<{0}_base>[-*]?\d+)(?P<{0}_offset>[+-]\d+)?"
FUSION = re.compile(
    SIDE.format("five")
    + r"\?_"
    + ENDS.format("five")
    + "::"
    + SIDE.format("three")
    + ENDS.format("three")
    + r"_\?"
)
"""Two ranges whose outer ends were not analysed, joined by `::` (SVD-WG007)."""


def parsed(panel: Panel, name: str) -> list[tuple[str, int]]:
    """Return gene and genomic position (0-based) of both joined bases of a fusion's name."""
    found = FUSION.fullmatch(name)
    assert found, name
    places = []
    for side in ("five", "three"):
        transcript = next(t for t in panel.transcripts.values() if t.name == found[f"{side}_tx"])
        position = transcript.to_genome(position_from_name(transcript, found[f"{side}_base"]))
        sense = 1 if transcript.strand == "+" else -1
        places.append((transcript.gene, position + sense * int(found[f"{side}_offset"] or 0)))
    return places


@pytest.mark.parametrize(
    ("five", "three", "name"),
    [
        (81996846, 49034251, "NM_024083.4:r.?_933::NM_006521.6:r.886_?"),
        (81996846, 49038114, "NM_024083.4:r.?_933::NM_006521.6:r.781_?"),
        (81996840, 49034240, "NM_024083.4:r.?_927::NM_006521.6:r.897_?"),
        (81996900, 49036000, "NM_024083.4:r.?_933+54::NM_006521.6:r.886-1749_?"),
        (81977640, 49030000, "NM_024083.4:r.?_-7::NM_006521.6:r.*158_?"),
    ],
    ids=["type 1", "type 2", "inside exons", "inside introns", "untranslated"],
)
def test_names_of_fusions_lead_back_to_their_breakpoints(
    demo_panel: Panel, five: int, three: int, name: str
) -> None:
    made = fusion_name(demo_panel.primary["ASPSCR1"], five - 1, demo_panel.primary["TFE3"], three - 1)
    assert made == name
    assert parsed(demo_panel, made) == [("ASPSCR1", five - 1), ("TFE3", three - 1)]


@given(five=st.integers(81977629, 82017406), three=st.integers(49028726, 49043357))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pair_of_places_has_a_name_that_leads_back(demo_panel: Panel, five: int, three: int) -> None:
    name = fusion_name(demo_panel.primary["ASPSCR1"], five - 1, demo_panel.primary["TFE3"], three - 1)
    assert parsed(demo_panel, name) == [("ASPSCR1", five - 1), ("TFE3", three - 1)]
