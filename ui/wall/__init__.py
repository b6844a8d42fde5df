"""Shared screens: a page of its own that needs no app, and a small socket that only sends."""

from ui.wall.hub import subscribe, tell_forever
from ui.wall.socket import register

__all__ = ["register", "subscribe", "tell_forever"]
