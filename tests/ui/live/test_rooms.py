"""What is remembered of the messages that rooms have had."""

from uuid import UUID

import pytest

from ui.live import rooms
from ui.live.rooms import Room


def test_few_rooms_are_remembered_and_no_message_goes_unnoticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms, "REMEMBERED", 2)
    known, watched, other = rooms._Rooms(), Room("users"), Room("audit")
    known.note(watched)
    before = known.latest([watched])
    known.note(other)
    assert known.latest([watched]) == before
    known.note(watched)
    told = known.latest([watched, other])
    assert told > before
    for number in range(5):
        known.note(Room("user-page", UUID(int=number + 1)))
    assert len(known._last) <= 2
    known.note(watched)
    assert known.latest([watched, other]) > told
