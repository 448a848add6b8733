"""The validation study: simulated samples of known truth go through every stage, and verdicts are counted.

It stands outside the flow of a sample and may therefore use all stages. What is simulated is data
(`resources/validation/study.yaml`), so that a laboratory can study its own conditions and thresholds.

`definition` reads the study, `chain` takes one sample through the stages in one process, `cells` runs a
cell and compares each verdict with the truth, `outcomes` is the table of it, `tables` counts, `page` writes.
`junction_reads` and `dilution` are smaller studies beside it: single fragments at the junctions, and real
reads diluted into real reads.
"""
