"""Each answer from which somebody learns that another organisation has an email is counted and
logged, whichever call gives it."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

import pytest

from models import BulkKind, Role, Tenant, User
from services.access.actor import Actor
from services.core.errors import ConflictError, InvalidInputError
from services.database.runtime import Runtime
from services.sso import connections, flow
from services.sso.attempts import Purpose
from services.users import accounts, email_change, invitations
from services.users.email_change import EmailForm
from services.users.imports import runs, worker
from services.users.invitation_form import InvitationForm
from services.workspace import bulk_worker, leaving
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.factories import create_user
from tests.mail_server import MailServer
from tests.services.bulk.acting_in_bulk import begun, those
from tests.services.sso.conftest import form as sso_form
from tests.services.sso.provider import providing
from tests.services.urgency import service_functions
from tests.services.users.imports.importing import rows_of

THERE = "there@example.com"
TELLS = {
    "users.emails_elsewhere.InUseElsewhereError",
    "users.emails_elsewhere.ActiveElsewhereError",
}
COUNTS = {
    "users.emails_elsewhere.counting_answers",
    "users.emails_elsewhere.count_answer",
}

Ask = Callable[[Actor, Tenant, Tenant], Awaitable[None]]


def _is_told() -> AbstractContextManager[object]:
    return pytest.raises((InvalidInputError, ConflictError), match=r"in use")


async def _invite(admin: Actor, _tenant: Tenant, other: Tenant) -> None:
    await create_user(other, email=THERE)
    form = InvitationForm(
        first_name="Ada", last_name="Lovelace", email=THERE, role=Role.ADMINISTRATOR.value
    )
    with _is_told():
        await invitations.invite(admin, form)


async def _import(admin: Actor, _tenant: Tenant, other: Tenant) -> None:
    await create_user(other, email=THERE)
    import_id = await runs.start(admin, "people.csv", rows_of(THERE))
    await worker.work_off(admin, import_id)


async def _change_email(admin: Actor, tenant: Tenant, other: Tenant) -> None:
    await create_user(other, email=THERE)
    user = await create_user(tenant)
    with _is_told():
        await email_change.change_email(admin, user.id, EmailForm(email=THERE))


async def _request_change(admin: Actor, _tenant: Tenant, other: Tenant) -> None:
    await create_user(other, email=THERE)
    with _is_told():
        await email_change.request_change(admin, EmailForm(email=THERE))


async def _left(admin: Actor, tenant: Tenant, other: Tenant) -> User:
    """Somebody who had the email before the other organisation did."""
    user = await create_user(tenant, email=THERE)
    await accounts.set_active(admin, user.id, active=False)
    await create_user(other, email=THERE)
    return user


async def _activate(admin: Actor, tenant: Tenant, other: Tenant) -> None:
    user = await _left(admin, tenant, other)
    with _is_told():
        await accounts.set_active(admin, user.id, active=True)


async def _undo(admin: Actor, tenant: Tenant, other: Tenant) -> None:
    user = await _left(admin, tenant, other)
    with _is_told():
        await leaving.undo(admin, user.id)


async def _activate_many(admin: Actor, tenant: Tenant, other: Tenant) -> None:
    user = await _left(admin, tenant, other)
    bulk_id = await begun(admin, BulkKind.ACTIVATE, those([user]))
    await bulk_worker.work_off(admin, bulk_id)


async def _try_single_sign_on(admin: Actor, tenant: Tenant, other: Tenant) -> None:
    await create_user(other, email=THERE)
    async with providing() as provider:
        provider.redirect_uris = {connections.tenant_urls(tenant.slug).redirect}
        await connections.connect(admin, sso_form(provider, new_people="sales_engineer"))
        provider.sign_in(THERE)
        departure = await flow.leave(tenant.slug, Purpose.TEST, factories.CALLER)
        answer = await provider.visit(departure.url)
        await flow.finish_test(admin, tenant.slug, departure.sealed, answer)


# Each by what counts it.
CASES: dict[str, Ask] = {
    "sso.flow.finish_test": _try_single_sign_on,
    "users.accounts.set_active": _activate,
    "users.email_change.change_email": _change_email,
    "users.email_change.request_change": _request_change,
    "users.imports.batches._free": _import,
    "users.invitations.invite": _invite,
    "users.many._refusals": _activate_many,
    "workspace.leaving.undo": _undo,
}
# Only on PostgreSQL, where another account takes the email at that very moment.
TRIED_ELSEWHERE = {"users.many._activate"}  # tests/services/users/test_reinvitations.py

# These call what may give such an answer, and never get one.
LEARN_NOTHING = {
    # They deactivate: nobody asks who else has the email.
    "operations.workers.apply_end_dates",
    "users.accounts.end_if_due",
    "workspace.leaving.leave",
    # In one transaction, an active account gives its email to its successor.
    "workspace.wrong_role.correct_role",
}


@ONE_DATABASE
@pytest.mark.parametrize("ask", CASES.values(), ids=CASES)
async def test_an_answer_about_an_email_elsewhere_is_counted_and_logged(
    rollcall: Runtime,
    tenant: Tenant,
    other_tenant: Tenant,
    admin: Actor,
    mail_server: MailServer,
    caplog: pytest.LogCaptureFixture,
    ask: Ask,
) -> None:
    rollcall.settings.public_url = "http://localhost:8080"  # a provider may be asked by plain http
    with caplog.at_level(logging.WARNING, "services.users.emails_elsewhere"):
        await ask(admin, tenant, other_tenant)
    assert await books.answers_about_emails(admin.user_id) == 1
    (line,) = [r for r in caplog.records if r.name == "services.users.emails_elsewhere"]
    assert str(admin.user_id) in line.getMessage()


def test_whoever_counts_such_answers_is_tried() -> None:
    counting = {name for name, function in service_functions().items() if function.calls & COUNTS}
    assert counting == CASES.keys() | TRIED_ELSEWHERE


def test_no_call_lets_such_an_answer_out_uncounted() -> None:
    functions = service_functions()
    telling, found = set(TELLS), 0
    while len(telling) > found:
        found = len(telling)
        telling |= {
            name
            for name, function in functions.items()
            if function.calls & telling and not function.calls & COUNTS
        }
    called = {name for function in functions.values() for name in function.calls}
    known = telling & functions.keys()
    # What nobody calls by its name is called from outside, or through a declaration.
    last = {name for name in known if functions[name].begins or name not in called}
    assert last == LEARN_NOTHING
    assert {"users.invitations.add_account", "users.switching.switch"} <= telling
