"""The tables of acts on many rows at once."""
