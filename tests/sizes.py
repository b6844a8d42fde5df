"""How large a stress is: as `make test` runs it, or in full, as `make soak` does."""

from typing import TypeVar

T = TypeVar("T")

soak = False
"""Whether the stresses run in full: pytest's option `--soak` says so, before a test is imported."""


def size(usual: T, full: T) -> T:
    """A stress's size: `usual` is enough to find what the stress was written for; `full` is what
    it was written with, for whoever changes what it is about."""
    return full if soak else usual
