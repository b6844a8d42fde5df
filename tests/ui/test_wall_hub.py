"""When screens are told anything."""

import asyncio
from contextlib import suppress

import pytest

from services.core.runtime import Runtime
from tests.browser.waiting import eventually
from ui import wall
from ui.wall.hub import Hub, Line, hub


async def test_where_no_screen_hangs_nothing_wakes(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[int] = []

    async def go_on(of: Hub) -> None:
        beats.append(len(of.lines))

    monkeypatch.setattr(Hub, "go_on", go_on)
    telling = asyncio.create_task(wall.tell_forever())
    await asyncio.sleep(0)
    assert asyncio.get_running_loop()._scheduled == []  # type: ignore[attr-defined]
    line = Line("", "")
    hub().join(line)
    await eventually(lambda: beats == [1])
    hub().leave(line)
    assert not hub().has_lines.is_set()
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling
