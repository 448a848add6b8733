"""The panel directory in memory: coordinates, catalogue, and what a damaged directory says."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.errors import PanelError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.kmers import KMER_LENGTH
from aspsfusion.panel.panel import Junction, Panel, Transcript, Unspliced, load_panel
from aspsfusion.panel.screen_index import FORMAT_VERSION, load_screen_index, read_kmers
from aspsfusion.panel.seal import require_built, write_provenance
from small_panel import (
    FIVE_TRANSCRIPT,
    THREE_TRANSCRIPT,
    SmallPanel,
    made_transcript,
    seal_again,
    transcripts,
)


@given(transcripts())
def test_every_base_of_a_transcript_goes_to_the_genome_and_back(transcript: Transcript) -> None:
    places = [transcript.to_genome(tx_pos) for tx_pos in range(len(transcript.sequence))]
    assert [transcript.from_genome(place) for place in places] == list(range(len(places)))
    assert places == sorted(places, reverse=transcript.strand == "-")


@given(transcripts(), st.integers(-5, 600))
def test_every_base_of_the_genome_is_exonic_or_not(transcript: Transcript, position: int) -> None:
    tx_pos = transcript.from_genome(position)
    exonic = any(exon.start <= position < exon.end for exon in transcript.exons)
    assert (tx_pos is not None) == exonic
    if tx_pos is not None:
        assert transcript.to_genome(tx_pos) == position


@given(transcripts())
def test_exon_at_holds_the_position(transcript: Transcript) -> None:
    numbers = [transcript.exon_at(tx_pos).number for tx_pos in range(len(transcript.sequence))]
    expected = [exon.number for exon in transcript.exons for _ in range(exon.start, exon.end)]
    assert numbers == expected


PLUS = made_transcript([(100, 110), (200, 205)], "+", cds=(2, 14))
MINUS = made_transcript([(200, 205), (100, 110)], "-")


def test_coordinates_on_both_strands() -> None:
    assert [PLUS.to_genome(i) for i in (0, 9, 10, 14)] == [100, 109, 200, 204]
    assert [MINUS.to_genome(i) for i in (0, 4, 5, 14)] == [204, 200, 109, 100]
    assert [PLUS.from_genome(i) for i in (99, 100, 109, 110, 200, 205)] == [None, 0, 9, None, 10, None]
    assert [MINUS.from_genome(i) for i in (205, 204, 200, 110, 109, 99)] == [None, 0, 4, None, 5, None]


@pytest.mark.parametrize("tx_pos", [-1, 15])
def test_position_outside_the_transcript(tx_pos: int) -> None:
    with pytest.raises(IndexError, match=r"GENE\|NM_1.1 has no position"):
        PLUS.exon_at(tx_pos)
    with pytest.raises(IndexError):
        MINUS.to_genome(tx_pos)


def test_coding_positions() -> None:
    assert [PLUS.coding_to_tx(c) for c in (1, 12)] == [2, 13]
    for outside in (0, -1, 13):
        with pytest.raises(PanelError, match=f"has no coding position {outside}"):
            PLUS.coding_to_tx(outside)
    with pytest.raises(PanelError, match="has no coding position 1"):
        MINUS.coding_to_tx(1)


@given(st.integers(0, 500), st.integers(1, 300), st.sampled_from("+-"), st.data())
def test_unspliced_gene_goes_to_the_genome_and_back(
    start: int, length: int, strand: str, data: st.DataObject
) -> None:
    gene = Unspliced("GENE", "chr1", strand, start, start + length, "N" * length)
    offset = data.draw(st.integers(0, length - 1))
    assert gene.from_genome(gene.to_genome(offset)) == offset
    assert gene.to_genome(0) == (start if strand == "+" else start + length - 1)


def test_catalogue_of_the_shipped_panel_lies_where_it_was_published(demo_panel: Panel) -> None:
    by_id = {spec.id: junction for junction, spec in demo_panel.catalogue.items()}
    assert len(by_id) == len(demo_panel.spec.junctions)
    # 1-based: chr17:81996846, chrX:49034251 (type 1) and chrX:49038114 (type 2)
    assert by_id["ASPSCR1-TFE3-e7-e6"] == Junction("ASPSCR1", 81996845, "TFE3", 49034250)
    assert by_id["ASPSCR1-TFE3-e7-e5"] == Junction("ASPSCR1", 81996845, "TFE3", 49038113)
    assert by_id["ASPSCR1-TFE3-e7-e6"].fusion == "ASPSCR1::TFE3"
    types = {spec.type: spec.id for spec in demo_panel.spec.junctions if spec.type}
    assert types["type 1"] == "ASPSCR1-TFE3-e7-e6"
    assert types["type 2"] == "ASPSCR1-TFE3-e7-e5"


def test_catalogue_junction_inside_an_exon(demo_panel: Panel) -> None:
    (junction,) = (
        place for place, spec in demo_panel.catalogue.items() if spec.id == "TFE3-ASPSCR1-e4c594-e8"
    )
    transcript = demo_panel.primary["TFE3"]
    tx_pos = transcript.from_genome(junction.five_pos)
    assert tx_pos == transcript.coding_to_tx(594)
    assert tx_pos is not None
    assert transcript.exon_at(tx_pos).number == 4
    assert tx_pos + 1 < transcript.exons[3].tx_end


def test_coding_positions_of_the_shipped_panel(demo_panel: Panel) -> None:
    aspscr1, tfe3 = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    assert aspscr1.coding_to_tx(933) == aspscr1.exons[6].tx_end - 1
    assert tfe3.coding_to_tx(886) == tfe3.exons[5].tx_start
    assert tfe3.coding_to_tx(781) == tfe3.exons[4].tx_start
    assert demo_panel.provenance["reference_kind"] == "demonstration"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("small"))
    second = {**small.transcript(0), "id": "T5.2", "primary": False}
    small.data["genes"][0]["transcripts"].insert(0, second)
    return small.build()


def test_primary_transcript_comes_first(built: Panel) -> None:
    assert [t.name for t in built.by_gene["FIVE"]] == ["T5.1", "T5.2"]
    assert built.primary["FIVE"].name == "T5.1"
    ranks = sorted(built.contig_ranks, key=lambda name: built.contig_ranks[name])
    assert ranks == [
        "FIVE|T5.1",
        "THREE|T3.1",
        "BYSTANDER|TB.1",
        "FIVE|T5.2",
        "FIVE|unspliced",
        "THREE|unspliced",
    ]


def test_sequence_of_every_contig(built: Panel) -> None:
    assert built.sequence_of("FIVE|T5.2") == FIVE_TRANSCRIPT
    assert built.sequence_of("THREE|T3.1") == THREE_TRANSCRIPT
    unspliced = built.sequence_of("THREE|unspliced")
    assert (len(unspliced), unspliced[:80]) == (380, THREE_TRANSCRIPT[:80])
    with pytest.raises(KeyError):
        built.sequence_of("FOUR|unspliced")


def test_genomic_position_on_every_contig(built: Panel) -> None:
    # Base 81 is the first one of exon 2, 0-based 319 on the minus strand; unspliced, it is the first
    # one of intron 1.
    assert built.genomic_position("THREE|T3.1", 80) == 319
    assert built.genomic_position("THREE|unspliced", 80) == 399


def test_kmers_are_sorted_and_numbered_by_gene(built: Panel) -> None:
    table = read_kmers(built.directory)
    assert table.k == KMER_LENGTH
    assert table.kmers.tolist() == sorted(set(table.kmers.tolist()))
    assert sorted(set(table.genes.tolist())) == [0, 1, 2]


Damage = Callable[[Path], object]


def rewrite(name: str, change: Callable[[str], str]) -> Damage:
    def damage(directory: Path) -> None:
        path = directory / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return damage


def cut(name: str, size: int) -> Damage:
    return lambda directory: (directory / name).write_bytes((directory / name).read_bytes()[:size])


def provenance(**values: object) -> Damage:
    return rewrite("panel.json", lambda text: json.dumps({**json.loads(text), **values}))


FILES = [
    "panel.json",
    "transcripts.fa",
    "introns.fa",
    "exons.tsv",
    "kmers.npz",
    "specificity.npz",
    *(f"index/panel.{ending}" for ending in ("dict", "fa", "fa.amb", "fa.ann", "fa.bwt", "fa.pac", "fa.sa")),
]


@pytest.fixture
def directory(built: Panel, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built.directory, tmp_path / "panel"))


def test_whole_directory_loads_and_holds_nothing_else(built: Panel, directory: Path) -> None:
    assert load_panel(directory).transcripts == built.transcripts
    held = [str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()]
    assert sorted(held) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(PanelError, match=f"panel: lacks {name}; build the panel with"):
        load_panel(directory)


def test_a_panel_is_read_once_until_a_file_of_it_changes(directory: Path) -> None:
    first = load_panel(directory)
    assert load_panel(directory) is first
    path = directory / "panel.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert load_panel(directory) is not first


def test_no_panel_at_all(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match=r"nowhere: lacks panel\.json"):
        load_panel(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (provenance(spec={}), r"panel\.json: is damaged"),
        (provenance(transcripts=[{}]), r"panel\.json: is damaged"),
        (provenance(transcripts=1), r"panel\.json: is damaged"),
        (provenance(unspliced=[{"gene": "FIVE"}]), r"panel\.json: is damaged"),
        (cut("exons.tsv", 0), r"exons\.tsv: is damaged"),
        (cut("exons.tsv", 150), r"exons\.tsv: is damaged"),
        (rewrite("exons.tsv", lambda t: t.replace("101", "1O1")), r"exons\.tsv: is damaged"),
        (rewrite("exons.tsv", lambda t: t.replace("tx_end", "txend")), r"exons\.tsv: is damaged"),
        (rewrite("exons.tsv", lambda t: t[: t.index("BYSTANDER")]), r"exons\.tsv: lacks BYSTANDER\|TB\.1"),
        (cut("transcripts.fa", 60), r"transcripts\.fa: has 49 bases of FIVE\|T5\.2 instead of 200"),
        (cut("transcripts.fa", 0), r"transcripts\.fa: has 0 bases of FIVE\|T5\.2 instead of 200"),
        (
            lambda directory: (directory / "transcripts.fa").write_bytes(b">\xff"),
            r"transcripts\.fa: is damaged",
        ),
        (rewrite("transcripts.fa", lambda t: t.replace(">FIVE|T5.2", ">")), r"transcripts\.fa: is damaged"),
        (cut("introns.fa", 60), r"introns\.fa: has 44 bases of FIVE\|unspliced instead of 400"),
    ],
)
def test_damaged_directory(directory: Path, damage: Damage, message: str) -> None:
    """Whatever its checksums say."""
    damage(directory)
    seal_again(directory)
    with pytest.raises(PanelError, match=message):
        load_panel(directory)


def zeroed(name: str) -> Damage:
    """Zeros in place of a sector, as a failing disk gives them; size and time stay."""

    def damage(directory: Path) -> None:
        path = directory / name
        state, content = path.stat(), path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes(min(512, len(content) - middle)) + content[middle + 512 :])
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    return damage


@pytest.mark.parametrize("name", FILES[1:])
@pytest.mark.parametrize("damage", [zeroed, lambda name: cut(name, -1), lambda name: cut(name, 0)])
def test_a_changed_file_is_refused(directory: Path, name: str, damage: Callable[[str], Damage]) -> None:
    """A zeroed sector of the index once ended in a crash of the library, other bases in a verdict of them."""
    assert load_panel(directory)
    damage(name)(directory)
    changed = rf"{name}: has changed since the panel was built; build the panel again$"
    with pytest.raises(PanelError, match=changed):
        load_panel(directory)
    if name == "kmers.npz":
        with pytest.raises(PanelError, match=changed):
            load_screen_index(directory)


CHANGES: dict[str, tuple[Damage, str]] = {
    "other kind": (provenance(reference_kind="demonstration"), "has changed since the panel was built"),
    "failed check": (
        rewrite("panel.json", lambda text: text.replace('"passed": true', '"passed": false', 1)),
        "has changed since the panel was built",
    ),
    "checksum of another file": (provenance(files={"kmers.npz": "0"}), "has changed since"),
    "own checksum": (provenance(sha256="0"), "has changed since the panel was built"),
    "without checksums": (provenance(files=None), "was written by another version of aspsfusion"),
    "cut": (cut("panel.json", 100), "is damaged"),
    "empty": (cut("panel.json", 0), "is damaged"),
    "a list": (rewrite("panel.json", lambda _: "[1]"), "is damaged"),
    "null": (rewrite("panel.json", lambda _: "null"), "is damaged"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_changed_provenance_is_refused(directory: Path, kind: str) -> None:
    change, message = CHANGES[kind]
    change(directory)
    for load in (load_panel, load_screen_index):
        with pytest.raises(PanelError, match=rf"panel\.json: {message}.*; build the panel again$"):
            load(directory)


def test_a_panel_of_this_version_and_yaml_is_taken_as_it_is(whole: SmallPanel, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(whole.output, tmp_path / "panel"))
    require_built(directory, whole.yaml_path)
    (directory / "kmers.npz").write_bytes(b"")
    with pytest.raises(PanelError, match=r"kmers\.npz: has changed since the panel was built"):
        require_built(directory, whole.yaml_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"software": "aspsfusion 0.0.1"}, "was built by aspsfusion 0.0.1, and this is aspsfusion "),
        ({"checksum": "0"}, "was built from another panel YAML than .*small.yaml; name the YAML"),
    ],
)
def test_a_panel_of_something_else_is_refused(
    whole: SmallPanel, directory: Path, values: dict[str, str], message: str
) -> None:
    written = json.loads((directory / "panel.json").read_text())
    write_provenance(directory, {**written, **values})
    with pytest.raises(PanelError, match=message):
        require_built(directory, whole.yaml_path)


@pytest.mark.parametrize(("name", "message"), [("nowhere", "is no directory"), ("", r"lacks panel\.json")])
def test_what_is_no_panel_is_refused(whole: SmallPanel, name: str, message: str) -> None:
    with pytest.raises(PanelError, match=f"{message}; build the panel with 'aspsfusion panel build'"):
        require_built(whole.directory / name, whole.yaml_path)


def test_a_file_of_another_panel_is_refused(directory: Path) -> None:
    """A table that a panel of loci does not have would else be believed."""
    (directory / "specificity.npz").unlink()
    written = json.loads((directory / "panel.json").read_text())
    write_provenance(directory, {**written, "genome_pass": None})
    assert load_panel(directory).specificity is None
    np.savez(directory / "specificity.npz", k=np.int64(21))
    with pytest.raises(PanelError, match=r"specificity\.npz: has changed since"):
        load_panel(directory)


def kmer_table(**arrays: object) -> Damage:
    return lambda directory: np.savez(directory / "kmers.npz", **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        *((cut("kmers.npz", size), "is damaged") for size in (0, 10, 500)),
        (kmer_table(format=np.int64(FORMAT_VERSION)), "is damaged"),
        (kmer_table(k=np.int64(21)), "was written by another version of aspsfusion"),
    ],
)
def test_a_kmer_table_that_is_none_is_refused(directory: Path, damage: Damage, message: str) -> None:
    damage(directory)
    seal_again(directory)
    panel = load_panel(directory)
    with pytest.raises(PanelError, match=rf"kmers\.npz: {message}; build the panel again$"):
        read_kmers(panel.directory)


def test_unspliced_sequence_is_that_of_the_strand(built: Panel) -> None:
    three = built.unspliced["THREE"]
    assert (three.start, three.end) == (100, 480)
    plus = reverse_complement(three.sequence)
    # The plus strand of the minus strand's first exon, at its 3' end on the chromosome.
    assert plus[-80:] == reverse_complement(THREE_TRANSCRIPT[:80])
