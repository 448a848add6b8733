"""Equality of all forms of input, shown with real aligners; see `make equality`."""
