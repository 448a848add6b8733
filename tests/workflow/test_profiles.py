"""The profiles and the rules agree: what belongs to a sample is one job of a cluster."""

import re
from typing import Any

import yaml

from repository import ROOT

WORKFLOW = ROOT / "workflow"


def profile(name: str) -> dict[str, Any]:
    """Return a profile."""
    found: dict[str, Any] = yaml.safe_load((WORKFLOW / "profiles" / name / "config.yaml").read_text())
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
