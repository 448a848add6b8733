"""Validates assayed fusions on standard input with `fusor.models`; run by `make fusor`."""

import json
import sys
from typing import Any


def validate(fusions: list[dict[str, Any]]) -> None:
    """Fail where a fusion is not one of the specification, or has fields or a nomenclature of its own."""
    # Here, since the tests' environment lacks it, and pytest reads every module.
    from fusor.models import AssayedFusion
    from fusor.nomenclature import gene_nomenclature, tx_segment_nomenclature

    for fusion in fusions:
        model = AssayedFusion.model_validate(fusion)
        kept = model.model_dump(mode="json", exclude_none=True)
        lost = {key for key in fusion if key not in kept}
        assert not lost, f"fields that the specification does not know: {lost}"
        parts = zip(fusion["viccNomenclature"].split("::"), model.structure, fusion["structure"], strict=True)
        for stated, element, given in parts:
            if element.type == "TranscriptSegmentElement":
                assert stated == tx_segment_nomenclature(element)
            elif element.type == "GeneElement":
                assert stated == gene_nomenclature(element)
            unknown = set(given) - element.model_fields_set
            assert not unknown, f"{unknown} are no fields of {element.type}"


if __name__ == "__main__":
    validate(made := json.load(sys.stdin))
    print(f"{len(made)} assayed fusions are valid")
