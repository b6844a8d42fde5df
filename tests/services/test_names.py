"""Names as people have them come through whole; what could break a header is refused."""

import pytest

from models import Tenant
from services import users
from services.actor import Actor
from services.directory import UserQuery, get_details, list_users
from services.errors import InvalidInputError
from services.invitations import InvitationForm, invite
from tests.factories import create_user

KEPT = [
    "X",
    "x" * 200,
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "'; DROP TABLE user_account; --",
    "=HYPERLINK(1)",
    "\u200fעדה\u200e",
    "Ada\u202ecolevol",
    "王",
]
REFUSED = ["", "   ", "\u200b\u200f", "Ada\r\nBcc: x@example.com", "Ada\0", "Ada\ud800", "x" * 201]


def _form(name: str) -> InvitationForm:
    return InvitationForm(
        first_name=name, last_name="Lovelace", email="a@example.com", role="administrator"
    )


@pytest.mark.parametrize("name", KEPT)
async def test_an_invited_name_is_kept_as_it_is(admin: Actor, name: str) -> None:
    invited = await invite(admin, _form(name))
    (row,) = (await list_users(admin, UserQuery(q="a@example.com"))).rows
    assert row.name == f"{name} Lovelace"
    assert (await get_details(admin, invited.user_id)).first_name == name


@pytest.mark.parametrize("name", REFUSED)
async def test_a_name_that_is_none_is_refused_and_makes_no_account(admin: Actor, name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await invite(admin, _form(name))
    assert set(caught.value.fields) == {"first_name"}
    assert "First Name" in caught.value.fields["first_name"]
    assert (await list_users(admin, UserQuery(q="a@example.com"))).total == 0


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_correction_leaves_the_name(
    admin: Actor, tenant: Tenant, name: str
) -> None:
    ada = await create_user(tenant)
    with pytest.raises(InvalidInputError):
        await users.rename(admin, ada.id, "Ada", name)
    assert (await get_details(admin, ada.id)).row.name == "Ada Lovelace"
