"""Counts what the wild type explains and collects the fragments that stay open.

In: alignment records. Out: molecules, wild-type coverage, and the fragments that no wild type explains.
Writes `evidence.json.gz`.
"""
