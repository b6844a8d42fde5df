"""Who has Rollcall open right now."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.core import clock
from services.database import runtime
from services.database.startup import assemble
from services.sessions import presence
from services.sessions.presence import UserPresence
from tests.conftest import make_settings

USER, TENANT = uuid4(), uuid4()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[list[tuple[UUID, UUID | None, bool]]]:
    """What was told of changes; nobody is here before the test."""
    runtime.use(assemble(make_settings(tmp_path), b""))
    told: list[tuple[UUID, UUID | None, bool]] = []
    presence.on_change(lambda *change: told.append(change))
    yield told
    runtime.use(None)


def _state() -> tuple[int, bool]:
    return presence.open_pages(USER), presence.is_online(USER)


@pytest.mark.usefixtures("told")
def test_a_page_that_was_left_is_not_open_but_its_user_is_still_here() -> None:
    presence.page_opened(USER, TENANT)
    presence.page_left(USER, TENANT)
    assert _state() == (0, True)
    presence.page_left_no_more(USER, TENANT)
    presence.page_closed(USER, TENANT)
    assert _state() == (0, False)


@pytest.mark.usefixtures("told")
def test_a_page_that_comes_back_is_open_again() -> None:
    presence.page_opened(USER, TENANT)
    presence.page_left(USER, TENANT)
    presence.page_left_no_more(USER, TENANT)
    assert _state() == (1, True)


@pytest.mark.usefixtures("told")
def test_pages_of_all_replicas_count() -> None:
    presence.page_opened(USER, TENANT)
    presence.heard("b", [UserPresence(USER, TENANT, 3, 1)])
    presence.heard("c", [UserPresence(USER, TENANT, 1, 1)])
    assert _state() == (3, True)
    presence.heard("b", [UserPresence(USER, TENANT, 0, 0)])
    assert _state() == (1, True)


def test_coming_and_going_is_told_once_wherever_the_pages_are(
    told: list[tuple[UUID, UUID | None, bool]],
) -> None:
    presence.heard("b", [UserPresence(USER, TENANT, 1, 0)])
    presence.page_opened(USER, TENANT)
    presence.page_closed(USER, TENANT)
    assert told == [(USER, TENANT, True)]
    presence.heard("b", [UserPresence(USER, TENANT, 0, 0)])
    assert told == [(USER, TENANT, True), (USER, TENANT, False)]


def test_whoever_a_replica_does_not_name_has_no_page_there(
    told: list[tuple[UUID, UUID | None, bool]],
) -> None:
    other = uuid4()
    presence.heard("b", [UserPresence(USER, TENANT, 1, 0), UserPresence(other, None, 1, 0)])
    presence.heard("b", [UserPresence(other, None, 2, 0)], whole=True)
    assert (_state(), presence.open_pages(other)) == ((0, False), 2)
    presence.heard("b", [], whole=True)
    assert told[2:] == [(USER, TENANT, False), (other, None, False)]


@pytest.mark.usefixtures("told")
def test_who_opened_a_page_is_remembered_for_some_minutes() -> None:
    before, other = clock.now(), uuid4()
    presence.page_opened(USER, TENANT)
    presence.heard("b", [UserPresence(other, TENANT, 1, 0)])
    assert [presence.has_opened_since(one, before) for one in (USER, other)] == [True, True]
    clock.shift(timedelta(minutes=1))
    presence.heard("b", [UserPresence(other, TENANT, 1, 1)])
    presence.page_closed(USER, TENANT)
    for one in (USER, other):
        assert not presence.has_opened_since(one, before + timedelta(minutes=1))
    clock.shift(presence.KEPT)
    presence.page_opened(other, TENANT)
    assert not presence.has_opened_since(USER, before)


@pytest.mark.usefixtures("told")
def test_a_page_that_another_replica_names_again_was_not_opened_now() -> None:
    another = uuid4()
    presence.heard("b", [UserPresence(USER, TENANT, 1, 0)])
    clock.shift(timedelta(minutes=1))
    now = clock.now()
    all_of_b = [UserPresence(one, TENANT, 1, 0) for one in (USER, another)]
    presence.heard("b", all_of_b, whole=True)
    assert not any(presence.has_opened_since(one, now) for one in (USER, another))
    presence.heard("b", [UserPresence(USER, TENANT, 2, 0)], whole=True)
    assert presence.has_opened_since(USER, now)
