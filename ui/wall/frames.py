"""The frames of a screen's socket: one JSON text for each thing that it is told."""

import json
from dataclasses import asdict, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from services.core import clock
from services.screens.reading import Shown
from services.screens.screens import ScreenSettings
from services.screens.showing import ScreenView
from ui.wall.assets import BUILD


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value))


def plain(shown: Shown) -> Any:
    """What a view shows as plain values."""
    return json.loads(json.dumps(shown, default=_plain))


def _frame(kind: str, **values: Any) -> str:
    told = {"k": kind, **values}
    return json.dumps(told, default=_plain, ensure_ascii=False, separators=(",", ":"))


def now() -> int:
    """The server's time, in seconds since 1970."""
    return int(clock.now().timestamp())


def beat() -> str:
    """What is shown is true, at this moment."""
    return _frame("beat", t=now())


def first_beat() -> str:
    """The beat with which a socket begins; it tells an upgrade to browsers that wait with a
    code."""
    return _frame("beat", t=now(), build=BUILD)


def hello(settings: ScreenSettings) -> str:
    """What the screen is, and how it shows what comes."""
    options = settings.options
    return _frame(
        "hello",
        build=BUILD,
        t=now(),
        organisation=settings.organisation,
        views=options.views,
        names=options.names,
        dwell=int(options.dwell),
        theme=options.theme,
        zone=settings.zone,
    )


def view(shown: ScreenView, data: Shown) -> str:
    """What one view shows."""
    return _frame("view", v=shown, d=data)


def views_frame(views: dict[ScreenView, Shown]) -> dict[ScreenView, str]:
    """A frame for each view."""
    return {shown: view(shown, data) for shown, data in views.items()}


def pair(why: str = "") -> str:
    """This browser isn't a screen: it should show a code."""
    return _frame("pair", why=why, build=BUILD)


PAIRED = _frame("paired")
"""The code was typed: the browser may fetch its session."""
RELOAD = _frame("reload")
"""An admin wants the page loaded again."""
