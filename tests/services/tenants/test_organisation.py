"""An organisation as its admins set it: on every page and mail, and held everywhere."""

import pytest

from models import Picture, Tenant
from services.access.actor import Actor
from services.core.colours import brand_of
from services.core.errors import InvalidInputError
from services.core.events import Event
from services.database.runtime import Runtime
from services.tenants import organisation, pictures, rules
from services.tenants.events import TenantChanged
from services.tenants.rules import ReviewEvery, RulesForm
from services.users import invitations
from services.users.imports import batches, preview
from services.users.imports.columns import ImportRow
from services.users.imports.preview import Fate
from services.users.invitation_form import InvitationForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.services.import_calls import import_in
from tests.services.organisation_calls import organisation_form, picture


async def test_what_is_saved_is_what_sign_in_pages_show(
    admin: Actor, tenant: Tenant, rollcall: Runtime, events: list[Event]
) -> None:
    form = organisation_form(name="Nordwind", brand_colour="12B3B3")
    await organisation.edit_organisation(admin, form)
    looks = await organisation.find_looks(tenant.slug)
    assert looks == organisation.Looks("Nordwind", "", brand_of("#12b3b3"))
    await rollcall.bus.drain()
    assert [type(event) for event in events].count(TenantChanged) == 1
    entries = [(e.action, e.details) for e in await books.audit_of(tenant)]
    assert entries == [
        ("tenant.renamed", {"before": tenant.name, "after": "Nordwind"}),
        ("tenant.edited", {"changes": "Brand Colour: none → #12b3b3"}),
    ]


@ONE_DATABASE
async def test_saving_what_is_so_already_changes_nothing(admin: Actor, tenant: Tenant) -> None:
    form = organisation_form(name=tenant.name)
    await organisation.edit_organisation(admin, form)
    assert await books.actions_of(tenant) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "  "), ("brand_colour", "teal"), ("allowed_domains", "example.com, nowhere")],
)
async def test_a_wrong_field_is_told_with_a_sentence(field: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        organisation_form(**{field: value})
    assert set(caught.value.fields) == {field}


async def test_a_logo_takes_the_place_of_the_one_before_and_can_be_removed(
    admin: Actor, tenant: Tenant
) -> None:
    for kind in ("PNG", "JPEG"):
        await organisation.set_logo(admin, picture(kind))
    served = await pictures.find_logo(tenant.slug)
    assert served is not None
    assert served.digest == (await organisation.get_organisation(admin)).logo
    assert await books.count(Picture) == 1
    await organisation.remove_logo(admin)
    assert await pictures.find_logo(tenant.slug) is None
    assert await books.actions_of(tenant) == [*["tenant.logo_set"] * 2, "tenant.logo_removed"]


async def test_only_allowed_domains_are_invited_by_whatever_way(
    admin: Actor, tenant: Tenant
) -> None:
    domains = organisation_form(name=tenant.name, allowed_domains="Example.com; bücher.example")
    await organisation.edit_organisation(admin, domains)
    said = "Only emails of example.com and xn--bcher-kva.example are allowed here"

    def form(email: str) -> InvitationForm:
        return InvitationForm(first_name="A", last_name="B", email=email, role="administrator")

    for email in ("a@sub.example.com", "a@example.com.evil.example", "a@example.org"):
        with pytest.raises(InvalidInputError, match=said):
            await invitations.invite(admin, form(email))
        assert said in (await invitations.check_field(admin, "email", email))[0]
        values = {"first_name": "A", "last_name": "B", "email": email, "role": "administrator"}
        (judged,) = await preview.judge(admin, [ImportRow(2, values)])
        assert judged.fate is Fate.CORRECT
        assert said in judged.why
    for email in ("a@EXAMPLE.com", "b@bücher.example"):
        assert (await invitations.invite(admin, form(email))).email


async def test_an_import_that_began_before_a_domain_was_shut_out_holds_to_it(
    admin: Actor, tenant: Tenant
) -> None:
    by = await books.user_of(admin.user_id)
    run = await import_in(by, admin.session_id)
    form = organisation_form(name=tenant.name, allowed_domains="elsewhere.example")
    await organisation.edit_organisation(admin, form)
    await batches.invite_next(admin, run)
    assert [user.id for user in await books.active_users()] == [by.id]


@ONE_DATABASE
async def test_how_often_people_are_reviewed_is_set_and_logged(
    admin: Actor, tenant: Tenant
) -> None:
    for every in (ReviewEvery.QUARTER, ReviewEvery.QUARTER, ReviewEvery.NEVER):
        await rules.edit_rules(admin, RulesForm(review_every=every))
        assert (await rules.get_rules(admin)).review_every is every
    told = [entry.details["changes"] for entry in await books.audit_of(tenant)]
    assert told == ["Review: every 90 days", "Review: no rule"]
