"""Signed-in browsers, and who is here."""
