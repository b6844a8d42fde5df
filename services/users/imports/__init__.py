"""Inviting many at once, from a file: reading it, judging its rows, inviting them in batches."""
