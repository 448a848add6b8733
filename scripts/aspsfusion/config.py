"""Defines every threshold, with its default, range and reason, and checks the workflow's configuration.

The models are the one source for the command-line options, the configuration keys and the report's
table of parameters.

A mistake in the configuration gives one sentence with the key and the remedy. Snakemake validates it against
the same schema, but answers a misspelt key with a dump of the schema.
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from aspsfusion.errors import ParameterError

if TYPE_CHECKING:
    from jsonschema import ValidationError

BOTH_SIDES = 2

PLATFORMS = ("auto", "short", "ont", "pacbio")
"""What a sample may be declared to be sequenced on; of `auto` the lengths of the reads decide."""


Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Strict(BaseModel):
    """Base of what a user states: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallParameters(Strict):
    """Thresholds of `aspsfusion evidence` and `aspsfusion call` (configuration section `call`)."""

    min_anchor: Annotated[int, Field(ge=6, le=50)] = Field(
        10,
        description="fewest bases on each side of a junction for a read to count as split read; a side whose "
        "last bases occur in another gene of the panel needs as many as make it unique. Below 10 nt an "
        "anchor is found by chance in a panel of some hundred kilobases",
    )
    min_overhang: Annotated[int, Field(ge=2, le=50)] = Field(
        3,
        description="fewest bases, all of them right, with which a read that has too short an anchor is "
        "counted all the same, at a junction that two or more properly anchored fragments prove. There they "
        "decide between two known continuations, which 3 bases confuse by chance once in 64",
    )
    margin: Annotated[int, Field(ge=1, le=20)] = Field(
        2,
        description="edits by which a junction must beat the best wild-type explanation of the same read; a "
        "single sequencing error cannot bridge two",
    )
    max_edit_rate: Annotated[float, Field(ge=0.0, le=0.2)] = Field(
        0.06,
        description="largest share of edits in a read that is counted for a junction: 1 percent errors and 2 "
        "percent deamination leave a wide reserve",
    )
    min_span: Annotated[int, Field(ge=15, le=100)] = Field(
        25, description="fewest bases that each mate of a spanning pair needs in its own gene"
    )
    max_insert: Annotated[int, Field(ge=100, le=100000)] = Field(
        1000,
        description="longest fragment on the fusion transcript, in nt; longer ones are not made by RNA-seq "
        "library preparation",
    )
    min_fragments_boundary: Positive = Field(
        2,
        description="unique split fragments that an unlisted junction between two exon boundaries needs to "
        "be reported; a listed junction needs one",
    )
    min_fragments_other: Positive = Field(
        3,
        description="unique split fragments that a junction inside an exon or intron needs to be reported; "
        "template switching makes such junctions at random places",
    )
    min_homology: Annotated[int, Field(ge=1, le=30)] = Field(
        4,
        description="bases that two genes share at a junction off the exon borders from which it counts as "
        "template switching of reverse transcriptase; 4 are shared by chance at 1 junction in 60",
    )
    min_fragments_homology: Positive = Field(
        10,
        description="unique split fragments with which such a junction is reported all the same: template "
        "switching at one place is rare, a rearrangement gives as many as its transcript is expressed",
    )

    def needed_split_fragments(self, boundaries: int) -> int:
        """Return how many unique split fragments an unlisted junction with so many exon borders needs."""
        return self.min_fragments_boundary if boundaries == BOTH_SIDES else self.min_fragments_other


class ClassifyParameters(Strict):
    """Thresholds of the verdict (configuration section `classify`)."""

    min_fragments: Positive = Field(
        3,
        description="unique supporting fragments of the target fusion for CONFIRMED; fewer give "
        "INDETERMINATE",
    )
    min_split_fragments: Positive = Field(
        2,
        description="of these, unique fragments with a read across the junction; one alone may be a chimera "
        "of library preparation",
    )
    min_fragments_uncatalogued: Positive = Field(
        5,
        description="unique supporting fragments for CONFIRMED where the junction is neither listed nor "
        "between two exon boundaries",
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        0.95, description="probability with which the detectable fraction would have been seen"
    )
    max_detectable_fraction: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.10,
        description="largest detectable share of fusion transcripts at each acceptor for EXCLUDED: published "
        "sarcoma RNA assays accept 10 percent tumour cells. Where the sheet declares a tumour fraction, half "
        "of it is the limit if that is smaller",
    )
    min_five_prime_fragments: NotNegative = Field(
        10,
        description="unique fragments of the target's 5' gene for EXCLUDED; without any the assay may not "
        "have looked at that gene",
    )
    min_five_prime_ratio: Share = Field(
        0.02,
        description="fragments per kilobase of the target's 5' gene, as a share of those of its 3' gene, for "
        "EXCLUDED; far fewer mean a capture panel with probes for the 3' gene alone, whose stray reads of "
        "other genes are no evidence that the assay looks at them",
    )
    min_control_genes: NotNegative = Field(
        3, description="control genes that must be seen for EXCLUDED in libraries declared polyA or total"
    )
    min_control_fragments: Positive = Field(
        5, description="unique fragments that make a control gene count as seen"
    )
    min_median_insert: NotNegative = Field(
        100,
        description="median insert in nt below which the report warns: the quality rule of whole-"
        "transcriptome sequencing of 1233 tumours in FFPE tissue (Ball 2026, Br J Cancer)",
    )
    max_duplicate_fraction: Share = Field(
        0.8,
        description="share of duplicates among candidate fragments above which the report warns; a "
        "convention of this program, without a published limit",
    )
    max_unspliced_fraction: Share = Field(
        0.2,
        description="share of the target genes' molecules at exon borders that still hold the intron above "
        "which the report warns of DNA or pre-mRNA; a convention, between the shares of clean RNA and of "
        "DNA in the study of docs/methods.md",
    )
    min_five_to_three_ratio: Annotated[float, Field(ge=0.0)] = Field(
        0.5,
        description="fragments of the 5' halves of control genes for each one of the 3' halves below which "
        "the report warns of degraded RNA, as set by the study of docs/methods.md",
    )


class BatchParameters(Strict):
    """Thresholds of `aspsfusion summary` (configuration section `batch`)."""

    max_contamination_share: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        0.02,
        description="a junction with at most this share of the supporting fragments, duplicates counted, "
        "that another sample of the batch has of the same junction may come from there: index hopping moves "
        "up to 1 percent of the reads on unpatterned and up to 2 percent on patterned flow cells (Illumina "
        "Knowledge, article 1928); 0 switches the check off",
    )
    ntc_max_fragments: NotNegative = Field(
        10,
        description="candidate fragments that a no-template control may have; index hopping alone brings "
        "in a few",
    )


def check_configuration(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Check a merged configuration against its JSON Schema.

    Every object of the schema has `properties` and `additionalProperties: false`.

    Raises:
        ParameterError: a key is unknown or a value is outside what the schema allows.
    """
    from jsonschema import Draft202012Validator  # here, because no other stage needs it

    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(error.path))
    if errors:
        raise _in_words(errors[0])


def _in_words(error: "ValidationError") -> ParameterError:
    place = [str(part) for part in error.path]
    # jsonschema types it for schemas that are `true` or `false` too; this one holds none.
    schema = cast(Mapping[str, Any], error.schema)
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        given = cast(Mapping[Any, Any], error.instance)
        key = next(key for key in given if key not in known)
        unknown = str(key)
        inner = unknown.rpartition(".")[2]
        section = next((k for k in known if inner in schema["properties"][k].get("properties", ())), None)
        close = difflib.get_close_matches(unknown, known, n=1)
        if section:
            remedy = f"give it inside its section: {section}={{{inner}: {given[key]}}}"
        else:
            remedy = f"did you mean '{close[0]}'?" if close else f"known keys are {', '.join(known)}"
        return ParameterError(
            f"configuration key '{'.'.join([*place, unknown])}' is not known", remedy=remedy
        )
    name = ".".join(place)
    meaning = schema.get("description")
    return ParameterError(
        f"configuration key '{name}': {error.message}" if name else f"configuration: {error.message}",
        remedy=f"it is the {meaning}" if meaning else "see config/README.md",
    )


def configured_file(config: Mapping[str, Any], key: str, missing: str | None = None) -> str | None:
    """Return the path of the file that a configuration key names, None when it is not set.

    For a key that must be set, `missing` is the remedy.

    Raises:
        ParameterError: the key is needed and not set, or names no readable file.
    """
    value = config.get(key)
    if value is None:
        if missing is None:
            return None
        raise ParameterError(f"configuration key '{key}' is not set", remedy=missing)
    path = Path(str(value))
    if not path.is_file():
        start = "" if path.is_absolute() else f" (relative paths start at {Path.cwd()})"
        problem = "is a directory" if path.is_dir() else "does not exist"
        raise ParameterError(
            f"configuration key '{key}': {path} {problem}", remedy=f"correct the path{start}"
        )
    return str(path)


def configured_files(config: Mapping[str, Any], key: str) -> list[str]:
    """Return the paths of a configuration key that names any number of files, see `configured_file`."""
    return [path for value in config.get(key) or () if (path := configured_file({key: value}, key))]


PATH_KEYS = (
    *("samples", "outdir", "panel", "panel_dir", "genome_fasta"),
    *("annotation_gtf", "cram_reference", "imbalance_baseline"),
)
"""Keys that name files or directories, the last one any number of them."""

NOT_IN_PATHS = "{}<>"
"""What Snakemake replaces in names of files: `{sample}_R1.fastq.gz` once was the file of another patient."""


def path_problem(path: str) -> str:
    """Return why no file of a workflow may have a name, as a clause; empty where it may.

    >>> path_problem("reads/{sample}_R1.fastq.gz"), path_problem("reads/S1.fastq.gz")
    ("holds '{', which Snakemake would replace", '')
    """
    found = next((character for character in path if character in NOT_IN_PATHS), "")
    return f"holds '{found}', which Snakemake would replace" if found else ""


def configured_paths(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that name files, with the home directory in place of `~`.

    Raises:
        ParameterError: a name holds what Snakemake would replace.
    """
    return {key: _usable(key, config[key]) for key in PATH_KEYS if config.get(key)}


def _usable(key: str, value: object) -> object:
    if isinstance(value, list):
        return [_usable(key, each) for each in value]
    path = str(value)
    if problem := path_problem(path):
        raise ParameterError(
            f"configuration key '{key}': {path} {problem}", remedy="write the name out, or rename it"
        )
    return os.path.expanduser(path)  # noqa: PTH111 (a Path would drop a slash at the end and './')


def require_one_genome(config: Mapping[str, Any], neither: str) -> None:
    """Refuse a configuration that does not say in exactly one way where the panel's sequences come from.

    `neither` is the remedy when no key says it.

    Raises:
        ParameterError: two of `genome_fasta`, `genome_fetch` and `panel_dir` are set, or none; or an
            annotation beside a panel that is built already.
    """
    given = [key for key in ("genome_fasta", "genome_fetch", "panel_dir") if config.get(key) is not None]
    if given == ["panel_dir"] and config.get("annotation_gtf") is not None:
        given.append("annotation_gtf")
    if "panel_dir" in given and len(given) > 1:
        other = next(key for key in given if key != "panel_dir")
        raise ParameterError(
            f"configuration keys 'panel_dir' and '{other}' are both set",
            remedy=f"keep panel_dir for a panel that is built, or {other} to have one built",
        )
    if len(given) > 1:
        raise ParameterError(
            "configuration keys 'genome_fasta' and 'genome_fetch' are both set",
            remedy="keep genome_fasta for a genome of your own, or genome_fetch to download the panel's loci",
        )
    if not given:
        raise ParameterError("configuration key 'genome_fasta' is not set", remedy=neither)


def numbers(thresholds: object) -> object:
    """Return a section of thresholds with its values as numbers.

    Snakemake leaves the values of `--config call="{min_anchor: 12}"` as text, unlike those of a file.

    >>> numbers({"min_anchor": "12", "margin": 2, "confidence": "high"})
    {'min_anchor': 12, 'margin': 2, 'confidence': 'high'}
    """
    if not isinstance(thresholds, Mapping):
        return thresholds
    return {key: _number(value) if isinstance(value, str) else value for key, value in thresholds.items()}


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def option_list(thresholds: Mapping[str, object] | None) -> Sequence[str]:
    """Return a section of thresholds as options of the command that takes them.

    >>> option_list({"min_anchor": 12, "max_edit_rate": 0.05})
    ['--min-anchor', '12', '--max-edit-rate', '0.05']
    """
    return [
        part
        for key, value in (thresholds or {}).items()
        for part in (f"--{key.replace('_', '-')}", str(value))
    ]
