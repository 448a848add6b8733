"""Simulated reads of known truth, and the demonstration."""
