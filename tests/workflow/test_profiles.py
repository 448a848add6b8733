"""The profiles and the rules agree: what belongs to a sample is one job of a cluster."""

import re
from typing import Any

import yaml

from small_batch import ROOT

WORKFLOW = ROOT / "workflow"


def profile(name: str) -> dict[str, Any]:
    """Return a profile."""
    found: dict[str, Any] = yaml.safe_load((WORKFLOW / "profiles" / name / "config.yaml").read_text())
    return found


def rules_of_samples() -> set[str]:
    """Return the rules that write files of one sample."""
    found = set()
    for path in sorted((WORKFLOW / "rules").glob("*.smk")):
        for text in re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]:
            output = re.search(r"^    output:\n((?:        .*\n)+)", text, flags=re.MULTILINE)
            if output and "of_sample(" in output[1]:
                found.add(text.split(":")[0])
    return found


def test_all_jobs_of_a_sample_are_one_on_a_cluster() -> None:
    assert {"screen", "extract", "analyse"} == rules_of_samples()
    assert set(profile("slurm")["groups"]) == {f"{rule}=sample" for rule in rules_of_samples()}


def test_examples_for_other_clusters_group_the_same_rules() -> None:
    text = (WORKFLOW / "profiles" / "README.md").read_text()
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]
    executors = [example for example in examples if "executor" in example]
    assert [example["executor"] for example in executors] == ["cluster-generic", "kubernetes"]
    for example in executors:
        assert example["groups"] == profile("slurm")["groups"]
        assert example["keep-going"] is True


def test_slurm_keeps_what_the_default_profile_sets() -> None:
    assert profile("default").items() <= profile("slurm").items()
