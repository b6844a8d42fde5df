"""Modules that are imported when something of them is first used: a start needn't wait for what
only some people's acts need.

    if TYPE_CHECKING:
        import icalendar
    else:
        icalendar = lazily("icalendar")

What a module has is then named through it, and annotations are left unevaluated
(`from __future__ import annotations`).
"""

from importlib import import_module
from typing import Any


class _Later:
    """Stands for a module that isn't imported yet."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


def lazily(name: str) -> Any:
    """The module of this name, imported at its first use."""
    return _Later(name)
