"""The numbers of docs/methods.md are those of the code."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from aspsfusion.config import CallParameters, ClassifyParameters

DOCS = Path(__file__).parent.parent / "docs"
METHODS = (DOCS / "methods.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z_]+)\.([A-Z_]+)` \| ([0-9.]+) \|", METHODS, flags=re.MULTILINE)


def test_the_tables_are_read() -> None:
    assert len(ROWS) == METHODS.count("\n| `")


@pytest.mark.parametrize(("module", "name", "value"), ROWS, ids=[f"{m}.{n}" for m, n, _ in ROWS])
def test_a_constant_has_the_value_that_is_written(module: str, name: str, value: str) -> None:
    assert getattr(importlib.import_module(f"aspsfusion.{module}"), name) == float(value)


@pytest.mark.parametrize("page", ["methods.md", "interpretation.md"])
def test_every_threshold_that_is_named_exists(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    models: dict[str, type[BaseModel]] = {"call": CallParameters, "classify": ClassifyParameters}
    named = re.findall(r"`(call|classify)\.([a-z_]+)`", text)
    assert named
    for section, key in named:
        assert key in models[section].model_fields


def test_constants_named_in_the_text_stand_in_a_table() -> None:
    in_tables = {name for _, name, _ in ROWS}
    assert set(re.findall(r"`([A-Z][A-Z_]+)`", METHODS)) <= in_tables
