"""Takes long reads (Nanopore, PacBio) of a sample to the evidence that short reads give.

In: `candidates.fastq.gz`. Out: alignment records of each read's pieces, and from them molecules, wild-type
coverage, and a window around each place where a read goes from one gene to another.
Writes `align.json` and `evidence.json.gz`.
"""
