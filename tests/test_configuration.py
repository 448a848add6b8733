"""The configuration: one sentence for each mistake, and one set of thresholds in three places."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel

from aspsfusion.config import (
    PATH_KEYS,
    BatchParameters,
    CallParameters,
    ClassifyParameters,
    check_configuration,
    configured_file,
    configured_files,
    configured_paths,
    numbers,
    option_list,
    require_one_genome,
)
from aspsfusion.errors import ParameterError
from repository import ROOT

SCHEMA: dict[str, Any] = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "config/config.yaml").read_text())
SECTIONS = [("call", CallParameters), ("classify", ClassifyParameters), ("batch", BatchParameters)]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"genom_fasta": "x"}, "key 'genom_fasta' is not known; did you mean 'genome_fasta'?"),
        ({"zzz": 1}, "key 'zzz' is not known; known keys are samples, outdir"),
        ({1: 2}, "key '1' is not known"),
        (
            {"min_anchor": 9},
            "key 'min_anchor' is not known; give it inside its section: call={min_anchor: 9}",
        ),
        ({"classify.min_fragments": 4}, "give it inside its section: classify={min_fragments: 4}"),
        ({"call": {"min_ancor": 9}}, "key 'call.min_ancor' is not known; did you mean 'min_anchor'?"),
        ({"call": {"min_anchor": 3}}, "key 'call.min_anchor': 3 is less than the minimum of 6; it is the"),
        ({"call": {"min_anchor": 10.5}}, "key 'call.min_anchor': 10.5 is not of type 'integer'"),
        ({"classify": {"confidence": 1}}, "key 'classify.confidence': 1 is greater than"),
        ({"classify": 3}, "key 'classify': 3 is not of type 'object'"),
        ({"samples": ["a"]}, "key 'samples': ['a'] is not of type 'string'"),
        ({"outdir": ""}, "key 'outdir': '' should be non-empty"),
    ],
)
def test_a_mistake_is_one_sentence(config: dict[Any, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_configuration(config, SCHEMA)
    assert message in caught.value.sentence()
    assert "\n" not in caught.value.sentence()


def test_shipped_and_empty_configurations_are_right() -> None:
    check_configuration(CONFIG, SCHEMA)
    check_configuration({}, SCHEMA)
    check_configuration({"call": None, "genome_fasta": None}, SCHEMA)


def test_every_key_of_the_schema_is_described_and_documented() -> None:
    assert SCHEMA["additionalProperties"] is False
    text = (ROOT / "config/README.md").read_text()
    for key, value in SCHEMA["properties"].items():
        assert value["description"], key
        assert f"`{key}`" in text
        for inner, field in value.get("properties", {}).items():
            assert field["description"], inner
            assert f"`{inner}`" in text


@pytest.mark.parametrize(("section", "model"), SECTIONS)
def test_schema_states_the_ranges_of_the_program(section: str, model: type[BaseModel]) -> None:
    schema = SCHEMA["properties"][section]
    assert schema["additionalProperties"] is False
    stated = {
        name: {key: value for key, value in field.items() if key != "description"}
        for name, field in schema["properties"].items()
    }
    assert stated == {name: _as_schema(model, name) for name in model.model_fields}


def _as_schema(model: type[BaseModel], name: str) -> dict[str, Any]:
    field = model.model_fields[name]
    result: dict[str, Any] = {
        "type": "integer" if field.annotation is int else "number",
        "default": field.default,
    }
    for limit in field.metadata:
        match limit:
            case Ge():
                result["minimum"] = limit.ge
            case Gt():
                result["exclusiveMinimum"] = limit.gt
            case Le():
                result["maximum"] = limit.le
            case Lt():
                result["exclusiveMaximum"] = limit.lt
    return result


@pytest.mark.parametrize(("section", "model"), SECTIONS)
def test_shipped_configuration_states_the_defaults(section: str, model: type[BaseModel]) -> None:
    assert CONFIG[section] == {name: field.default for name, field in model.model_fields.items()}


def test_thresholds_become_options() -> None:
    assert option_list(None) == []
    assert option_list({"min_anchor": 12}) == ["--min-anchor", "12"]


def test_thresholds_given_on_the_command_line_are_numbers() -> None:
    assert numbers({"min_anchor": "12", "max_edit_rate": "0.05"}) == {"min_anchor": 12, "max_edit_rate": 0.05}
    assert numbers(None) is None


def test_files_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "a.fa").touch()
    assert configured_file({"genome_fasta": str(tmp_path / "a.fa")}, "genome_fasta") == str(tmp_path / "a.fa")
    assert configured_file({}, "genome_fasta") is None
    for config, message in (
        ({}, "key 'genome_fasta' is not set; set it"),
        ({"genome_fasta": "no.fa"}, "no.fa does not exist; correct the path (relative paths start at"),
        ({"genome_fasta": str(tmp_path)}, "is a directory"),
    ):
        with pytest.raises(ParameterError) as caught:
            configured_file(config, "genome_fasta", missing="set it")
        assert message in caught.value.sentence()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"genome_fasta": "a.fa", "genome_fetch": "ucsc"}, "'genome_fasta' and 'genome_fetch' are both set"),
        ({"panel_dir": "p", "genome_fasta": "a.fa"}, "'panel_dir' and 'genome_fasta' are both set"),
        ({"panel_dir": "p", "genome_fetch": "ucsc"}, "'panel_dir' and 'genome_fetch' are both set"),
        ({"panel_dir": "p", "annotation_gtf": "a"}, "'panel_dir' and 'annotation_gtf' are both set"),
        ({"genome_fasta": None, "genome_fetch": None}, "'genome_fasta' is not set; set it"),
        ({}, "'genome_fasta' is not set; set it"),
    ],
)
def test_the_genome_comes_from_exactly_one_place(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        require_one_genome(config, "set it")
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["genome_fasta", "genome_fetch", "panel_dir"])
def test_one_place_of_the_genome_is_enough(key: str) -> None:
    require_one_genome({key: "ucsc"}, "set it")


@pytest.mark.parametrize(
    ("source", "known"),
    [("ucsc", True), ("ensembl=http://mirror/rest", True), ("ncbi", False), ("ucsc=mirror", False)],
)
def test_sources_in_the_configuration(source: str, known: bool) -> None:
    if known:
        check_configuration({"genome_fetch": source}, SCHEMA)
    else:
        with pytest.raises(ParameterError, match="genome_fetch"):
            check_configuration({"genome_fetch": source}, SCHEMA)


def test_paths_begin_at_home_and_hold_nothing_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/lab")
    given: dict[str, Any] = {
        "outdir": "~/run7",
        "imbalance_baseline": ["~/a.json", "b.json"],
        "genome_fasta": None,
        "call": {},
    }
    assert configured_paths(given) == {
        "outdir": "/home/lab/run7",
        "imbalance_baseline": ["/home/lab/a.json", "b.json"],
    }
    for key in PATH_KEYS:
        with pytest.raises(ParameterError, match=f"'{key}': run.x. holds '.', which Snakemake would replace"):
            configured_paths({key: "run<x>"})
    # Whatever names a file is looked at: every other text of the schema has a list or a pattern of its own.
    texts = {
        key
        for key, value in SCHEMA["properties"].items()
        if not {"enum", "pattern"} & {*value, *value.get("items", ())}
    }
    texts = {key for key in texts if {"string", "array"} & set(kinds(SCHEMA["properties"][key]))}
    assert texts == set(PATH_KEYS)


def kinds(schema: dict[str, Any]) -> list[str]:
    """Return the types that a key may have."""
    found = schema["type"]
    return [found] if isinstance(found, str) else found


def test_files_that_a_key_lists(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b.json", "a.json")]
    for file in files:
        file.write_text("{}")
    assert configured_files({"imbalance_baseline": files}, "imbalance_baseline") == [str(f) for f in files]
    assert configured_files({"imbalance_baseline": None}, "imbalance_baseline") == []
    missing = {"imbalance_baseline": [*files, tmp_path / "c.json"]}
    with pytest.raises(ParameterError, match=r"'imbalance_baseline': .*c\.json does not exist"):
        configured_files(missing, "imbalance_baseline")
