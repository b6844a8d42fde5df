"""How long people stay: what an organisation suggests and what it allows, by whatever way."""

from datetime import date, timedelta

import pytest

from models import BulkKind, Role, Tenant
from services.access.actor import ROLLCALL, Actor
from services.bulk import batches, preview, runs
from services.bulk.runs import BulkForm
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError
from services.lists.query import ListQuery
from services.tenants import rules
from services.tenants.rules import ReviewEvery, RulesForm
from services.users import accounts, extending, invitations, stays
from services.users.forms import EndDate
from services.users.imports import preview as imports
from services.users.imports import runs as import_runs
from services.users.imports import worker as import_worker
from services.users.imports.columns import ImportRow
from services.users.imports.preview import Fate
from services.users.invitation_form import InvitationForm
from services.workspace import bulk_worker
from services.workspace.wrong_role import RoleForm, correct_role
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from tests.services.users.imports.importing import rows_of

TOO_LATE = "only Tenant Admins have access for more than 90 days here"


def _in(days: int) -> date:
    return clock.now().date() + timedelta(days=days)


async def _limit(admin: Actor, usual: int | None = 30, longest: int | None = 90) -> None:
    form = RulesForm(
        review_every=ReviewEvery.NEVER, usual_stay_days=usual, longest_stay_days=longest
    )
    await rules.edit_rules(admin, form)


def _form(end: date | None, role: Role = Role.ADMINISTRATOR) -> InvitationForm:
    return InvitationForm(
        first_name="Ada", last_name="King", email="ada@example.com", role=role, end_date=end
    )


@ONE_DATABASE
async def test_an_invitation_for_longer_than_allowed_is_refused_with_a_sentence(
    admin: Actor, tenant: Tenant
) -> None:
    await _limit(admin)
    for end in (None, _in(91)):
        with pytest.raises(InvalidInputError, match=TOO_LATE) as caught:
            await invitations.invite(admin, _form(end))
        assert set(caught.value.fields) == {"end_date"}
    invited = await invitations.invite(admin, _form(_in(90)))
    assert (await books.user_of(invited.user_id)).end_date == _in(90)


@ONE_DATABASE
async def test_an_admin_stays_for_good(admin: Actor, platform: Actor, tenant: Tenant) -> None:
    await _limit(admin)
    inside = Actor(platform.session_id, platform.user_id, tenant.id, platform.ip)
    invited = await invitations.invite(inside, _form(None, Role.TENANT_ADMIN))
    await accounts.set_end_date(inside, invited.user_id, _in(400))


@ONE_DATABASE
async def test_dialogs_learn_what_is_usual_and_what_is_allowed(admin: Actor) -> None:
    assert await stays.get_stays(admin) == stays.Stays()
    await _limit(admin)
    found = await stays.get_stays(admin)
    assert (found.usual, found.latest) == (_in(30), _in(90))
    assert found.hint.endswith("at the latest, except for Tenant Admins.")


@ONE_DATABASE
async def test_an_import_gives_the_usual_stay_and_refuses_what_is_too_long(
    admin: Actor, tenant: Tenant
) -> None:
    await _limit(admin)
    values = {"first_name": "A", "last_name": "B", "email": "a@example.com"}
    late = values | {"role": "administrator", "end_date": _in(91).isoformat()}
    (judged,) = await imports.judge(admin, [ImportRow(2, late)])
    assert judged.fate is Fate.CORRECT
    assert TOO_LATE in judged.why
    run = await import_runs.start(admin, "people.csv", rows_of("someone@example.com"))
    await import_worker.work_off(admin, run)
    (user,) = await books.users_with("someone@example.com")
    assert user.end_date == _in(30)


@ONE_DATABASE
async def test_later_changes_and_extensions_hold_to_it(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant)
    await accounts.set_end_date(admin, user.id, _in(80))
    await _limit(admin)
    for end in (None, _in(91)):
        with pytest.raises(InvalidInputError, match=TOO_LATE):
            await accounts.set_end_date(admin, user.id, end)
    with pytest.raises(ConflictError, match=TOO_LATE):
        await extending.extend(admin, user.id)
    await accounts.set_end_date(admin, user.id, _in(40))
    extension = await extending.extend(admin, user.id)
    await extending.take_back(admin, extension)
    assert (await books.user_of(user.id)).end_date == _in(40)


async def test_in_bulk_those_are_skipped_who_would_stay_too_long(
    admin: Actor, tenant: Tenant
) -> None:
    user, boss = await create_user(tenant), await create_user(tenant, role=Role.TENANT_ADMIN)
    await _limit(admin)
    run = await runs.draft(admin, BulkKind.END_DATE, ListQuery(), EndDate(end_date=_in(100)))
    told = {kind.key: kind.count for kind in (await preview.preview(admin, run)).kinds}
    assert told == {"dated": 1, "too_long": 1, "self": 1}
    await runs.begin(admin, run, BulkForm())
    await bulk_worker.work_off(admin, run)
    assert (await books.user_of(user.id)).end_date is None
    assert (await books.user_of(boss.id)).end_date == _in(100)
    assert batches.FAILED not in {kind.key for kind in (await preview.preview(admin, run)).kinds}


async def test_who_comes_back_or_gets_another_role_stays_no_longer(
    admin: Actor, tenant: Tenant
) -> None:
    back, wrong = await create_user(tenant), await create_user(tenant, role=Role.SALES_ENGINEER)
    await accounts.set_end_date(admin, back.id, _in(5))
    await _limit(admin)
    clock.shift(timedelta(days=6))
    await accounts.end_if_due(ROLLCALL, back.id)
    admin = await sign_in(await books.user_of(admin.user_id))
    await accounts.set_active(admin, back.id, True)
    assert (await books.user_of(back.id)).end_date == _in(90)
    done = await correct_role(admin, wrong.id, RoleForm(role=Role.ADMINISTRATOR))
    assert (await books.user_of(done.invited.user_id)).end_date == _in(90)


@ONE_DATABASE
async def test_the_rules_are_checked_and_logged(admin: Actor, tenant: Tenant) -> None:
    with pytest.raises(InvalidInputError, match="can’t be shorter"):
        await _limit(admin, 91, 90)
    await _limit(admin)
    (entry,) = await books.audit_of(tenant)
    assert entry.details["changes"] == "Default stay: 30 days. Longest stay: 90 days"
