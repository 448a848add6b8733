"""Keeps the fragments that may come from the panel."""
