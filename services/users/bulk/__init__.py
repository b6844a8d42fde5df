"""One act on many users: previewed, done in batches, and undone within a day."""
