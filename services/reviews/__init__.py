"""Reviews of who still needs access."""
