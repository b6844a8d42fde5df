"""Columns and views belong to a person, in all their browsers."""

import pytest

from models import Tenant
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import InvalidInputError
from services.lists import choices
from services.lists.choices import Choices, SavedView, find_choices
from services.users.list import USERS
from tests.factories import create_user, sign_in


async def test_columns_are_kept_for_one_person_and_in_the_order_of_the_list(
    admin: Actor, tenant: Tenant
) -> None:
    assert (await find_choices(admin, USERS)).columns is None
    await choices.keep_columns(admin, USERS, ["status", "email", "nonsense"])
    assert (await find_choices(admin, USERS)).columns == ("name", "email", "status")
    other = await sign_in(await create_user(tenant))
    assert await find_choices(other, USERS) == Choices()


async def test_a_view_keeps_what_is_unusual_of_a_url(admin: Actor) -> None:
    url = {"status": "invited", "sort": "email", "dir": "asc", "page": "7", "role": "emperor"}
    assert await choices.save_view(admin, USERS, "  Still   out ", url) == "Still out"
    view = SavedView("Still out", {"status": "invited", "sort": "email"})
    assert (await find_choices(admin, USERS)).views == (view,)
    await choices.save_view(admin, USERS, "Still out", {"q": "ada"})
    assert (await find_choices(admin, USERS)).views == (SavedView("Still out", {"q": "ada"}),)
    await choices.remove_view(admin, USERS, "Another")
    await choices.remove_view(admin, USERS, "Still out")
    assert (await find_choices(admin, USERS)).views == ()


async def test_a_view_needs_a_name_and_room(admin: Actor) -> None:
    for name in (" \0 ", "Out\u202etuo", "Still\nout"):
        with pytest.raises(InvalidInputError):
            await choices.save_view(admin, USERS, name, {})
    for number in range(choices.MOST_VIEWS):
        await choices.save_view(admin, USERS, f"View {number}", {})
    with pytest.raises(InvalidInputError):
        await choices.save_view(admin, USERS, "One more", {})
    await choices.save_view(admin, USERS, "View 0", {"q": "replaced"})


async def test_who_is_no_person_has_the_usual_list(admin: Actor) -> None:
    await choices.keep_columns(COMMAND_LINE, USERS, ["email"])
    assert await find_choices(COMMAND_LINE, USERS) == Choices()


async def test_how_many_rows_and_how_low_is_kept_for_one_person(admin: Actor) -> None:
    await choices.keep_rows(admin, USERS, size=100, compact=True)
    await choices.keep_columns(admin, USERS, ["email"])
    assert await find_choices(admin, USERS) == Choices(("name", "email"), 100, compact=True)
    await choices.keep_rows(admin, USERS, size=1_000_000, compact=False)
    assert await find_choices(admin, USERS) == Choices(("name", "email"))
