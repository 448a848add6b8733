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
    parts = [part for text in texts for part in re.split(r"^rule ", text, flags=re.MULTILINE)[1:]]
    return {part.split(":")[0]: part for part in parts}


def rules_of_samples() -> set[str]:
    """Return the rules that write files of one sample."""
    found = set()
    for name, text in rules().items():
        output = re.search(r"^    output:\n((?:        .*\n)+)", text, flags=re.MULTILINE)
        if output and "of_sample(" in output[1]:
            found.add(name)
    return found


def test_all_jobs_of_a_sample_are_one_on_a_cluster() -> None:
    assert {"screen", "extract", "analyse"} == rules_of_samples()
    assert set(profile("slurm")["groups"]) == {f"{rule}=sample" for rule in rules_of_samples()}


def test_what_is_submitted_is_done_by_the_snakemake_of_its_job() -> None:
    # Never where snakemake was started by the user, which may be a login node.
    submitted = {name for name, text in rules().items() if "    localrule: True\n" not in text}
    assert submitted == {"build_panel", *rules_of_samples()}
    assert all("    localrule: ON_NODE\n" in rules()[name] for name in submitted)


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
