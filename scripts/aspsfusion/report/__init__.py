"""The record of a sample, and every file that is written from it.

In: `Report`. Out: pages and tables.
Writes `report.json` (the record), `report.html`, `fusions.tsv`, `fusions.vcf.gz`, and on demand a PDF and the
tables of other programs.
"""
