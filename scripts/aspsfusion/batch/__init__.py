"""What concerns a batch: its sample sheet, outcomes, controls, contamination and summary.

In: `samples.tsv` and the samples' `report.json`. Out: rows, one for each sample.
Writes `summary.tsv`, `summary.html` and `aspsfusion_mqc.tsv`.
"""
