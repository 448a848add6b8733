"""Validates assayed fusions on standard input with `fusor.models`; run by `make fusor`."""

import json
import sys

from fusor.models import AssayedFusion
from fusor.nomenclature import gene_nomenclature, tx_segment_nomenclature

fusions = json.load(sys.stdin)
for fusion in fusions:
    model = AssayedFusion.model_validate(fusion)
    kept = model.model_dump(mode="json", exclude_none=True)
    lost = {key for key in fusion if key not in kept}
    assert not lost, f"fields that the specification does not know: {lost}"
    for stated, element in zip(fusion["viccNomenclature"].split("::"), model.structure, strict=True):
        if element.type == "TranscriptSegmentElement":
            assert stated == tx_segment_nomenclature(element)
        elif element.type == "GeneElement":
            assert stated == gene_nomenclature(element)
        for key in fusion["structure"][model.structure.index(element)]:
            assert key in element.model_fields_set, f"{key} is not a field of {element.type}"
print(f"{len(fusions)} assayed fusions are valid")
