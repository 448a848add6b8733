"""Composes the record of one sample from the files of its stages."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aspsfusion import __version__
from aspsfusion.call.calls_file import CallsFile, read_calls
from aspsfusion.config import ClassifyParameters
from aspsfusion.errors import ReadsError
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.fixed_ends import anchored_in_fixed_places, between_primers
from aspsfusion.interpret import annotate
from aspsfusion.interpret.assay_record import assay_of, joining, long_read_assay
from aspsfusion.interpret.classify import classify
from aspsfusion.interpret.differential import differential_of, with_differential
from aspsfusion.interpret.exclusion import ANCHORED, Findings
from aspsfusion.interpret.imbalance import imbalance
from aspsfusion.interpret.metrics import problem_of
from aspsfusion.interpret.primed import primed_by, require_primed_library
from aspsfusion.interpret.quality import incomplete_evidence, quality_control
from aspsfusion.interpret.variants import MIN_READS
from aspsfusion.io.sealed import read_sealed
from aspsfusion.panel.layout import DECOYS_FASTA, TRANSCRIPTS_FASTA, UNSPLICED_FASTA
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.seal import FILES
from aspsfusion.report import models
from aspsfusion.report.findings import Fusion, ListedEndFragments

SCREEN_KEYS = ("total_reads", "read_length", "mean_read_length", "gc_fraction", "n_fraction")
ALIGN_KEYS = ("adapter_fraction", "overlap_fraction")
"""What the report cannot do without in the metrics of the stages."""

LIBRARIES = ("pybwa", "pysam", "cutadapt")
"""Libraries whose version can change a result."""

LONG_LIBRARIES = ("edlib", "mappy")
"""The same of long reads."""

DEMONSTRATION_NOTICE = "DEMONSTRATION REFERENCE, NOT FOR DIAGNOSIS"
NO_WHOLE_GENOME = (
    "The panel was not built from a whole genome, so copies of its genes elsewhere are not known. Reads "
    "of such a copy could imitate a junction, or count as wild type and make an exclusion look stronger than "
    "it is."
)
NO_DECOYS_SOUGHT = (
    "Decoys, which are other genes that resemble an exon of a target in part, were not sought. Those that "
    "the panel names compete as wild type; reads of another one could look like a break of a target."
)
DECIMALS = 2


def read_metrics(path: Path, keys: Iterable[str] = ()) -> dict[str, Any]:
    """Read the metrics JSON of a stage, which must hold the keys.

    Raises:
        ReadsError: the file is missing, damaged or of another stage.
    """
    try:
        data: Any = read_sealed(path.read_text(encoding="utf-8"), required=False)
    except (OSError, ValueError) as error:
        raise ReadsError(f"cannot be read ({error})", path=path, remedy="run the stage again") from error
    missing = [key for key in keys if not isinstance(data, dict) or key not in data]
    if missing or not isinstance(data, dict):
        raise ReadsError(
            f"lacks {', '.join(missing) or 'all keys'}: it is another file",
            path=path,
            remedy="run the stage again",
        )
    if problem := problem_of(data):
        raise ReadsError(f"is damaged ({problem})", path=path, remedy="run the stage again")
    return data


def read_calls_for(panel: Panel, path: Path) -> CallsFile:
    """Read the calls and check that they speak of the panel's genes.

    Raises:
        ReadsError: they were made with another panel.
    """
    record = read_calls(path)
    genes = {gene for j in record.calls.junctions for gene in (j.five_gene, j.three_gene)}
    if not genes | set(record.calls.coverage.genes) <= set(panel.primary):
        raise ReadsError("was made with another panel", path=path, remedy="run 'aspsfusion call' again")
    return record


@dataclass(frozen=True)
class StageResults:
    """What the stages before have found of one sample, and what is declared of it.

    `screen` holds the metrics of `aspsfusion screen` or `aspsfusion extract`, `align` those of `align`.
    """

    sample: str
    screen: Mapping[str, Any]
    align: Mapping[str, Any]
    record: CallsFile
    library: str | None = None
    tumour_fraction: float | None = None


def compose_report(
    panel: Panel,
    results: StageResults,
    parameters: ClassifyParameters,
    baseline: Sequence[models.Imbalance] = (),
) -> models.Report:
    """Compose the record of one sample, which everything a person reads is written from.

    `baseline` is the imbalance of negative samples, as the reports of those state it.

    Raises:
        ParameterError: the evidence was collected with primers, and the library is declared as made without.
    """
    record, spec = results.record, panel.spec
    calls, coverage = record.calls, record.calls.coverage
    reported = [junction for junction in calls.junctions if not junction.rejections]
    fusions = annotate.annotate_fusions(
        panel, reported, record.long_reads.variant_reads if record.long_reads else MIN_READS
    )
    filtered = [
        annotate.annotate_filtered(panel, junction, record.parameters)
        for junction in calls.junctions
        if junction.rejections
    ]
    incomplete = incomplete_evidence(results.screen, results.align, coverage)
    one_sided = annotate.annotate_one_sided(panel, [c for c in calls.one_sided if not c.rejection])
    bridges = annotate.annotate_bridges(panel, calls.bridges)
    primed = None
    if record.primers:
        require_primed_library(results.library)
        primed = primed_by(panel, record.primers, coverage, record.parameters)
    by_primer = primed if results.library == ANCHORED else None
    findings = Findings(
        sample=results.sample,
        fusions=fusions,
        filtered=filtered,
        one_sided=one_sided,
        informative=by_primer.informative if by_primer else coverage.informative,
        gene_fragments=coverage.genes,
        library=results.library,
        tumour_fraction=results.tumour_fraction,
        incomplete=incomplete,
        per_kilobase=_per_kilobase(panel, coverage.genes),
        diverged=coverage.diverged,
        bridges=bridges,
        fixed_ends=by_primer.same_start
        if by_primer
        else {key: between_primers(ends) for key, ends in sorted(coverage.ends.items())},
        anchored={key: anchored_in_fixed_places(ends) for key, ends in sorted(coverage.ends.items())},
        primed=primed,
        listed_ends=calls.listed_ends,
        artefacts=joining(long_read_assay(record, fusions)),
    )
    verdict, excluded = classify(spec, findings, parameters)
    expression = _expression(panel, coverage.genes)
    differential = differential_of(panel, calls.junctions, coverage.genes, expression)
    reference = _reference_id(panel)
    tilt = imbalance(panel, coverage, record.median_insert, baseline)
    if record.long_reads:  # their middles are those of transcripts: nothing is tested
        tilt = tilt.model_copy(update={"p_value": None, "baseline": ""})
    return models.Report(
        schema_version=models.REPORT_SCHEMA_VERSION,
        sample_id=results.sample,
        inputs=[models.InputFile(**file) for file in results.screen.get("inputs", ())],
        panel=_panel_id(panel),
        reference=reference,
        software={
            "aspsfusion": __version__,
            "python": platform.python_version(),
            **{library: version(library) for library in LONG_LIBRARIES if record.long_reads},
            **{library: version(library) for library in LIBRARIES},
        },
        parameters={"call": record.parameters.model_dump(), "classify": parameters.model_dump()},
        verdict=with_differential(verdict, differential, spec.target.disease),
        fusions=fusions,
        filtered=filtered,
        one_sided=one_sided,
        filtered_one_sided=annotate.annotate_filtered_one_sided(panel, calls.one_sided),
        unexplained_bridges=bridges,
        listed_ends=ListedEndFragments(**calls.listed_ends._asdict()),
        internal_events=annotate.annotate_internal(panel, calls.internal),
        exclusion=excluded,
        assay=assay_of(panel, record, findings, results.library, results.align.get("umi_structures", ())),
        qc=quality_control(
            panel, results.screen, results.align, record, parameters, incomplete, results.library
        ),
        expression=expression,
        exon_coverage=_exon_coverage(panel, coverage),
        gene_models=_gene_models(panel, fusions),
        imbalance=tilt,
        differential=differential,
        interpretation=list(spec.texts.interpretation),
        limits=[
            *spec.texts.limits,
            *([] if reference.whole_genome_specificity else [NO_WHOLE_GENOME, NO_DECOYS_SOUGHT]),
        ],
        notices=[DEMONSTRATION_NOTICE] if reference.kind == "demonstration" else [],
    )


def _panel_id(panel: Panel) -> models.PanelId:
    spec = panel.spec
    return models.PanelId(
        name=spec.name,
        version=spec.version,
        title=spec.title,
        build=spec.genome.build,
        checksum=panel.provenance["checksum"],
        contigs=[
            models.Contig(name=name, length=chromosome.length, md5=chromosome.md5)
            for name, chromosome in spec.genome.chromosomes.items()
        ],
        aliases=spec.target.aliases,
    )


def _reference_id(panel: Panel) -> models.ReferenceId:
    provenance = panel.provenance
    return models.ReferenceId(
        kind=provenance["reference_kind"],
        authenticated=provenance["reference_authenticated"],
        whole_genome_specificity=provenance["whole_genome_specificity"],
        decoys=len(panel.decoys),
        file=provenance["genome_file"],
        checks=_checks(provenance["checks"]),
        checksums=_checksums(panel),
    )


def _checks(checks: list[dict[str, Any]]) -> list[str]:
    """Return one sentence for each kind of proof, and each check that did not pass in full."""
    kinds = {
        "intron_ends": "transcripts whose introns begin and end as introns do",
        "reading_frame": "open reading frames of the stated length",
        "published_junction": "published junction sequences at the stated exon ends",
        "genome_uniqueness": "target genes whose sequence mostly occurs nowhere else in the genome",
    }
    lines = []
    for kind, words in kinds.items():
        of_kind = [check for check in checks if check["name"] == kind]
        if of_kind:
            lines.append(f"{sum(check['passed'] for check in of_kind)} of {len(of_kind)} {words}")
    return lines + [f"not passed: {check['text']}" for check in checks if not check["passed"]]


def _checksums(panel: Panel) -> dict[str, str]:
    """Return what identifies the sequences that the reads were compared with."""
    targets = {panel.primary[gene].chrom for gene in panel.spec.genes_with_role("target")}
    sums = {
        contig["chrom"]: f"MD5 {contig['md5']}"
        for contig in panel.provenance["contigs"]
        if contig["chrom"] in targets and contig["md5"]
    }
    for name in (TRANSCRIPTS_FASTA, UNSPLICED_FASTA, DECOYS_FASTA):
        if name in panel.provenance[FILES]:
            sums[name] = f"SHA-256 {panel.provenance[FILES][name]}"
    return sums


def _gene_models(panel: Panel, fusions: Sequence[Fusion]) -> list[models.GeneModel]:
    """Return the transcripts that are drawn: those of the target's genes, then those of the fusions."""
    names = [panel.primary[gene].key for gene in panel.spec.genes_with_role("target")]
    names += [
        f"{side.gene}|{side.transcript}"
        for fusion in fusions
        for side in (fusion.five_prime, fusion.three_prime)
    ]
    return [_gene_model(panel, panel.transcripts[name]) for name in dict.fromkeys(names)]


def _gene_model(panel: Panel, transcript: Transcript) -> models.GeneModel:
    gene = panel.spec.gene(transcript.gene)
    return models.GeneModel(
        gene=transcript.gene,
        hgnc=gene.hgnc,
        transcript=transcript.name,
        primary=transcript.primary,
        gene_id=gene.ensembl,
        cytoband=gene.cytoband,
        chrom=transcript.chrom,
        strand="+" if transcript.strand == "+" else "-",
        exon_lengths=[exon.tx_end - exon.tx_start for exon in transcript.exons],
        cds_first=transcript.cds[0] + 1 if transcript.cds else None,
        cds_last=transcript.cds[1] if transcript.cds else None,
    )


def _per_kilobase(panel: Panel, fragments: Mapping[str, int]) -> dict[str, float]:
    return {
        gene: 1000 * fragments.get(gene, 0) / len(transcript.sequence)
        for gene, transcript in panel.primary.items()
    }


def _expression(panel: Panel, fragments: Mapping[str, int]) -> list[models.Expression]:
    per_kilobase = _per_kilobase(panel, fragments)
    total = sum(per_kilobase.values())
    return [
        models.Expression(
            gene=gene,
            fragments=fragments.get(gene, 0),
            tpm_like=round(1_000_000 * value / total, DECIMALS) if total else 0.0,
        )
        for gene, value in per_kilobase.items()
    ]


def _exon_coverage(panel: Panel, coverage: Coverage) -> list[models.ExonCoverage]:
    return [
        models.ExonCoverage(
            gene=gene,
            exon=exon.number,
            length=exon.tx_end - exon.tx_start,
            mean_depth=round(
                coverage.mean_depth(panel.primary[gene].key, exon.tx_start, exon.tx_end), DECIMALS
            ),
        )
        for gene in panel.spec.genes_with_role("target")
        for exon in panel.primary[gene].exons
    ]
