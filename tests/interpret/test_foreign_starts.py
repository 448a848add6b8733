"""Bases in front of the reads that are not of the panel are noticed, and nothing is built on them."""

import random

import pytest

from aspsfusion.interpret.quality import foreign_reasons
from carriers.assays import INLINE, antisense_primer, copied, extended
from carriers.genes import Genes
from carriers.junctions import listed
from carriers.reads import ADAPTERS, Fragment, Library, across, around, join, sequenced
from carriers.sample import Report, Runner

LINKER = "ACCGTTAGCCATA"
TARGETS = ("ASPSCR1", "TFE3")
LONG = Library(read=100, insert=220)


def wild_type(genes: Genes, library: Library, rng: random.Random, count: int = 60) -> list[Fragment]:
    """Return fragments of the two target genes and a control gene."""
    three = genes["TFE3"]
    found = around(three, [three.start_of(exon) for exon in (4, 5, 6)], count, library, rng, "w")
    for gene in (genes["ASPSCR1"], next(g for g in genes.values() if g.name not in TARGETS)):
        places = [gene.end_of(exon) for exon in range(2, len(gene.ends) - 1)]
        found += around(gene, places, count // 2, library, rng, "w")
    return found


def carrier(genes: Genes, library: Library, rng: random.Random, count: int = 25) -> list[Fragment]:
    five, three = genes["ASPSCR1"], genes["TFE3"]
    joined = join(five, five.end_of(7), three, three.start_of(6))
    return across(joined, count, (25, 40), library, rng, "f")


def in_front(
    fragments: list[Fragment], rng: random.Random, umi: int, linker: str, read: int
) -> list[Fragment]:
    """Put a UMI and a linker in front of first reads."""
    found = []
    for fragment in fragments:
        begin = "".join(rng.choices("ACGT", k=umi)) + linker
        first, *others = fragment.reads
        found.append(Fragment(fragment.name, ((begin + first)[:read], *others)))
    return found


def starts(report: Report) -> list[str]:
    return [flag["text"] for flag in report["qc"]["flags"] if flag["code"] == "FOREIGN_STARTS"]


@pytest.mark.parametrize(
    ("umi", "linker", "bases"),
    [(8, "", 8), (12, "", 12), (8, LINKER, 21), (0, LINKER, 13)],
    ids=["8", "12", "8 and linker", "linker"],
)
@pytest.mark.parametrize("paired", [True, False], ids=["pairs", "single"])
@pytest.mark.parametrize("kind", ["negative", "carrier"])
def test_an_undeclared_beginning_is_noticed(
    runner: Runner, umi: int, linker: str, bases: int, paired: bool, kind: str
) -> None:
    rng = random.Random(11)
    library = Library(read=100, paired=paired, insert=220)
    sample = wild_type(runner.genes, library, rng)
    if kind == "carrier":
        sample += carrier(runner.genes, library, rng, 15)
    report = runner.report(in_front(sample, rng, umi, linker, library.read))
    (text,) = starts(report)
    assert f"Read 1 begins with {bases} bases that are not of the panel" in text
    assert "declare `umi`" in text
    assert report["one_sided"] == []
    assert kind == "carrier" or not report["fusions"]
    call, codes = report["verdict"]["call"], {reason["code"] for reason in report["verdict"]["reasons"]}
    assert (call == "CONFIRMED" and kind == "carrier") or (
        call == "INDETERMINATE"
        and "FOREIGN_STARTS" in codes
        and not codes & {"LOW_COVERAGE", "ONE_SIDED_BREAK"}
    )


@pytest.mark.parametrize("kind", ["type 1", "type 2"])
def test_a_fusion_after_an_undeclared_beginning_is_found(runner: Runner, kind: str) -> None:
    """Each molecule ends at a primer in exon 6, and its first read begins with UMI and linker."""
    rng, gene = random.Random(7), runner.genes["TFE3"]
    primer = antisense_primer(gene, gene.start_of(6) + 60)
    fusion = listed(runner.genes, kind).joined.bases
    library = Library(read=150, adapters=True)
    molecules = [
        extended(template, primer, rng.randint(150, 330))
        for template, count in ((fusion, 25), (gene.bases, 75))
        for _ in range(count)
    ]
    report = runner.report(copied(molecules, library, rng, "m", INLINE, (1, 1)), "anchored")
    assert report["verdict"]["call"] == "CONFIRMED"
    assert {fusion["type"] for fusion in report["fusions"] if fusion["is_target"]} == {kind}
    assert (len(starts(report)), report["one_sided"], report["unexplained_bridges"]) == (1, [], [])


@pytest.mark.parametrize("paired", [True, False], ids=["pairs", "single"])
@pytest.mark.parametrize("bases", [3, 5, 7, 12])
@pytest.mark.parametrize(("kind", "call"), [("negative", "EXCLUDED"), ("carrier", "CONFIRMED")])
def test_first_bases_that_were_not_called_change_no_verdict(
    runner: Runner, bases: int, paired: bool, kind: str, call: str
) -> None:
    rng = random.Random(3)
    library = Library(read=100, paired=paired, insert=220)
    sample = wild_type(runner.genes, library, rng, 400)
    if kind == "carrier":
        sample += carrier(runner.genes, library, rng, 15)
    dark = [Fragment(each.name, tuple("N" * bases + read[bases:] for read in each.reads)) for each in sample]
    report = runner.report(dark)
    flags = {flag["code"]: flag["text"] for flag in report["qc"]["flags"]}
    assert f"The first {bases} bases of read" in flags["UNKNOWN_STARTS"]
    assert "FOREIGN_STARTS" not in flags
    assert report["one_sided"] == []
    assert report["verdict"]["call"] == call == runner.report(sample)["verdict"]["call"]


def test_a_umi_is_noticed_after_first_bases_that_were_not_called(runner: Runner) -> None:
    rng = random.Random(3)
    sample = in_front(wild_type(runner.genes, LONG, rng, 200), rng, 12, "", LONG.read)
    dark = [Fragment(each.name, ("NNNN" + each.reads[0][4:], *each.reads[1:])) for each in sample]
    (text,) = starts(runner.report(dark))
    assert "Read 1 begins with 12 bases that are not of the panel (NNNNNNNNNNNN" in text


ORDINARY: dict[str, Library] = {
    "pairs": LONG,
    "single": Library(paired=False),
    "trimmed": Library(trimmed=True),
    "short inserts": Library(insert=90, spread=30, adapters=True),
    "very short inserts": Library(read=100, insert=60, spread=25, adapters=True, paired=False),
    "poor ends": Library(poor_ends=True, errors=0.01),
}


@pytest.mark.parametrize("name", sorted(ORDINARY))
def test_an_ordinary_library_is_never_said_to_begin_so(runner: Runner, name: str) -> None:
    rng = random.Random(5)
    library = ORDINARY[name]
    report = runner.report([*wild_type(runner.genes, library, rng), *carrier(runner.genes, library, rng)])
    assert starts(report) == []


def test_second_reads_of_g_alone_are_no_beginning(runner: Runner) -> None:
    """Dark cycles give G, in whole mates and at the ends of others."""
    rng = random.Random(6)
    dark = []
    for number, fragment in enumerate(wild_type(runner.genes, LONG, rng)):
        first, second = fragment.reads
        kept = 0 if number % 2 else 60
        dark.append(Fragment(fragment.name, (first, second[:kept] + "G" * (len(second) - kept))))
    assert starts(runner.report(dark)) == []


def test_adapter_dimers_are_no_beginning(runner: Runner) -> None:
    rng = random.Random(6)
    sample = wild_type(runner.genes, LONG, rng)
    sample = [Fragment(f.name, ((ADAPTERS[0] + f.reads[0])[:100], f.reads[1])) for f in sample[:20]] + sample[
        40:
    ]
    assert starts(runner.report(sample)) == []


def off_panel(genes: Genes, rng: random.Random, count: int, shown: int) -> list[Fragment]:
    """Fragments of an amplicon whose first reads begin in a partner that the panel does not hold."""
    three = genes["TFE3"]
    partner = "".join(random.Random(2).choices("ACGT", k=shown))
    molecule = partner + three.bases[three.start_of(6) :][:120]
    library = Library(read=75, insert=len(molecule))
    return [sequenced(molecule, library, rng, f"p{i}", reverse=False) for i in range(count)]


def test_an_amplicon_that_begins_in_a_partner_off_the_panel_is_no_linker(runner: Runner) -> None:
    report = runner.report(off_panel(runner.genes, random.Random(4), 200, 24))
    assert starts(report) == []


def test_an_amplicon_with_a_umi_in_front_is_noticed(runner: Runner) -> None:
    """All reads begin at one place, and their UMIs differ."""
    rng = random.Random(4)
    three = runner.genes["TFE3"]
    molecule = three.bases[three.start_of(5) - 60 :][:180]
    reads = [sequenced(molecule, LONG, rng, f"a{i}", reverse=False) for i in range(80)]
    assert len(starts(runner.report(in_front(reads, rng, 12, "", 100)))) == 1


def test_a_partner_after_umi_and_linker_is_still_a_break(runner: Runner) -> None:
    """A clip that is longer than what all reads begin with holds more than that."""
    rng = random.Random(9)
    partner = "".join(random.Random(2).choices("ACGT", k=200))
    three = runner.genes["TFE3"]
    whole = partner + three.bases[three.start_of(6) :]
    broken = [
        sequenced(whole[200 - shown :][:220], LONG, rng, f"b{shown}", reverse=False)
        for shown in range(25, 37)
    ]
    sample = [*wild_type(runner.genes, LONG, rng), *broken]
    report = runner.report(in_front(sample, rng, 8, LINKER, 100))
    assert len(starts(report)) == 1
    assert [place["gene"] for place in report["one_sided"]] == ["TFE3"]


def test_bases_after_the_declared_structure_are_said_so() -> None:
    start = {"read": 1, "bases": 13, "share": 0.9, "consensus": LINKER}
    (reason,) = foreign_reasons({"umi_structures": ["8M+T", "+T"], "foreign_starts": [start]})
    assert reason.text.startswith("Read 1 begins after the declared structure 8M+T +T with 13 bases")
    assert foreign_reasons({}) == []
