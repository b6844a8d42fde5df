"""Organisations: created, closed, reopened."""
