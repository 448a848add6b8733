"""Trims candidate fragments, merges mates that overlap, and aligns them to the panel.

In: `candidates.fastq.gz`. Out: alignment records with the pieces of each read.
Writes `align.json`; as a command of its own `aligned.bam` as well.
"""
