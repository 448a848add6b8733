"""Confirms or excludes a gene fusion from RNA-seq against a panel of genes that is given as data."""

from importlib.metadata import version

__version__ = version("aspsfusion")
