"""Mutated inputs of all kinds, from seeds: none ends in a traceback, a signal, a hang or another verdict."""
