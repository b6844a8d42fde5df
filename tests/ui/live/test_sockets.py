"""A socket's rooms are known without a look at all others, and otherwise as socket.io has it; and
what it is told is on its way at once."""

import asyncio
import inspect
from typing import Any, NoReturn

import pytest
import socketio
from engineio.async_socket import AsyncSocket

from ui.live import sockets
from ui.live.rooms import Room


class Unsearchable(dict[Any, Any]):
    """Rooms that nobody may look through."""

    def items(self) -> NoReturn:
        """Look through them."""
        raise AssertionError("all rooms were looked through")

    def copy(self) -> NoReturn:
        """Look through them, too."""
        raise AssertionError("all rooms were looked through")


async def _connected(manager: socketio.AsyncManager, eio_sid: str) -> str:
    manager.set_server(socketio.AsyncServer(async_mode="asgi"))
    return str(await manager.connect(eio_sid, "/"))


@pytest.mark.parametrize("make", [sockets._Manager, socketio.AsyncManager])
async def test_rooms_are_entered_and_left_as_in_socket_io(make: Any) -> None:
    manager = make()
    ada, grace = await _connected(manager, "ada"), await _connected(manager, "grace")
    for room in (Room("users"), Room("audit")):
        await manager.enter_room(ada, "/", room)
        await manager.enter_room(grace, "/", room)
    manager.basic_leave_room(ada, "/", Room("audit"))
    manager.basic_leave_room(ada, "/", "never entered")
    assert set(manager.get_rooms(ada, "/")) == {ada, Room("users")}
    assert set(manager.get_rooms(grace, "/")) == {grace, Room("users"), Room("audit")}
    manager.pre_disconnect(ada, "/")
    await manager.disconnect(ada, "/")
    assert manager.get_rooms(ada, "/") == []
    assert not manager.is_connected(ada, "/")
    assert set(manager.rooms["/"]) == {None, grace, Room("users"), Room("audit")}
    await manager.disconnect(grace, "/")
    assert manager.rooms == {}
    assert not manager.pending_disconnect


async def test_socket_io_finds_who_is_in_one_of_our_rooms() -> None:
    manager = sockets._Manager()
    ada, _ = await _connected(manager, "ada"), await _connected(manager, "grace")
    await manager.enter_room(ada, "/", Room("users"))
    assert list(manager.get_participants("/", Room("users"))) == [(ada, "ada")]


async def test_of_a_socket_that_is_gone_nothing_is_kept() -> None:
    manager = sockets._Manager()
    ada = await _connected(manager, "ada")
    await manager.enter_room(ada, "/", Room("users"))
    await manager.disconnect(ada, "/")
    await manager.disconnect(ada, "/")
    assert not manager._rooms_of


async def test_the_rooms_of_others_are_not_looked_through() -> None:
    manager = sockets._Manager()
    ada, _ = await _connected(manager, "ada"), await _connected(manager, "grace")
    manager.rooms["/"] = Unsearchable(manager.rooms["/"])
    assert manager.get_rooms(ada, "/") == [ada]
    await manager.disconnect(ada, "/")
    assert ada not in manager.rooms["/"]


@pytest.mark.parametrize("answered", [False, True])
async def test_a_message_is_on_its_way_to_all_before_anything_else_happens(answered: bool) -> None:
    manager = sockets._Manager()
    for name in ("ada", "closing", "grace"):
        await _connected(manager, name)
    engine = manager.server.eio
    engine.sockets = {name: AsyncSocket(engine, name) for name in ("ada", "closing", "grace")}
    engine.sockets["closing"].closed = True
    otherwise: list[str] = []
    asyncio.get_running_loop().call_soon(otherwise.append, "something else")
    await manager.emit("told", {"url": "/"}, "/", callback=otherwise.append if answered else None)
    assert otherwise == []
    said = [engine.sockets[name].queue.get_nowait().data for name in ("ada", "grace")]
    number = "1" if answered else ""
    assert said == [f'2{number}["told",{{"url":"/"}}]'] * 2


def test_socket_io_forgets_of_a_socket_what_ours_forgets() -> None:
    source = inspect.getsource(socketio.AsyncManager.basic_disconnect)
    for kept in ("self.rooms", "self.callbacks", "self.pending_connect", "self.pending_disconnect"):
        assert kept in source
    assert source.count("self.") == 15, "read what else it forgets"
