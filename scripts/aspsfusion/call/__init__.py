"""Weighs every open fragment against each candidate junction and the wild type.

In: `evidence.json.gz`. Out: called junctions, filtered ones with their reasons, one-sided breaks.
Writes `calls.json`, and for a genome viewer `panel.bam`, `junctions.fa` and `igv.xml`.
"""
