"""Trims candidate fragments and aligns them to the panel."""
