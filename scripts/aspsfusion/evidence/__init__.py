"""Counts what the wild type explains and collects the fragments that stay open."""
