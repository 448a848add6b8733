"""Names what was called and gives the verdict: exons, HGVS, frame, product, quality, limit.

In: `calls.json` and the metrics of the stages before. Out: the record of the sample (`Report`).
Writes nothing: the record is handed to `report`.
"""
