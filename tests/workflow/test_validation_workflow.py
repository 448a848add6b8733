"""The workflow of the validation study: which jobs it plans, and what stops it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from repository import ROOT
from snakemake_runs import snakemake

STUDY = {
    "schema_version": 1,
    "title": "tiny",
    "seed": 5,
    "fusion": "ASPSCR1:7::TFE3:6",
    "fragments": 4,
    "positives": 2,
    "negatives": 1,
    "simulate": {"near": {"TFE3:6": 60}},
    "cells": [{"name": name, "factor": "f", "level": name} for name in ("one", "two", "three")],
}

pytestmark = pytest.mark.workflow


def plan(directory: Path, **config: object) -> subprocess.CompletedProcess[str]:
    """Return what Snakemake plans without doing it."""
    study = directory / "study.yaml"
    study.write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    settings = {"study": str(study), "outdir": str(directory / "out"), **config}
    (directory / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    given = ["--snakefile", "workflow/validation.smk", "--configfile", str(directory / "config.yaml")]
    return snakemake([*given, "--cores", "1", "--dry-run"], ROOT, directory / "said")


def test_a_job_for_each_cell_with_the_thresholds_of_the_configuration(tmp_path: Path) -> None:
    run = plan(tmp_path, call={"min_anchor": 14}, scale=0.5)
    assert run.returncode == 0, run.stdout
    jobs = dict(
        line.split() for line in run.stdout.splitlines() if len(line.split()) == 2 and line[-1].isdigit()
    )
    assert (jobs["cell"], jobs["page"], jobs["junction_reads"], jobs["build_panel"]) == ("3", "1", "1", "1")
    assert "dilution" not in jobs


def test_a_study_that_is_wrong_stops_the_workflow_with_one_sentence(tmp_path: Path) -> None:
    run = plan(tmp_path, study=str(tmp_path / "none.yaml"))
    assert run.returncode == 1
    assert "configuration key 'study':" in run.stdout
    assert "does not exist; correct the path" in run.stdout
