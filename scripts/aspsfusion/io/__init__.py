"""Reads and writes files; nothing here knows of fusions.

In: paths. Out: bytes, sequences, alignment records, and files that appear whole or not at all.
Writes nothing of its own accord.
"""
