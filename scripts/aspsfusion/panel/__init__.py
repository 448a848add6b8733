"""Builds the panel directory from a panel YAML and a genome, proves it, and reads it back.

In: panel YAML, genome FASTA, GTF where genes are named without exons. Out: `Panel`, and the k-mers that the
screen looks for. Writes `panel/`: `transcripts.fa`, `introns.fa`, `exons.tsv`, `panel.json`, `kmers.npz`,
`specificity.npz`, `decoys.fa`, `index/`.
"""
