"""What people say of themselves."""

import pytest

from models import Picture, Tenant, User
from services.access.actor import Actor
from services.core.errors import InvalidInputError, NotFoundError
from services.users import listing, profile
from services.users.profile import ProfileForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from tests.services.organisation_calls import picture

GIVEN = {"first_name": "Ada", "last_name": "King", "phone": "+47 22 00 00 00"}


async def test_everybody_edits_their_own_name_phone_and_time_zone(
    tenant: Tenant, admin: Actor
) -> None:
    ada = await sign_in(await create_user(tenant))
    await profile.edit_profile(ada, ProfileForm(**GIVEN, time_zone="Europe/Oslo"))
    details = await listing.get_details(admin, ada.user_id)
    assert (details.row.name, details.contact.phone) == ("Ada King", GIVEN["phone"])
    assert details.contact.time_zone == "Europe/Oslo"
    entries = [(e.action, e.details) for e in await books.audit_of(tenant)]
    assert entries == [
        ("user.renamed", {"before": "Ada Lovelace"}),
        ("user.contact_changed", {}),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "call me"), ("phone", "<b>1</b>"), ("time_zone", "Mars/Olympus"), ("last_name", "")],
)
def test_a_wrong_field_of_a_profile_is_told(field: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ProfileForm(**{**GIVEN, field: value})
    assert set(caught.value.fields) == {field}


@ONE_DATABASE
async def test_a_picture_is_seen_in_its_own_organisation_alone(
    tenant: Tenant, other_tenant: Tenant, admin_user: User, admin: Actor
) -> None:
    ada = await sign_in(await create_user(tenant))
    await profile.set_picture(ada, picture("JPEG", (300, 200)))
    await profile.set_picture(ada, picture("WEBP"))
    assert (await profile.get_portrait(admin, ada.user_id)).media_type == "image/webp"
    assert await books.count(Picture) == 1
    stranger = await sign_in(await create_user(other_tenant))
    with pytest.raises(NotFoundError):
        await profile.get_portrait(stranger, ada.user_id)
    await profile.remove_picture(ada)
    with pytest.raises(NotFoundError):
        await profile.get_portrait(admin, ada.user_id)
