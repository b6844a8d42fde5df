"""One act on many users: looked at beforehand, done in batches, undone within a day."""
