"""Simulated reads of known truth, and the demonstration.

In: a panel directory, or a panel YAML. Out: fragments with the truth of each.
Writes FASTQ files with their truth, and the demonstration reference.
"""
