"""Contractors: noted at the invitation, by a file or later; listed, and asked about by a review."""

from datetime import timedelta

from models import Tenant
from services.access.actor import Actor
from services.core import clock
from services.lists.query import ListQuery
from services.reviews import reasons
from services.reviews.reasons import Reason
from services.users import accounts, contractors, invitations, listing
from services.users.actions import UserAction
from services.users.imports.columns import find_columns, to_rows
from services.users.imports.delimited import FileRow
from services.users.invitation_form import InvitationForm, read_form
from tests import books
from tests.factories import create_user


async def test_contractors_without_an_end_date_are_what_a_review_asks_about(
    tenant: Tenant, admin: Actor
) -> None:
    ada, _other = await create_user(tenant), await create_user(tenant)
    await contractors.set_contractor(admin, ada.id, True)
    await contractors.set_contractor(admin, ada.id, True)
    form = InvitationForm(
        first_name="Hedy",
        last_name="Lamarr",
        email="hedy@example.com",
        role="administrator",
        contractor=True,
    )
    invited = await invitations.invite(admin, form)
    assert (await books.user_of(invited.user_id)).contractor
    query = ListQuery(filters={"contractor": "yes"})
    assert {row.name for row in (await listing.list_users(admin, query)).rows} == {
        "Ada Lovelace",
        "Hedy Lamarr",
    }
    assert (await reasons.count_reasons(admin)).counts[Reason.NO_END] == 1
    await accounts.set_end_date(admin, ada.id, clock.now().date() + timedelta(days=5))
    assert (await reasons.count_reasons(admin)).counts[Reason.NO_END] == 0
    await contractors.set_contractor(admin, ada.id, False)
    assert (await books.actions_of(tenant)).count(UserAction.CONTRACTOR_SET) == 2


def test_a_file_says_who_is_a_contractor_in_its_own_words() -> None:
    headings = ["Email", "External?"]
    rows = [FileRow(n, (f"{n}@example.com", said)) for n, said in enumerate(["Ja", "no", ""])]
    read = to_rows(rows, find_columns(headings, rows))
    assert [row.values["contractor"] for row in read] == ["yes", "", ""]
    form = read_form(
        {**read[0].values, "first_name": "A", "last_name": "B", "role": "administrator"}
    )
    assert isinstance(form, InvitationForm)
    assert form.contractor
