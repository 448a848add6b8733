"""The record of a sample, and every file that is written from it."""
