"""Decides between the wild type and every candidate junction."""
