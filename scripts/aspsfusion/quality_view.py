"""What a page says about the quality of a sample: the values with a limit, and the others."""

from aspsfusion.report_record import QualityControl
from aspsfusion.view_parts import NOT_DETERMINED, Fact, Table, columns, count, joined, percent

STATUS_WORDS = {"pass": "pass", "warn": "WARN", "not determined": NOT_DETERMINED}


def check_table(qc: QualityControl) -> Table | None:
    """Return the values that have a limit; None when there is none."""
    if not qc.checks:
        return None
    return Table(
        "Values with a limit",
        columns("Quantity", ("Value", "number"), "Limit", ("Result", "status"), "Why this limit"),
        tuple(
            (check.name, check.value, check.limit, STATUS_WORDS[check.status], check.reason)
            for check in qc.checks
        ),
    )


def unlimited_values(qc: QualityControl) -> tuple[Fact, ...]:
    """Return the values without a limit, name by name; one that the input can not tell is left out."""
    controls = joined([f"{gene} {count(number)}" for gene, number in qc.control_genes.items()])
    in_sense = "" if qc.strand_fraction is None else f" ({percent(qc.strand_fraction)} in sense)"
    return (
        Fact("Reads in total", count(qc.total_reads)),
        Fact("Length of reads", f"mean {qc.mean_read_length:g} nt, longest {count(qc.read_length)} nt"),
        Fact("G and C", percent(qc.gc_fraction)),
        Fact("Unknown bases (N)", percent(qc.n_fraction)),
        *([] if qc.q30_fraction is None else [Fact("Bases of Q30 or better", percent(qc.q30_fraction))]),
        Fact("Reads with adapter", percent(qc.adapter_fraction)),
        Fact("Pairs whose mates overlap", percent(qc.overlap_fraction)),
        Fact("Input", qc.input if qc.input_build is None else f"{qc.input}, aligned to {qc.input_build}"),
        Fact("Strand", f"{qc.strand}{in_sense}"),
        Fact("Molecules told by", "UMI" if qc.umi else "coordinates"),
        Fact("Control genes, fragments", controls),
    )
