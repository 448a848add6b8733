"""Confirms or excludes a gene fusion from RNA-seq against a panel of genes that is given as data."""

__version__ = "0.1.0"
"""The one place of the version; the build reads it here. Asking the installation takes 60 ms each time."""
