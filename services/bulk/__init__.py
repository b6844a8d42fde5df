"""Acts on many rows of a list at once, and what is done batch by batch: the same for every noun."""
