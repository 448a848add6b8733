"""Keeps the fragments that share a stretch of sequence with the panel.

In: FASTQ, or BAM, CRAM and SAM. Out: candidate fragments, the mates of a pair one after the other.
Writes `candidates.fastq.gz` and `screen.json`.
"""
