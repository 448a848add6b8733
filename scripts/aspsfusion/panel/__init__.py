"""Builds the panel directory from a panel YAML and a genome, and reads it."""
