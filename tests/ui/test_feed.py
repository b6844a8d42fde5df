"""What a list's open pages are told, and what answers them, fit together."""

import pytest

from services.database.runtime import Runtime
from ui import live
from ui.tables.feed import READS, list_room, read_as_told, tell


async def _row() -> dict[str, str]:
    return {"id": "1"}


@pytest.mark.parametrize(("told", "reads"), [(0, 1), (1, 2), (9, READS)])
async def test_an_answer_is_read_again_if_its_room_was_told_something_meanwhile(
    rollcall: Runtime, told: int, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "is_watched", lambda _room: True)
    room, answers = list_room("user", None), iter(range(1, 10))

    async def read() -> int:
        answer = next(answers)
        if answer <= told:
            await tell(room, "rollcall_user", _row, dict)
        await live.broadcast(room, "rollcall_presence", {})  # this changes no row
        return answer

    assert await read_as_told(room, read) == reads
