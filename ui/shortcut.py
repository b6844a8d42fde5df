"""The way to what is mounted behind other routes, without asking each of those first.

Routes are tried one after the other, by their patterns. NiceGUI's application comes last, as it
takes whatever it is given: each page, script and socket was held against 66 patterns before.
"""

from collections.abc import Iterable, Iterator

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Scope

Mark = tuple[str, ...]
"""By what a path is told from others: its first part, and what stands behind an organisation's
slug or `/platform`."""


class Shortcut(Mount):
    """The mounted application, for those paths that none of the routes before it can have."""

    def __init__(self, mount: Mount, marks: frozenset[Mark]) -> None:
        super().__init__(mount.path, app=mount.app)
        self.marks = marks

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is one of them."""
        # Below another path, as a proxy may have it, only the routes know what is theirs.
        is_ours = not scope.get("root_path") and mark_of(scope["path"]) in self.marks
        return super().matches(scope) if is_ours else (Match.NONE, {})


def add_shortcut(app: FastAPI) -> None:
    """Put one before all routes, to what is mounted at the end of them."""
    *before, mount = app.routes
    assert isinstance(mount, Mount)
    taken = {mark_of(path) for path in _paths(before)}
    marks = {mark_of(path) for path in _paths(mount.routes)}
    assert not any(_is_open(mark) for mark in taken), "such a route may have any path"
    app.router.routes.insert(
        0, Shortcut(mount, frozenset(mark for mark in marks - taken if not _is_open(mark)))
    )


def mark_of(path: str) -> Mark:
    """The mark of a path, or of a route's pattern."""
    _, *parts = path.split("/", 4)
    at = {"t": 2, "platform": 1}.get("".join(parts[:1]), len(parts))
    return (*parts[:1], *parts[at : at + 1])


def _paths(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        included = getattr(route, "original_router", None)  # FastAPI's own kind
        if included is not None:
            yield from _paths(included.routes)
        else:
            yield getattr(route, "path", "")


def _is_open(mark: Mark) -> bool:
    return any("{" in part for part in mark)
