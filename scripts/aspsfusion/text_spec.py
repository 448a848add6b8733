"""The sentences of the report as the panel YAML states them, and what they may name in braces."""

import string

from pydantic import Field, ValidationInfo, field_validator

from aspsfusion.gene_spec import Strict

PLACEHOLDERS = (
    "fusion",
    "disease",
    "sample",
    "types",
    "fragments",
    "split_reads",
    "spanning_pairs",
    "short_overhangs",
    "detectable_percent",
    "confidence_percent",
    "informative_fragments",
    "reasons",
)
"""What the sentences of the verdict may name in braces; `aspsfusion.classify` fills each of them."""


def _placeholders(text: str) -> list[str]:
    """Return what stands in braces in a sentence; raises ValueError for a brace without its partner."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"has a stray brace ({error}); a brace itself is written {{{{ or }}}}") from error
    found = []
    for _, name, form, conversion in parts:
        if name is not None:
            found.append(name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else ""))
    return found


class TextSpec(Strict):
    """The report's sentences.

    `aspsfusion.classify` fills `PLACEHOLDERS` in braces into those of the verdict; the others are printed as
    they are.
    """

    confirmed: str
    excluded: str
    indeterminate: str
    other_fusion: str = Field(
        "", description="instead of `indeterminate` where another fusion of the target's genes is the reason"
    )
    interpretation: list[str] = Field(default_factory=list)
    limits: list[str] = Field(default_factory=list)

    @field_validator("confirmed", "excluded", "indeterminate", "other_fusion")
    @classmethod
    def _known_placeholders(cls, text: str, info: ValidationInfo) -> str:
        # The text that may be left out is written to panel.json as an empty one, and read from there.
        if not text.strip() and cls.model_fields[str(info.field_name)].is_required():
            raise ValueError("is empty: a verdict needs a sentence")
        for name in _placeholders(text):
            if name not in PLACEHOLDERS:
                raise ValueError(f"names {{{name}}}, which is none of {', '.join(PLACEHOLDERS)}")
        return text

    @field_validator("interpretation", "limits")
    @classmethod
    def _no_placeholders(cls, sentences: list[str]) -> list[str]:
        for sentence in sentences:
            if "{" in sentence or "}" in sentence:
                raise ValueError(f"has braces, but nothing is filled in here: {sentence}")
        return sentences
