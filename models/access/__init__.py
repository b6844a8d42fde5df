"""The links that let one person in once."""
