"""The users, their counts, and their imports from files."""
