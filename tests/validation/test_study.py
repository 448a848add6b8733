"""The definition of the validation study: what is simulated for each sample, and what is refused."""

from pathlib import Path

import pytest
import yaml

from aspsfusion.errors import ParameterError
from aspsfusion.panel.panel import Panel
from aspsfusion.simulate.molecules import fusion_molecule, parse_fusion
from aspsfusion.validation.study import ARMS, load_study
from aspsfusion.validation.tables import DETECTION_FACTOR
from repository import ROOT
from study_factory import PLAIN, TINY, tiny

SHIPPED = ROOT / "resources" / "validation" / "study.yaml"


def test_the_shipped_study_is_as_large_as_its_targets_ask() -> None:
    study = load_study(SHIPPED)
    numbers = {arm: [study.samples(cell, arm, 1.0) for cell in study.cells] for arm in ARMS}
    assert sum(numbers["negative"]) >= 3000
    assert sum(numbers["positive"]) + sum(numbers["negative"]) < 15_000
    detection = [cell for cell in study.cells if cell.factor == DETECTION_FACTOR]
    assert {cell.level for cell in detection} == {"1x50", "1x75", "2x50", "2x75", "2x100", "2x150"}
    assert min(study.samples(cell, "positive", 1.0) for cell in detection) >= 200
    shares = {cell.fraction for cell in study.cells if cell.tumour_fraction == cell.fraction}
    assert shares >= {0.01, 0.02, 0.05, 0.1, 0.2}
    assert {cell.truth for cell in study.cells} == {"target", "other", "none"}


def test_every_sample_of_the_shipped_study_can_be_simulated(demo_panel: Panel) -> None:
    study = load_study(SHIPPED)
    for cell in study.cells:
        for index in range(2 if study.samples(cell, "positive", 1.0) else 0):
            sample = study.sample(cell.name, "positive", index)
            for text in sample.parameters().fusions:
                request = parse_fusion(text)
                molecule = fusion_molecule(demo_panel, request)
                assert molecule.junction
                assert molecule.inserted == len(request.inserted)


def test_every_sample_has_a_seed_of_its_own_that_nothing_else_changes() -> None:
    study = load_study(SHIPPED)
    seeds = [
        study.sample(cell.name, arm, index).seed
        for cell in study.cells
        for arm in ("positive", "negative")
        for index in range(50)
    ]
    assert len(set(seeds)) == len(seeds)
    alone = study.model_copy(update={"cells": study.cells[3:4]})
    name = alone.cells[0].name
    assert alone.sample(name, "positive", 7).seed == study.sample(name, "positive", 7).seed


def test_options_of_a_cell_replace_those_of_the_study() -> None:
    study = tiny(
        cells=[
            {"name": "long", "factor": "a", "level": "b", "simulate": {"read_length": 150}, "fragments": 7}
        ]
    )
    positive = study.sample("long", "positive", 0).parameters()
    assert positive.read_length == 150
    assert positive.window == 300
    assert positive.fusions == ("ASPSCR1:7::TFE3:6=x7",)
    assert study.sample("long", "negative", 0).parameters().fusions == ()


def test_what_a_fusion_leaves_open_is_drawn_for_each_sample() -> None:
    fusions = ["ASPSCR1:7::{8 nt}::TFE3:6", "ASPSCR1:c.{60..70}::TFE3:5@{-1:1>T|2:0>A}"]
    study = tiny(cells=[{**PLAIN, "fusion": fusions, "type": ["type 1", "type 2"]}])
    samples = [study.sample("plain", "positive", index) for index in range(60)]
    assert [sample.type for sample in samples[:3]] == ["type 1", "type 2", "type 1"]
    stated = [sample.fusion for sample in samples]
    assert stated == [study.sample("plain", "positive", index).fusion for index in range(60)]
    inserted = [parse_fusion(text).inserted for text in stated[::2]]
    assert all(len(bases) == 8 for bases in inserted)
    assert len(set(inserted)) > 20
    cuts = {text.split("::")[0] for text in stated[1::2]}
    assert cuts <= {f"ASPSCR1:c.{cut}" for cut in range(60, 71)}
    assert len(cuts) > 5
    assert {text.split("@")[1] for text in stated[1::2]} == {"-1:1>T", "2:0>A"}


def test_a_share_of_fusion_transcripts_takes_the_place_of_wild_type() -> None:
    study = tiny(cells=[{"name": "share", "factor": "a", "level": "b", "fraction": 0.2}])
    numbers = []
    for index in range(200):
        parameters = study.sample("share", "positive", index).parameters()
        number = int(parameters.fusions[0].rpartition("=n")[2])
        assert parameters.near["TFE3:6"] + number == 60
        numbers.append(number)
    assert len(set(numbers)) > 5
    assert abs(sum(numbers) / 200 - 12) < 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seed": -1}, "key seed"),
        ({"cells": []}, "key cells"),
        ({"cells": [{"name": "a/b", "factor": "f", "level": "l"}]}, "key cells.0.name"),
        ({"cells": [{"name": "a", "factor": "f", "level": "l", "sample": 3}]}, "key cells.0.sample"),
        ({"cells": [PLAIN, PLAIN]}, "cell plain occurs twice"),
        ({"cells": [{**PLAIN, "expect": {"verdict": "EXCLUDED"}}]}, "excluded is expected and not allowed"),
        ({"cells": [{**PLAIN, "expect": {"call": "EXCLUDED"}}]}, "extra inputs are not permitted"),
        (
            {"cells": [{**PLAIN, "fusion": ["A:1::B:2"], "type": ["1", "2"]}]},
            "2 types are given of 1 fusions",
        ),
        ({"simulate": {"reads": 3}}, "cell plain: simulate has no option reads; options are anchor_five"),
        ({"simulate": {"error_rate": 3}}, "--error-rate 3 is no rate"),
        (
            {
                "cells": [
                    {"name": "a", "factor": "f", "level": "l", "fraction": 0.1, "fusion": "PRCC:1::TFE3:4"}
                ]
            },
            'a fraction needs fragments near TFE3:4; give near: {"TFE3:4": N}',
        ),
    ],
)
def test_a_study_that_is_wrong_is_refused(changes: dict[str, object], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({**TINY, **changes}), encoding="utf-8")
    with pytest.raises(ParameterError) as caught:
        load_study(path)
    assert problem in caught.value.sentence()


def test_a_study_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none.yaml: cannot be read"):
        load_study(tmp_path / "none.yaml")
