"""Screens on walls."""
