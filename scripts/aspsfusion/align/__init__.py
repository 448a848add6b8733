"""Trims candidate fragments, merges mates that overlap, and aligns them to the panel.

In: `candidates.fastq.gz`. Out: alignment records with the pieces of each read.
Writes `aligned.bam` (not kept) and `align.json`.
"""
