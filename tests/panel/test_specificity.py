"""What of a gene's sequence stands nowhere else, and what evidence that makes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.errors import PanelError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.gene_spec import ChromosomeSpec, GenomeSpec
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.screen_targets import FREQUENT_PLACES, without_frequent
from aspsfusion.panel.specificity import (
    MAX_PLACES,
    UNIQUE_LENGTH,
    GeneKmers,
    SideCount,
    Specificity,
    gene_kmers,
    read_specificity,
    write_specificity,
)
from aspsfusion.panel.uniqueness import GenomeCount, is_whole
from small_panel import FIVE_TRANSCRIPT, SmallPanel, random_bases

GENE = random_bases(200, seed=77)


def specificity_of(copied: str = "", places: int = 1) -> Specificity:
    """A gene of which one part stands elsewhere."""
    kmers = gene_kmers([GENE])
    elsewhere = np.where(np.isin(kmers, gene_kmers([copied])), places, 0)
    return Specificity({"GENE": GeneKmers(kmers, elsewhere.astype(np.uint16))})


@pytest.mark.parametrize(
    ("stretches", "proof"),
    [
        ([], "silent"),
        ([GENE[120 : 120 + UNIQUE_LENGTH - 1]], "silent"),
        ([GENE[120 : 120 + UNIQUE_LENGTH]], "unique"),
        ([reverse_complement(GENE[120:160])], "unique"),
        ([GENE[10:60]], "elsewhere"),
        ([GENE[10:60], GENE[130:170]], "unique"),
        ([GENE[60:125]], "unique"),
        ([GENE[10:60], GENE[120:130]], "elsewhere"),
        ([random_bases(60, seed=1)], "elsewhere"),
        (["N" * 40], "elsewhere"),
    ],
)
def test_proof_of_a_fragment(stretches: list[str], proof: str) -> None:
    assert specificity_of(GENE[:100]).proof("GENE", stretches) == proof


@pytest.mark.parametrize("error", range(UNIQUE_LENGTH))
def test_an_error_takes_the_proof_of_the_kmers_over_it(error: int) -> None:
    stretch = GENE[120 : 120 + UNIQUE_LENGTH]
    other = "A" if stretch[error] != "A" else "C"
    assert specificity_of().proof("GENE", [stretch[:error] + other + stretch[error + 1 :]]) == "elsewhere"


@settings(max_examples=50)
@given(st.integers(0, 150), st.integers(1, 50), st.booleans())
def test_exact_bases_prove_a_unique_gene_whichever_strand(start: int, length: int, turned: bool) -> None:
    stretch = GENE[start : start + length]
    proof = specificity_of().proof("GENE", [reverse_complement(stretch) if turned else stretch])
    assert proof == ("unique" if len(stretch) >= UNIQUE_LENGTH else "silent")


@pytest.mark.parametrize(
    ("unique", "elsewhere", "credible"),
    [(0, 0, True), (0, 1, False), (1, 0, True), (1, 4, True), (1, 5, False), (20, 80, True), (19, 80, False)],
)
def test_a_fifth_of_the_telling_fragments_must_prove_the_gene(
    unique: int, elsewhere: int, credible: bool
) -> None:
    assert SideCount(unique, elsewhere, silent=9).credible == credible


def test_counts_of_proofs() -> None:
    assert SideCount.of(["unique", "silent", "elsewhere", "unique"]) == SideCount(2, 1, 1)


def test_table_survives_its_file(tmp_path: Path) -> None:
    table = specificity_of(GENE[:100], places=3)
    write_specificity(table, tmp_path / "specificity.npz")
    first = (tmp_path / "specificity.npz").read_bytes()
    found = read_specificity(tmp_path)
    assert found is not None
    assert found.k == table.k
    assert np.array_equal(found.genes["GENE"].kmers, table.genes["GENE"].kmers)
    assert np.array_equal(found.genes["GENE"].places, table.genes["GENE"].places)
    write_specificity(found, tmp_path / "specificity.npz")
    assert (tmp_path / "specificity.npz").read_bytes() == first


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_damaged_table_is_named(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "specificity.npz"
    write_specificity(specificity_of(), path)
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    with pytest.raises(PanelError, match=r"specificity\.npz: is damaged; build the panel again"):
        read_specificity(tmp_path)


# ---- the screen


def test_frequent_sequence_is_left_out_of_the_screen() -> None:
    frequent = specificity_of(GENE[50:100], places=FREQUENT_PLACES)
    masked = without_frequent("GENE", GENE, frequent)
    middle = UNIQUE_LENGTH // 2
    assert masked == GENE[: 50 + middle] + "N" * (50 - 2 * middle) + GENE[100 - middle :]
    rarer = specificity_of(GENE[50:100], places=FREQUENT_PLACES - 1)
    assert without_frequent("GENE", GENE, rarer) == GENE
    assert without_frequent("GENE", GENE, None) == GENE


def test_a_gene_that_is_frequent_throughout_stays() -> None:
    assert without_frequent("GENE", GENE, specificity_of(GENE, places=5000)) == GENE


# ---- panel build


def built_with(tmp_path: Path, chr5: str, **genome: object) -> Panel:
    small = SmallPanel.in_directory(tmp_path)
    small.chromosomes["chr5"] = chr5
    small.data["genome"] |= genome
    return small.build()


def test_places_in_the_genes_own_locus_do_not_count(tmp_path: Path) -> None:
    copied = FIVE_TRANSCRIPT[60:110]  # from exon 2
    chr5 = random_bases(500, seed=1) + copied + random_bases(90, seed=7) + reverse_complement(copied[:30])
    panel = built_with(tmp_path, chr5)
    assert panel.specificity is not None
    places = panel.specificity.places_along("FIVE", FIVE_TRANSCRIPT)
    k = UNIQUE_LENGTH
    assert places[: 60 - k + 1].tolist() == [0] * (60 - k + 1)
    assert places[60 - k + 1 : 60].tolist() == [-1] * (k - 1)  # across the border of exons 1 and 2
    assert places[60 : 110 - k + 1].tolist() == [2] * (30 - k + 1) + [1] * 20
    assert set(places[110 - k + 1 : 120 - k + 1]) == {0}
    checks = [check for check in panel.provenance["checks"] if check["name"] == "genome_uniqueness"]
    known = np.count_nonzero(places >= 0)  # all but those across a border, chance apart
    assert 0 <= known - (200 - 3 * (k - 1)) <= 3
    assert checks[0] == {
        "name": "genome_uniqueness",
        "passed": True,
        "text": f"FIVE|T5.1: 30 of {known} exonic stretches of 21 nt occur elsewhere in the genome",
    }


def test_a_gene_with_a_full_copy_fails_its_check(tmp_path: Path) -> None:
    panel = built_with(tmp_path, random_bases(300, seed=1) + FIVE_TRANSCRIPT)
    (five, three) = [check for check in panel.provenance["checks"] if check["name"] == "genome_uniqueness"]
    assert (five["passed"], three["passed"]) == (False, True)


def test_the_most_places_are_capped(tmp_path: Path) -> None:
    exon = FIVE_TRANSCRIPT[60:120]
    panel = built_with(tmp_path, f"N{exon[:21]}" * (int(MAX_PLACES) + 10))
    assert panel.specificity is not None
    assert panel.specificity.places_along("FIVE", exon)[0] == MAX_PLACES


def test_a_whole_genome_holds_every_chromosome_and_is_not_masked(tmp_path: Path) -> None:
    chromosomes: dict[str, dict[str, object]] = {"chr2": {}, "chr5": {}, "chrX": {}}
    whole = built_with(tmp_path, random_bases(3000, 1), chromosomes=chromosomes)
    assert whole.provenance["whole_genome_specificity"] is True
    assert whole.provenance["genome_pass"]["contigs"] == 3
    build = GenomeSpec(build="B", chromosomes={"chr2": ChromosomeSpec.model_validate({})})

    def count(called: int, *contigs: str) -> GenomeCount:
        return GenomeCount(np.empty(0, np.int64), 100, called, frozenset(contigs), 0)

    assert is_whole(count(50, "2", "X"), build)
    assert not is_whole(count(49, "2", "X"), build)
    assert not is_whole(count(100, "X"), build)
    assert not is_whole(count(100, "2"), GenomeSpec(build="B"))


def test_loci_have_no_table_and_a_lost_one_is_missed(tmp_path: Path) -> None:
    small = SmallPanel.in_directory(tmp_path)
    panel = small.build()
    (panel.directory / "specificity.npz").unlink()
    with pytest.raises(PanelError, match=r"lacks specificity\.npz; build the panel with"):
        load_panel(panel.directory)
