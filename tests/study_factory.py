"""A study of two small cells, and an outcome of one of its samples."""

from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.study import Study

PLAIN = {"name": "plain", "factor": "fragments across the junction", "level": "2x75"}
TINY = {
    "schema_version": 1,
    "title": "tiny",
    "seed": 5,
    "fusion": "ASPSCR1:7::TFE3:6",
    "type": "type 1",
    "fragments": 4,
    "positives": 2,
    "negatives": 1,
    "simulate": {"near": {"TFE3:6": 60, "ASPSCR1:8": 15}, "window": 300},
    "cells": [
        PLAIN,
        {
            "name": "other",
            "factor": "other rearrangement",
            "level": "PRCC",
            "truth": "other",
            "fusion": "PRCC:1::TFE3:4",
            "negatives": 0,
            "positives": 1,
        },
    ],
}

OUTCOME = Outcome(
    cell="plain",
    arm="positive",
    index=0,
    truth="target",
    call="CONFIRMED",
    reasons="TARGET_FUSION",
    declared=None,
    crossing=4,
    molecules=4,
    fragments=4,
    named=True,
    right_type=True,
    exact=True,
    seen=True,
    informative=60,
    detectable=0.048,
)


def tiny(**changes: object) -> Study:
    return Study.model_validate({**TINY, **changes})
