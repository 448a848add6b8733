"""Every threshold that the documents name exists."""

import re

import pytest
from pydantic import BaseModel

from aspsfusion.config import CallParameters, ClassifyParameters
from repository import ROOT

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", ["methods.md", "interpretation.md"])
def test_every_threshold_that_is_named_exists(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    models: dict[str, type[BaseModel]] = {"call": CallParameters, "classify": ClassifyParameters}
    named = re.findall(r"`(call|classify)\.([a-z_]+)`", text)
    assert named
    for section, key in named:
        assert key in models[section].model_fields
