"""The profiles and the rules agree: what belongs to a sample is one job of a cluster."""

import re
from typing import Any

import pytest
import yaml
import yte

from repository import ROOT

WORKFLOW = ROOT / "workflow"


def profile(name: str) -> dict[str, Any]:
    """Return a profile as Snakemake reads it."""
    text = (WORKFLOW / "profiles" / name / "config.yaml").read_text()
    found: dict[str, Any] = yte.process_yaml(text, require_use_yte=True)
    return found


def rules() -> dict[str, str]:
    """Return the text of every rule by its name."""
    texts = (path.read_text() for path in sorted((WORKFLOW / "rules").glob("*.smk")))
    parts = [
        part for text in texts for part in re.split(r"^(?:rule|checkpoint) ", text, flags=re.MULTILINE)[1:]
    ]
    return {part.split(":")[0]: part for part in parts}


def submitted() -> set[str]:
    """Return the rules whose jobs are submitted to a cluster."""
    return {name for name, text in rules().items() if "    localrule: True\n" not in text}


def test_all_submitted_jobs_of_a_sample_are_one() -> None:
    assert submitted() == {"build_panel", "screen", "extract", "analyse"}
    of_samples = submitted() - {"build_panel"}
    assert {name for name, text in rules().items() if "    localrule: IN_JOB\n" in text} == submitted()
    assert set(profile("slurm")["groups"]) == {f"{rule}=sample" for rule in of_samples}


def test_rules_know_how_often_a_job_is_tried_again() -> None:
    settings = profile("slurm")
    assert f"retries={settings['retries']}" in settings["default-resources"]


def test_examples_for_other_clusters_group_the_same_rules() -> None:
    text = (WORKFLOW / "profiles" / "README.md").read_text()
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]
    executors = [example for example in examples if "executor" in example]
    assert [example["executor"] for example in executors] == ["cluster-generic", "kubernetes"]
    for example in executors:
        assert example["groups"] == profile("slurm")["groups"]
        assert example["keep-going"] is True
        assert f"retries={example['retries']}" in example["default-resources"]


def test_slurm_keeps_what_the_default_profile_sets() -> None:
    assert profile("default").items() <= profile("slurm").items()


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_a_snakemake_without_the_program_is_not_asked_for_its_logger(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in its usage for a logger that it does not know; the workflow has a sentence."""
    assert profile(name)["logger"] == ["aspsfusion"]
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    assert "logger" not in profile(name)
