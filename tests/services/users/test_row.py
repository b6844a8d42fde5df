"""What a grid is told of a user: few bytes, and enough."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from models import MailState, Role, new_id
from services.core.names import fold
from services.lists.wire import patch_values, row_values
from services.users.list import USERS
from services.users.row import UserRow
from tests.conftest import ONE_DATABASE

# A row says who is here, which the running Rollcall knows.
pytestmark = [pytest.mark.usefixtures("rollcall"), ONE_DATABASE]

# Bytes that carry a patch to one grid, at most: the JSON, socket.io's and engine.io's digits, and
# the header of a websocket frame of more than 125 bytes (RFC 6455, section 5.2).
MOST = 300
FRAMING = len("42") + 4


def _row(name: str = "Kathleen Antonelli", **given: Any) -> UserRow:
    email = f"{name.replace(' ', '.').lower()}@nordwind.example"
    values: dict[str, Any] = {
        "id": new_id(),
        "name": name,
        "email": email,
        "role": Role.SALES_ENGINEER,
        "active": True,
        "invited": False,
        "mail": None,
        "mail_answer": "",
        "version": 17,
        "key": f"{fold(name)} {fold(email)}",
        "last_active": datetime(2026, 11, 24, 3, 30, 5, tzinfo=UTC),
        "end_date": None,
    }
    return UserRow(**(values | given))


def test_a_toggle_costs_a_grid_300_bytes_at_most() -> None:
    message = ["rollcall_user", patch_values(USERS, _row(active=False), {"active": True})]
    sent = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    assert len(sent) + FRAMING <= MOST


def test_a_picture_costs_a_row_little_and_no_picture_costs_nothing() -> None:
    row = _row(active=False, picture="0123456789abcdef")
    message = ["rollcall_user", patch_values(USERS, row, {"active": True})]
    sent = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
    assert len(sent) + FRAMING <= MOST
    assert "picture" not in row_values(USERS, _row())


def test_what_is_usual_is_left_out() -> None:
    assert set(row_values(USERS, _row(last_active=None))) == {
        "id",
        "name",
        "email",
        "role",
        "active",
        "version",
    }


def test_what_is_unusual_is_told() -> None:
    row = _row(invited=True, mail=MailState.FAILED, mail_answer="550 no such user")
    values = row_values(USERS, row)
    assert (values["invited"], values["mail"]) == (True, "failed")
    assert values["mail_answer"] == "550 no such user"
    assert row_values(USERS, _row())["last_active"] == "2026-11-24T03:30Z"


@pytest.mark.parametrize("name", ["Zoë Öztürk", "Ødegård", "李 小龍", "ﬁona", "Straße", "İpek"])
def test_a_search_key_that_the_browser_cannot_derive_is_told(name: str) -> None:
    assert row_values(USERS, _row(name))["key"] == _row(name).key


def test_that_scripts_are_mixed_is_told() -> None:
    assert row_values(USERS, _row(mixed="Mixed, both."))["mixed"] == "Mixed, both."
