"""The validation study: simulated samples of known truth through the whole chain, and what became of them.

In: `resources/validation/study.yaml` and a panel directory. Out: outcomes, cell by cell.
Writes one table for each cell, `validation.tsv` and `validation.md`.
"""
