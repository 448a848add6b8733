"""Measures what the screen's settings lose and what they let in, for `docs/screen.md`; see `__main__`."""
