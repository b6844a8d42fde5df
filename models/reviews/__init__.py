"""The tables of reviews of who still needs access."""
