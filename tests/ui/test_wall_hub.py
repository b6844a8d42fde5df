"""When screens are told anything, and that they are cut at once."""

import asyncio
import json
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import pytest
from starlette.responses import Response

from models import SessionKind
from services.access.actor import Actor
from services.core.errors import InvalidInputError
from services.database.runtime import Runtime
from services.screens import pairing, screens
from tests.browser.waiting import eventually
from tests.factories import CALLER
from tests.services.screen_calls import new_screen
from tests.services.screens.pairing_of import paired
from ui import wall
from ui.cookies import set_outside_session
from ui.wall import frames
from ui.wall.hub import Hub, Line, hub
from ui.wall.socket import MOST_STRANGERS, WallSocket


def _scope(rollcall: Runtime, ip: str = "127.0.0.1", cookie: str = "") -> dict[str, Any]:
    origin = rollcall.settings.public_url
    headers = {"host": origin.partition("://")[2], "origin": origin, "cookie": cookie}
    return {
        "type": "websocket",
        "scheme": "ws",
        "path": "/wall/socket",
        "query_string": b"tab=" + b"0" * 16,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (ip, 1),
    }


async def test_where_no_screen_hangs_nothing_wakes(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[int] = []

    async def go_on(of: Hub) -> None:
        beats.append(len(of.lines))

    monkeypatch.setattr(Hub, "go_on", go_on)
    telling = asyncio.create_task(wall.tell_forever())
    await asyncio.sleep(0)
    assert asyncio.get_running_loop()._scheduled == []  # type: ignore[attr-defined]  # asyncio's own
    line = Line("", "")
    hub().join(line)
    await eventually(lambda: beats == [1])
    hub().leave(line)
    assert not hub().has_lines.is_set()
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling


async def test_a_screen_that_hangs_up_before_it_is_answered_is_forgotten(
    rollcall: Runtime,
) -> None:
    held = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(_message: object) -> None:
        held.append(len(hub().lines))
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await WallSocket()(_scope(rollcall), receive, send)
    assert held == [1]
    assert hub().lines == set()


async def test_the_beat_that_tells_of_an_upgrade_is_sent_also_if_the_next_beat_comes_before_it(
    rollcall: Runtime,
) -> None:
    told: list[dict[str, object]] = []
    all_told = asyncio.Event()
    is_new = True

    async def receive() -> dict[str, str]:
        nonlocal is_new
        if not is_new:
            await all_told.wait()
            return {"type": "websocket.disconnect"}
        is_new = False
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, str]) -> None:
        if message["type"] == "websocket.accept":
            (line,) = hub().lines
            line.tell("beat", frames.beat())
        if "text" in message:
            told.append(json.loads(message["text"]))
            if told[-1] == json.loads(frames.beat()) | {"t": told[-1].get("t")}:
                all_told.set()

    await WallSocket()(_scope(rollcall), receive, send)
    assert [frame for frame in told if frame["k"] == "beat" and "build" in frame]


async def _first_answer(rollcall: Runtime, ip: str, cookie: str = "") -> str:
    """Whether a connection from there is taken: the kind of the first message to it."""
    said: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.disconnect" if said else "websocket.connect"}

    async def send(message: dict[str, str]) -> None:
        said.append(message["type"])

    await WallSocket()(_scope(rollcall, ip, cookie), receive, send)  # type: ignore[arg-type]  # messages of texts alone
    return said[0]


ACCEPTED = "websocket.accept"


async def test_strangers_take_no_place_of_other_networks_or_of_screens(
    rollcall: Runtime, admin: Actor
) -> None:
    _, token = await paired(admin)
    answer = Response()
    set_outside_session(answer, SessionKind.SCREEN, token)
    cookie = answer.headers["set-cookie"].partition(";")[0]

    def come(network: str, count: int) -> None:
        for tab in range(count):
            hub().join(Line(str(tab), "", network))

    come("192.0.2.1", pairing.MOST_OF_ONE_NETWORK)
    assert await _first_answer(rollcall, "192.0.2.1") != ACCEPTED
    assert await _first_answer(rollcall, "192.0.2.1", cookie) == ACCEPTED
    assert await _first_answer(rollcall, "198.51.100.1") == ACCEPTED
    for network in range(2, 1 + MOST_STRANGERS // pairing.MOST_OF_ONE_NETWORK):
        come(f"192.0.2.{network}", pairing.MOST_OF_ONE_NETWORK)
    assert len(hub().lines) == MOST_STRANGERS
    assert await _first_answer(rollcall, "198.51.100.1") == ACCEPTED
    assert [line.network.rpartition(".")[0] for line in hub().lines if line.is_over] == ["192.0.2"]
    assert await _first_answer(rollcall, "192.0.2.9", cookie) == ACCEPTED


def _last(line: Line) -> dict[str, str]:
    """What a line says before it hangs up."""
    assert line.is_over
    told: dict[str, str] = json.loads(line.waiting["end"])
    return told


async def test_a_revocation_hangs_up_on_every_place_of_a_screen_before_the_next_beat(
    rollcall: Runtime, admin: Actor
) -> None:
    wall.subscribe(rollcall.bus)
    revoked, _ = await paired(admin, name="Oslo")
    other, _ = await paired(admin, name="Bergen")
    places = [Line(tab, "", screen=revoked) for tab in ("0", "1")]
    beside = Line("2", "", screen=other)
    for line in (*places, beside):
        hub().join(line)
    await screens.revoke_screen(admin, revoked.screen_id)
    await rollcall.bus.drain()
    assert [_last(line)["why"] for line in places] == ["revoked", "revoked"]
    assert not beside.is_over


async def test_a_cut_that_was_lost_is_made_up_for_with_the_next_beat(
    rollcall: Runtime, admin: Actor
) -> None:
    screen, _ = await paired(admin)
    line = Line("0", "", screen=screen)
    hub().join(line)
    await hub().go_on()
    await screens.revoke_screen(admin, screen.screen_id)
    await hub().go_on()
    assert _last(line)["why"] == "revoked"


async def test_who_shows_a_code_that_was_guessed_at_is_told_to_show_another(
    rollcall: Runtime, admin: Actor
) -> None:
    offer = await pairing.offer_code(CALLER, None)
    line = Line("0", "", code_id=await pairing.find_code(offer.key))
    hub().join(line)
    wrong = offer.code[:-1] + ("2" if offer.code[-1] != "2" else "3")
    for _ in range(pairing.MOST_TRIES):
        await hub().go_on()
        assert not line.is_over
        with pytest.raises(InvalidInputError):
            await pairing.pair_screen(admin, new_screen(wrong))
    await hub().go_on()
    assert _last(line) | {"build": ""} == {"k": "pair", "why": "", "build": ""}
