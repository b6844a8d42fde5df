"""Signing in: who gets in, and the one answer for everybody else."""

import pytest
from sqlalchemy import event
from sqlmodel import select

from models import AttemptCounter, EndReason, Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import (
    NoTenantError,
    OtherDoorError,
    SignInFailedError,
    TooManyAttemptsError,
)
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.sessions import sessions
from services.sessions.events import UserSignedIn
from services.sessions.sessions import Caller
from services.sign_in import throttle
from services.sign_in.sign_in import replace_session, sign_in
from services.tenants import closing
from services.users import accounts
from tests import books
from tests.factories import CALLER, IP, PASSWORD, create_tenant, create_user

EMAIL = "ada@example.com"


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer."""
    return await create_user(tenant, email=EMAIL)


async def refusal(slug: str | None, email: str, password: str) -> str:
    with pytest.raises(SignInFailedError) as caught:
        await sign_in(slug, email, password, CALLER)
    return str(caught.value)


async def test_right_password_at_the_tenants_address_signs_in(
    rollcall: Runtime, tenant: Tenant, ada: User, events: list[Event]
) -> None:
    result = await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    visit = await sessions.recognise(result.token, tenant.slug, CALLER)
    assert (visit.user_id, visit.name, visit.email, visit.role, visit.tenant_name) == (
        ada.id,
        "Ada Lovelace",
        EMAIL,
        Role.SALES_ENGINEER,
        "Acme",
    )
    assert (result.role, result.tenant_slug) == (Role.SALES_ENGINEER, "acme")
    await rollcall.bus.drain()
    assert UserSignedIn(tenant_id=tenant.id, user_id=ada.id, first=False) in events


async def test_sign_in_is_in_the_log_with_its_device_and_ip(tenant: Tenant, ada: User) -> None:
    await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.subject_name, entry.actor_id) == (
        "session.signed_in",
        "Ada Lovelace",
        ada.id,
    )
    assert (entry.ip, entry.details) == (IP, {"device": "Firefox on Linux"})
    assert (await books.user_of(ada.id)).last_sign_in_at == entry.at or entry.at > ada.created_at


async def test_session_stores_nothing_but_a_hash_of_its_token(tenant: Tenant, ada: User) -> None:
    result = await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    (row,) = await books.sessions_of(ada.id)
    assert len(row.token_hash) == 32
    assert result.token.encode() not in row.token_hash
    assert result.token not in repr(result) + repr(row)
    assert len(result.token) == 43  # 256 bits


@pytest.mark.parametrize(
    "written", ["ADA@example.com", " ada@EXAMPLE.com ", "\uff41da@example.com"]
)
async def test_email_is_taken_however_it_is_spelt(tenant: Tenant, ada: User, written: str) -> None:
    assert (await sign_in(tenant.slug, written, PASSWORD, CALLER)).token


async def test_every_failure_gets_the_same_words(
    tenant: Tenant, other_tenant: Tenant, ada: User, platform_user: User
) -> None:
    await create_user(tenant, email="gone@example.com", active=False)
    await create_user(tenant, email="new@example.com", invited=True)
    answers = {
        "unknown": await refusal(tenant.slug, "nobody@example.com", PASSWORD),
        "wrong password": await refusal(tenant.slug, EMAIL, "wrong"),
        "inactive": await refusal(tenant.slug, "gone@example.com", PASSWORD),
        "no password yet": await refusal(tenant.slug, "new@example.com", PASSWORD),
        "wrong tenant": await refusal(other_tenant.slug, EMAIL, "wrong"),
        "above the tenants": await refusal(None, EMAIL, "wrong"),
        "not above them": await refusal(tenant.slug, platform_user.email, "wrong"),
        "inactive elsewhere": await refusal(other_tenant.slug, "gone@example.com", PASSWORD),
        "invited elsewhere": await refusal(other_tenant.slug, "new@example.com", PASSWORD),
        "no email": await refusal(tenant.slug, "", PASSWORD),
        "no password": await refusal(tenant.slug, EMAIL, ""),
    }
    assert len(set(answers.values())) == 1, answers
    said = answers["unknown"]
    for hint in ("email", "password", "organisation's address", "ask your admin"):
        assert hint in said


async def test_the_right_password_at_the_wrong_address_says_which_is_right(
    tenant: Tenant, other_tenant: Tenant, ada: User, platform_user: User
) -> None:
    for slug, email, right in (
        (other_tenant.slug, EMAIL, ("acme", "Acme")),
        (None, EMAIL, ("acme", "Acme")),
        (tenant.slug, platform_user.email, (None, "Rollcall Platform")),
    ):
        with pytest.raises(OtherDoorError) as caught:
            await sign_in(slug, email, PASSWORD, CALLER)
        assert (caught.value.slug, right[1] in str(caught.value)) == (right[0], True)
    assert await books.sessions_of(ada.id) == await books.sessions_of(platform_user.id) == []


async def test_of_two_tenants_of_one_name_the_address_says_which_is_right(
    tenant: Tenant, ada: User
) -> None:
    namesake = await create_tenant(tenant.name.upper(), "namesake")
    with pytest.raises(OtherDoorError, match="it signs in to /t/acme"):
        await sign_in(namesake.slug, EMAIL, PASSWORD, CALLER)


async def test_another_tenant_s_log_does_not_name_who_came_to_the_wrong_address(
    tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    with pytest.raises(OtherDoorError):
        await sign_in(other_tenant.slug, EMAIL, PASSWORD, CALLER)
    (entry,) = await books.audit_of(other_tenant)
    assert (entry.action, entry.subject_id) == ("session.sign_in_failed", None)
    assert await books.audit_of(tenant) == []


async def test_a_right_address_that_is_closed_is_told_to_nobody(
    tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    await closing.close_tenant(COMMAND_LINE, tenant.id, tenant.name)
    assert await refusal(other_tenant.slug, EMAIL, PASSWORD) == str(SignInFailedError())


async def test_who_has_an_account_here_is_told_of_no_other_one(
    tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    await create_user(other_tenant, email=EMAIL, active=False)
    assert await refusal(other_tenant.slug, EMAIL, PASSWORD) == str(SignInFailedError())


@pytest.mark.usefixtures("stopped_clock")
async def test_guesses_at_the_wrong_address_are_slowed_down_like_any(
    tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    for number in range(throttle.FREE_FAILURES["account"] + 1):
        await refusal(other_tenant.slug, EMAIL, f"guess {number}")
    with pytest.raises(TooManyAttemptsError):
        await sign_in(other_tenant.slug, EMAIL, PASSWORD, CALLER)


@pytest.mark.parametrize("slug", ["nowhere", "", "../platform", "ACME", "acme\0"])
async def test_an_address_of_no_tenant_is_told_as_such_and_counted_nowhere(
    tenant: Tenant, ada: User, slug: str
) -> None:
    with pytest.raises(NoTenantError):
        await sign_in(slug, EMAIL, PASSWORD, CALLER)
    async with reading() as tx:
        assert (await tx.exec(select(AttemptCounter))).all() == []
    assert await books.actions_of(tenant) == await books.actions_of(None) == []


@pytest.mark.parametrize(
    ("slug", "email", "password"),
    [
        ("acme", "\0", "\0"),
        ("acme", "\ud800@\udfff", "\ud800"),
        ("acme", "a" * 100_000, "b" * 100_000),
        ("acme", "%", "%"),
        ("acme", EMAIL, PASSWORD + "\0"),
    ],
)
async def test_nonsense_is_a_failure_like_any_other(
    tenant: Tenant, ada: User, slug: str, email: str, password: str
) -> None:
    assert await refusal(slug, email, password) == str(SignInFailedError())


async def test_failure_is_in_the_log_of_the_tenant(tenant: Tenant, ada: User) -> None:
    await refusal(tenant.slug, EMAIL, "wrong")
    await refusal(tenant.slug, "nobody@example.com", "wrong")
    known, unknown = await books.audit_of(tenant)
    assert known.action == unknown.action == "session.sign_in_failed"
    assert (known.subject_name, unknown.subject_name) == ("Ada Lovelace", "")
    assert known.actor_name == unknown.actor_name == "Nobody signed in"
    assert known.ip == IP
    assert (known.details["email"], unknown.details["email"]) == (EMAIL, "nobody@example.com")


async def test_who_types_their_password_into_the_wrong_field_does_not_find_it_in_a_log(
    tenant: Tenant, ada: User
) -> None:
    await refusal(tenant.slug, PASSWORD, "")
    (entry,) = await books.audit_of(tenant)
    assert PASSWORD not in repr(entry)


async def test_failure_begins_no_session(tenant: Tenant, ada: User) -> None:
    await refusal(tenant.slug, EMAIL, "wrong")
    assert await books.sessions_of(ada.id) == []


async def test_platform_admin_signs_in_above_the_tenants_and_enters_any(
    tenant: Tenant, platform_user: User
) -> None:
    result = await sign_in(None, platform_user.email, PASSWORD, CALLER)
    assert (result.role, result.tenant_slug) == (Role.PLATFORM_ADMIN, None)
    assert (await sessions.recognise(result.token, None, CALLER)).tenant_slug is None
    inside = await sessions.recognise(result.token, tenant.slug, CALLER)
    assert inside.actor.tenant_id == tenant.id
    assert await books.actions_of(None) == ["session.signed_in"]


async def test_reactivated_account_signs_in_with_its_old_password(
    tenant: Tenant, ada: User
) -> None:
    await accounts.set_active(COMMAND_LINE, ada.id, active=False)
    await refusal(tenant.slug, EMAIL, PASSWORD)
    await accounts.set_active(COMMAND_LINE, ada.id, active=True)
    assert (await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)).token


async def test_successor_signs_in_and_the_old_account_does_not(
    tenant: Tenant, admin: Actor
) -> None:
    await create_user(tenant, email=EMAIL, active=False)
    new = await create_user(tenant, email=EMAIL)
    result = await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    assert (await sessions.recognise(result.token, tenant.slug, CALLER)).user_id == new.id


async def test_signing_in_anew_ends_the_session_that_the_browser_had(
    tenant: Tenant, ada: User
) -> None:
    old = await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    elsewhere = await sign_in(tenant.slug, EMAIL, PASSWORD, Caller("198.51.100.1"))
    await replace_session(old.token, CALLER)
    await replace_session(old.token, CALLER)  # it is over already
    await replace_session("forged", CALLER)
    await replace_session(None, CALLER)
    assert await sessions.find_session_id(old.token) is None
    assert await sessions.find_session_id(elsewhere.token) is not None
    ended, _ = await books.sessions_of(ada.id)
    assert ended.end_reason is EndReason.REPLACED
    assert await books.actions_of(tenant) == ["session.signed_in"] * 2 + ["session.signed_out"]


async def test_an_email_is_found_by_its_indexes_wherever_its_account_is(
    rollcall: Runtime, tenant: Tenant
) -> None:
    statements: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "user_account.email_key = " in statement:
            statements.append(statement)

    engine = rollcall.database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        await refusal(tenant.slug, EMAIL, PASSWORD)
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    (statement,) = statements
    if not rollcall.database.is_sqlite:
        return  # what PostgreSQL plans depends on how many rows there are
    async with rollcall.database.reader.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("a", "b", "a"))
        assert "SCAN" not in repr(plan.all())
