"""Whether another organisation has an email: told once it can't be helped, and not often."""

import logging
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from models import AttemptCounter, ImportState, Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import ConflictError, InvalidInputError, TooManyAttemptsError
from services.sign_in import throttle
from services.users import accounts, email_change, invitations
from services.users.email_change import EmailForm
from services.users.emails_elsewhere import IN_USE
from services.users.imports import runs, worker
from services.users.imports.batches import BATCH
from services.users.invitation_form import InvitationForm, PersonalInvitation
from services.workspace import leaving
from tests import books, statements
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, create_users, sign_in, sign_in_all
from tests.services.users.imports.importing import outcomes_of, rows_of, run_of

FREE = throttle.FREE_FAILURES["elsewhere"]
THERE = "there@example.com"


@pytest.fixture
async def stranger(other_tenant: Tenant) -> User:
    return await create_user(other_tenant, email=THERE)


def _form(email: str, first_name: str = "Ada") -> InvitationForm:
    return InvitationForm(
        first_name=first_name, last_name="Lovelace", email=email, role=Role.ADMINISTRATOR.value
    )


async def _is_told(actor: Actor, email: str = THERE) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await invitations.invite(actor, _form(email))
    assert caught.value.fields == {"email": IN_USE}


async def _until_paused(actor: Actor) -> None:
    for _ in range(FREE + 1):
        await _is_told(actor)
    with pytest.raises(TooManyAttemptsError):
        await invitations.invite(actor, _form(THERE))


@ONE_DATABASE
@pytest.mark.usefixtures("stranger")
async def test_typing_tells_nothing_of_another_organisations_emails(admin: Actor) -> None:
    assert await invitations.check_field(admin, "email", THERE) == ("", "")


@ONE_DATABASE
@pytest.mark.usefixtures("stranger")
async def test_typing_asks_the_same_about_an_email_of_another_organisation_as_about_nobodys(
    admin: Actor,
) -> None:
    asked = []
    for email in (THERE, "free@example.com"):
        with statements.heard(here=True) as heard:
            await invitations.check_field(admin, "email", email)
        asked.append([statement for statement, _ in heard])
    assert asked[0] == asked[1]


Ask = Callable[[Actor, str], Awaitable[object]]


async def _asks_the_same(tenant: Tenant, ask: Ask, refused: type[Exception] | None = None) -> None:
    """Check that what the database is asked doesn't depend on who has the email."""
    # Whoever has just acted looks first, and the first of anything asks more.
    admins = await sign_in_all(await create_users(3, tenant, role=Role.TENANT_ADMIN))
    asked = []
    for actor, email in zip(admins, ("first@example.com", THERE, "free@example.com"), strict=True):
        with statements.heard(here=True) as heard:
            if refused is None:
                await ask(actor, email)
            else:
                with pytest.raises(refused):
                    await ask(actor, email)
        asked.append([statement for statement, _ in heard])
    assert asked[1] == asked[2]


@ONE_DATABASE
@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize(
    "wrong",
    [
        {"end_date": "2000-01-01"},
        {"role": Role.PLATFORM_ADMIN.value},
        {"contact_id": str(uuid4())},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_an_invitation_that_is_wrong_anyway_asks_the_same_whoever_has_its_email(
    tenant: Tenant, wrong: dict[str, str]
) -> None:
    async def invite(actor: Actor, email: str) -> None:
        values = {"first_name": "A", "last_name": "L", "role": Role.ADMINISTRATOR.value} | wrong
        await invitations.invite(actor, PersonalInvitation(**values, email=email))

    await _asks_the_same(tenant, invite, InvalidInputError)


@ONE_DATABASE
@pytest.mark.usefixtures("stranger")
async def test_an_activation_by_who_saw_an_older_state_asks_the_same_whoever_has_the_email(
    tenant: Tenant,
) -> None:
    emails = ("first@example.com", THERE, "free@example.com")
    users = {email: await create_user(tenant, email=email, active=False) for email in emails}

    async def activate(actor: Actor, email: str) -> None:
        user = users[email]
        seen = user.status_version - 1
        await accounts.set_active(actor, user.id, active=True, seen_version=seen)

    await _asks_the_same(tenant, activate, ConflictError)


@ONE_DATABASE
@pytest.mark.usefixtures("stranger")
async def test_a_new_email_of_somebody_inactive_asks_the_same_whoever_has_it(
    tenant: Tenant,
) -> None:
    users = iter(await create_users(3, tenant, active=False))

    async def change(actor: Actor, email: str) -> None:
        await email_change.change_email(actor, next(users).id, EmailForm(email=email))

    await _asks_the_same(tenant, change)


@ONE_DATABASE
@pytest.mark.usefixtures("stopped_clock", "stranger")
async def test_sending_tells_it_a_few_times_and_then_has_to_pause(admin: Actor) -> None:
    await _until_paused(admin)


@ONE_DATABASE
@pytest.mark.usefixtures("stopped_clock", "stranger")
async def test_during_the_pause_no_other_email_is_answered_for_either(
    admin: Actor, tenant: Tenant
) -> None:
    await _until_paused(admin)
    with pytest.raises(TooManyAttemptsError):
        await invitations.invite(admin, _form("free@example.com"))
    assert await books.users_with("free@example.com") == []
    colleague = await sign_in(await create_user(tenant, role=Role.TENANT_ADMIN))
    assert (await invitations.invite(colleague, _form("free@example.com"))).email


@pytest.mark.usefixtures("stranger")
async def test_a_form_that_makes_no_account_anyway_tells_nothing(admin: Actor) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await invitations.invite(admin, _form(THERE, first_name=""))
    assert set(caught.value.fields) == {"first_name"}


@ONE_DATABASE
async def test_a_duplicate_of_ones_own_is_told_as_often_as_asked(
    admin: Actor, tenant: Tenant
) -> None:
    await create_user(tenant, email="here@example.com")
    for _ in range(FREE * 3):
        await _is_told(admin, "here@example.com")
    assert await books.count(AttemptCounter) == 0


@ONE_DATABASE
@pytest.mark.usefixtures("stranger", "others_write")
async def test_each_answer_is_one_line_in_the_log_that_names_who_asked(
    admin: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "services.users.emails_elsewhere"):
        for _ in range(2):  # the second one is counted with the first
            await _is_told(admin)
    lines = [r.getMessage() for r in caplog.records if r.name == "services.users.emails_elsewhere"]
    assert len(lines) == 2
    for line in lines:
        assert str(admin.user_id) in line
        assert THERE not in line


@ONE_DATABASE
@pytest.mark.usefixtures("stranger")
async def test_the_command_line_never_has_to_pause(tenant: Tenant, other_tenant: Tenant) -> None:
    for _ in range(FREE * 2):
        with pytest.raises(InvalidInputError):
            await invitations.invite(COMMAND_LINE, _form(THERE))


@pytest.mark.usefixtures("stopped_clock")
async def test_an_import_is_paused_after_a_batch_of_such_rows(
    admin: Actor, other_tenant: Tenant
) -> None:
    strangers = await create_users(BATCH, other_tenant)
    rows = rows_of(*(user.email for user in strangers), "free@example.com")
    import_id = await runs.start(admin, "people.csv", rows)
    await worker.work_off(admin, import_id)
    assert {outcome.problem for outcome in await outcomes_of(import_id)} == {IN_USE}
    run = await run_of(import_id)
    assert (run.state, run.done) == (ImportState.FAILED, BATCH)
    assert "Too many attempts" in run.why
    assert await books.users_with("free@example.com") == []


@pytest.mark.usefixtures("stopped_clock")
async def test_activating_is_counted_too(admin: Actor, tenant: Tenant, stranger: User) -> None:
    earlier = await create_user(tenant, email=THERE, active=False)
    for _ in range(FREE + 1):
        with pytest.raises(ConflictError, match="another active account"):
            await accounts.set_active(admin, earlier.id, active=True)
    with pytest.raises(TooManyAttemptsError):
        await accounts.set_active(admin, earlier.id, active=True)
    assert not (await books.user_of(earlier.id)).active


@ONE_DATABASE
@pytest.mark.usefixtures("stopped_clock", "stranger")
async def test_during_the_pause_an_activation_tells_nothing_either(
    admin: Actor, tenant: Tenant
) -> None:
    free = await create_user(tenant, active=False)
    gone = await create_user(tenant)
    await accounts.set_active(admin, gone.id, active=False)
    await _until_paused(admin)
    with pytest.raises(TooManyAttemptsError):
        await accounts.set_active(admin, free.id, active=True)
    with pytest.raises(TooManyAttemptsError):
        await leaving.undo(admin, gone.id)
    assert not (await books.user_of(free.id)).active
    assert not (await books.user_of(gone.id)).active
    # Whoever has to go can't wait.
    await accounts.set_active(admin, (await create_user(tenant)).id, active=False)
