"""Checks the verdict of a record against the record's own evidence, by the code that decides a verdict.

The verdict is decided again from what the record holds, so that an edited or damaged one is noticed. A record
does not hold the panel's sentences, which primers make a pair, and the molecules that begin at none; see
`_text_is_known`.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from aspsfusion import __version__
from aspsfusion.batch.contamination import BatchFindings, own_report, with_findings
from aspsfusion.call.calls_file import ListedEnds
from aspsfusion.config import ClassifyParameters
from aspsfusion.errors import ReportError
from aspsfusion.evidence.primers import Primer
from aspsfusion.interpret.assay import AMPLICON_CANNOT_SHOW
from aspsfusion.interpret.assay_record import joining
from aspsfusion.interpret.classify import classify
from aspsfusion.interpret.differential import with_differential
from aspsfusion.interpret.exclusion import ANCHORED, FOREIGN_STARTS, Findings, limit_of
from aspsfusion.interpret.primed import Primed
from aspsfusion.panel.gene_spec import GeneSpec, GenomeSpec
from aspsfusion.panel.spec import PanelSpec, TargetSpec, TextSpec
from aspsfusion.report.findings import Reason
from aspsfusion.report.json_tsv import read_report
from aspsfusion.report.models import Exclusion, Report, Verdict, in_one

INCOMPLETE = (FOREIGN_STARTS, "INPUT_INCOMPLETE", "NO_SPLICED_READS", "MATES_NOT_FACING")
"""Flags that say why the input cannot carry the evidence for an exclusion: `quality.incomplete_evidence`."""


def read_judged(path: Path) -> Report:
    """Read a `report.json` whose verdict follows from its own evidence.

    Raises:
        ReportError: the file cannot be read, is no report, or contradicts itself.
    """
    report = read_report(path)
    if problem := disagreement(report):
        raise ReportError(
            f"contradicts itself: {problem}",
            path=path,
            remedy="restore the file, or analyse the sample again",
        )
    return report


def disagreement(report: Report) -> str:
    """Return what in a record does not follow from its own evidence, in words; empty where all does."""
    own = own_report(report)
    try:
        parameters = ClassifyParameters.model_validate(report.parameters.get("classify"))
    except ValidationError:
        return "its thresholds are none"
    declared = own.exclusion.tumour_fraction
    if declared is not None and not 0 < declared <= 1:
        return f"{declared} is no share of tumour cells"
    if own.exclusion.threshold != limit_of(parameters, declared):
        return "the limit of its exclusion is not that of its thresholds"
    try:
        problem = _difference(own, *decided_again(own, parameters))
    except (ArithmeticError, AssertionError, LookupError, ValueError):
        return "nothing follows from its evidence"
    return problem or _of_the_batch(report, own)


def decided_again(own: Report, parameters: ClassifyParameters) -> tuple[Verdict, Exclusion]:
    """Return verdict and exclusion as the sample's own reads give them, without the panel's sentences."""
    verdict, excluded = classify(_panel_of(own), _findings_of(own), parameters)
    return with_differential(verdict, own.differential, ""), excluded


def _difference(own: Report, evident: Verdict, excluded: Exclusion) -> str:
    """Return in what a record differs from what its evidence gives."""
    stated = own.verdict
    if excluded != own.exclusion:
        return "its exclusion is not that of its informative fragments"
    codes, others = ([reason.code for reason in verdict.reasons] for verdict in (stated, evident))
    if (stated.call, codes) != (evident.call, others):
        return (
            f"its verdict is {stated.call} ({', '.join(codes)}), and its evidence gives {evident.call} "
            f"({', '.join(others)})"
        )
    evidence = evident.evidence
    for reason, other in zip(stated.reasons, evident.reasons, strict=True):
        if reason.text != other.text and _text_is_known(own, reason):
            return f"what it says of {reason.code} is not what its evidence gives"
        evidence = evidence.replace(other.text, reason.text)
    if not stated.headline or not _worded_alike(own):
        return ""  # a record of an earlier version, which may have the statement alone
    same = (stated.headline, stated.evidence) == (evident.headline, evidence)
    # What a confirmed fusion does not say is the panel's sentence.
    if not same or (stated.call != "CONFIRMED" and stated.limit != evident.limit):
        return "its headline, evidence or limit is not what its evidence gives"
    if stated.statement != in_one(stated.result, stated.evidence, stated.limit):
        return "its statement is not made of its parts"
    return ""


def _worded_alike(own: Report) -> bool:
    """Whether this version wrote a record: texts are worded anew at times, and old ones are a baseline."""
    return own.software.get("aspsfusion") == __version__


def _text_is_known(own: Report, reason: Reason) -> bool:
    """Whether a record holds all that the text of a reason is made of, and this version made it of that."""
    if not _worded_alike(own):
        return False
    if reason.code == "OTHER_DEFINING_FUSION":
        return own.verdict.call != "EXCLUDED"  # it names the panel's diagnosis there
    return reason.code not in ("LOW_COVERAGE", AMPLICON_CANNOT_SHOW) or not own.assay.primers


def _of_the_batch(report: Report, own: Report) -> str:
    """Return in what the verdict as a sample of a batch is not what the batch's findings make of its own."""
    sources = [fusion.contamination for fusion in report.fusions]
    if report.verdict.before_batch_check is None and not any(sources):
        return ""
    findings = BatchFindings(sample_id=own.sample_id, contamination=sources)
    if with_findings(own, findings).verdict != report.verdict:
        return "its verdict is not what the check of the batch gives"
    return ""


def _panel_of(own: Report) -> PanelSpec:
    """Return as much of the panel as decides a verdict: its target and the genes of two roles."""
    five, _, three = own.verdict.target.partition("::")
    targets = dict.fromkeys([five, three, *(exon.gene for exon in own.exon_coverage)])
    return PanelSpec.model_construct(
        schema_version=1,
        name=own.panel.name,
        version=own.panel.version,
        title=own.panel.title,
        genome=GenomeSpec.model_construct(build=own.panel.build),
        target=TargetSpec.model_construct(five_prime=five, three_prime=three, disease=""),
        genes=[
            *(GeneSpec.model_construct(symbol=gene, roles=["target"]) for gene in targets),
            *(GeneSpec.model_construct(symbol=gene, roles=["control"]) for gene in own.qc.control_genes),
        ],
        texts=TextSpec.model_construct(confirmed="", excluded="", indeterminate=""),
    )


def _findings_of(own: Report) -> Findings:
    """Return what the verdict rests on, as far as the record holds it, see `compose.compose_report`."""
    genes = {row.gene: row.fragments for row in own.expression}
    return Findings(
        sample=own.sample_id,
        fusions=own.fusions,
        filtered=own.filtered,
        one_sided=own.one_sided,
        informative=own.exclusion.informative_fragments,
        gene_fragments=genes,
        library=own.assay.library,
        tumour_fraction=own.exclusion.tumour_fraction,
        incomplete=[
            Reason(code=flag.code, text=flag.text) for flag in own.qc.flags if flag.code in INCOMPLETE
        ],
        per_kilobase=dict(_per_kilobase(own, genes)),
        diverged=own.qc.diverged_fragments,
        bridges=own.unexplained_bridges,
        listed_ends=ListedEnds(**dict(own.listed_ends)),
        fixed_ends=own.assay.fixed_ends.both_ends,
        anchored=own.assay.fixed_ends.one_end,
        primed=_primed(own),
        artefacts=joining(own.assay.long_reads),
    )


def _per_kilobase(own: Report, genes: dict[str, int]) -> Iterator[tuple[str, float]]:
    for model in own.gene_models:
        length = sum(model.exon_lengths)
        if model.primary and length:
            yield model.gene, 1000 * genes.get(model.gene, 0) / length


def _primed(own: Report) -> Primed | None:
    """Return what the declared primers could show; which of them make a pair is not known."""
    if not own.assay.primers:
        return None
    could_show = {
        key: [primer.name for primer in own.assay.primers if key in primer.could_show]
        for key in own.exclusion.informative_fragments
    }
    return Primed(
        [Primer(primer.name, primer.sequence) for primer in own.assay.primers],
        kept=could_show if own.assay.library == ANCHORED else {},
        pairs={key: [(name, name) for name in names] for key, names in could_show.items()},
    )
