"""Which calls hand out or set what lets somebody in, as far as their types, what they call and the
fresh sign-in that they take show it: they are in one table, with what each requires."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

import services
from models import (
    Authenticator,
    KnownDevice,
    LoginSession,
    OneTimeLink,
    RecoveryCode,
    Role,
    Tenant,
    User,
)
from services.access.actor import FRESH_FOR, Actor, Operator, Principal
from services.access.outsiders import Outsider
from services.access.permissions import SECRETS, Secret, may
from services.core import clock
from services.core.errors import FreshSignInNeededError
from services.core.secrets import token_hash
from services.database import vault
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.sign_in import password_links
from services.sign_in.second_factors import recovery_codes
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from tests.services.call import Call
from tests.services.calls import CALLS
from tests.services.scenes import named, refusal_of, set_scenes
from tests.services.urgency import service_functions

STALE = FRESH_FOR + timedelta(seconds=1)
# Which secret each call hands out, has mailed, or sets.
HANDS_OUT = {
    "users.listing.export_users": Secret.USERS_EXPORT,
    "tenants.tenants.export_tenants": Secret.TENANTS_EXPORT,
    "workspace.listing.export_pocs": Secret.POCS_EXPORT,
    "workspace.customers.listing.export_outsiders": Secret.CUSTOMERS_EXPORT,
    "workspace.template_list.export_groups": Secret.TEMPLATES_EXPORT,
    "workspace.template_list.export_tasks": Secret.TEMPLATES_EXPORT,
    "workspace.end_calendar.tell_url": Secret.CALENDAR_FEED,
    "users.invitations.invite": Secret.INVITATION,
    "users.invitations.invite of a Tenant Admin": Secret.TENANT_ADMIN_INVITATION,
    "users.imports.runs.start": Secret.INVITATION,
    "users.imports.runs.start of a Tenant Admin": Secret.TENANT_ADMIN_INVITATION,
    "users.imports.batches.invite_next": Secret.INVITATION,
    "users.imports.runs.list_handovers": Secret.INVITATION,
    "users.imports.runs.results_csv": Secret.INVITATION,
    "bulk.batches.act_on_next": Secret.INVITATION,
    "bulk.results.get_results": Secret.INVITATION,
    "bulk.results.results_csv": Secret.INVITATION,
    "users.invitations.resend": Secret.INVITATION,
    "users.invitations.resend to a Tenant Admin": Secret.TENANT_ADMIN_INVITATION,
    "users.invitations.copy_link": Secret.INVITATION,
    "users.invitations.copy_link of a Tenant Admin": Secret.TENANT_ADMIN_INVITATION,
    "sign_in.password_links.copy_link": Secret.PASSWORD_LINK,
    "sign_in.password_links.mail_link": Secret.PASSWORD_LINK,
    "sign_in.password_links.copy_link for a Tenant Admin": Secret.TENANT_ADMIN_PASSWORD_LINK,
    "sign_in.second_factors.totp.begin": Secret.OWN_SECOND_FACTOR,
    "sign_in.second_factors.totp.finish": Secret.OWN_SECOND_FACTOR,
    "sign_in.second_factors.totp.renew_codes": Secret.OWN_SECOND_FACTOR,
    "sign_in.second_factors.passkeys.begin": Secret.OWN_SECOND_FACTOR,
    "sign_in.second_factors.passkeys.finish": Secret.OWN_SECOND_FACTOR,
    "audit.reading.export": Secret.AUDIT_EXPORT,
    "workspace.customers.invitations.copy_link": Secret.CUSTOMER_LINK,
    "workspace.customers.invitations.invite": Secret.CUSTOMER_LINK,
    "workspace.customers.invitations.resend": Secret.CUSTOMER_LINK,
    "sso.connections.connect": Secret.SINGLE_SIGN_ON,
    "sso.connections.require": Secret.SINGLE_SIGN_ON,
    "sso.connections.disconnect": Secret.SINGLE_SIGN_ON,
    "screens.pairing.pair_screen": Secret.SCREEN,
    "users.email_change.change_email": Secret.EMAIL,
    "users.email_change.request_change": Secret.OWN_EMAIL,
    "workspace.wrong_role.correct_role": Secret.INVITATION,
    "reviews.record.export": Secret.AUDIT_EXPORT,
}
# The same of those that nobody with a role calls: no table says what they take. A customer's person
# sets up passkeys only if they have just come in (tests/services/workspace/customers).
HANDED_TO_OUTSIDERS = {
    "workspace.customers.passkeys.begin",
    "workspace.customers.passkeys.finish",
}
# The texts that these return are words for people.
WORDS_ALONE = {
    "users.invitations.check_field",
    "tenants.tenants.check_field",
    "users.listing.list_inviters",
    "lists.choices.save_view",
    "tenants.mail_texts.send_test",
    "workspace.listing.list_customers",
    "workspace.listing.list_owners",
    "workspace.listing.list_workers",
    "workspace.customers.shared.list_own",
    "workspace.members.add_member",
}

# These take a fresh sign-in, and hand out or set no secret. One only asks for it; the others shut
# people out, take a second step away, change the words of mails, or open an organisation again:
# whoever could sign in there before can again, by the ways in that they have.
HANDS_OUT_NOTHING = {
    "sign_in.confirmation.require_fresh",
    "sign_in.second_factors.passkeys.remove",
    "sign_in.second_factors.totp.remove",
    "sign_in.second_factors.totp.reset",
    "tenants.closing.close_tenant",
    "tenants.closing.reopen_tenant",
    "tenants.mail_texts.edit_text",
}
# What makes a link that lets somebody in, tells it, or keeps what lets people in.
MAKES_A_WAY_IN = {
    "access.one_time_links.issue",
    "access.one_time_links.token_of",
    "core.secrets.new_token",
    "database.vault.seal",
    "sign_in.second_factors.ceremony.registration_options",
    "sign_in.second_factors.ceremony.registered",
}

# What takes no fresh sign-in, by hand: whatever else is in the table does.
TAKEN_STALE = {
    Secret.INVITATION,
    Secret.USERS_EXPORT,
    Secret.TENANTS_EXPORT,
    Secret.TEMPLATES_EXPORT,
    Secret.POCS_EXPORT,
    Secret.CUSTOMERS_EXPORT,
    Secret.CUSTOMER_LINK,
}

LISTED = {name.split()[0] for name in HANDS_OUT} | HANDED_TO_OUTSIDERS
BY_NAME = {call.name: call for call in CALLS}
each_sensitive_call = pytest.mark.parametrize(
    "call",
    [BY_NAME[name] for name, secret in HANDS_OUT.items() if SECRETS[secret].fresh],
    ids=lambda call: call.name,
)


async def _actor(tenant: Tenant, role: Role) -> Actor:
    home = None if role is Role.PLATFORM_ADMIN else tenant
    return await sign_in(await create_user(home, role=role), tenant)


def _functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of the services whose first argument is who acts, by its name."""
    for module_info in pkgutil.walk_packages(services.__path__, "services."):
        module = importlib.import_module(module_info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and name[0] != "_"
            if own and _acts(function):
                yield f"{module_info.name.removeprefix('services.')}.{name}", function


def _acts(function: Callable[..., Any]) -> bool:
    """Whether the first argument is who acts, of whatever kind."""
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is None:
        return False
    kinds = {Principal, Actor, Operator, Outsider, *Outsider.__subclasses__()}
    named = re.findall(r"\w+", inspect.formatannotation(first.annotation))
    return any(kind.__name__ in named for kind in kinds)


def _may_hold_a_secret(kind: Any) -> bool:
    """Whether a value of this type may hold a secret: a bare text, a stream, or a field that is
    kept out of what is printed."""
    if kind in {str, bytes} or typing.get_origin(kind) is AsyncIterator:
        return True
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return any(
            not field.repr
            or (hints[field.name] not in {str, bytes} and _may_hold_a_secret(hints[field.name]))
            for field in dataclasses.fields(kind)
            if not typing.get_origin(hints[field.name])
        )
    return any(_may_hold_a_secret(argument) for argument in typing.get_args(kind))


def test_a_call_that_may_hand_out_a_secret_stands_in_the_table() -> None:
    found = {
        name
        for name, function in _functions()
        if inspect.iscoroutinefunction(function)
        and _may_hold_a_secret(typing.get_type_hints(function)["return"])
    }
    assert found <= LISTED | WORDS_ALONE
    assert {
        "users.invitations.copy_link",
        "sign_in.second_factors.totp.begin",
        "audit.reading.export",
    } <= found
    assert "users.imports.runs.list_handovers" in found


def test_a_call_that_makes_a_way_in_stands_in_the_table() -> None:
    functions = service_functions()
    making, found = set(MAKES_A_WAY_IN), 0
    while len(making) > found:
        found = len(making)
        making |= {name for name, function in functions.items() if function.calls & making}
    calls = {name for name, _ in _functions()} & making
    assert calls <= LISTED
    assert calls >= HANDED_TO_OUTSIDERS
    assert {"sso.connections.connect", "workspace.customers.invitations.resend"} <= calls


def test_no_call_is_a_stream_that_checks_only_when_it_is_read() -> None:
    assert [name for name, function in _functions() if inspect.isasyncgenfunction(function)] == []


def test_every_secret_has_a_rule_and_a_call() -> None:
    assert set(SECRETS) == set(Secret)
    assert {secret for secret, rule in SECRETS.items() if not rule.fresh} == TAKEN_STALE
    # Above the tenants, where the walk isn't: tests of their own are below.
    above = {Secret.PLATFORM_ADMIN_INVITATION, Secret.PLATFORM_ADMIN_PASSWORD_LINK}
    assert set(HANDS_OUT.values()) == set(Secret) - above
    for name, secret in HANDS_OUT.items():
        permission = SECRETS[secret].permission
        assert BY_NAME[name].allowed == {role for role in Role if may(role, permission)}, name


@ONE_DATABASE
@each_sensitive_call
async def test_what_lets_somebody_in_takes_a_fresh_sign_in(
    rollcall: Runtime, tenant: Tenant, call: Call
) -> None:
    target = await create_user(tenant, invited=True)
    actors = [await _actor(tenant, role) for role in call.allowed]
    clock.shift(STALE)
    for actor in actors:
        with pytest.raises(FreshSignInNeededError):
            await call.run(actor, target.id)
    assert await books.actions_of(tenant) == []


@pytest.mark.walk
@ONE_DATABASE  # how old a sign-in may be is judged in Python
async def test_what_takes_a_fresh_sign_in_stands_in_the_table_or_hands_out_nothing(
    rollcall: Runtime,
) -> None:
    scenes = await set_scenes(roles=_first_that_may)
    clock.shift(STALE)
    found = set()
    for scene in scenes:
        (role,) = scene.actors
        refusal = await refusal_of(scene.call, scene.actors[role], scene.targets[role])
        if refusal is FreshSignInNeededError:
            found.add(scene.call.name)
    fresh = {name for name, secret in HANDS_OUT.items() if SECRETS[secret].fresh}
    assert found == fresh | HANDS_OUT_NOTHING


@ONE_DATABASE
@pytest.mark.parametrize("act", ["invite", "resend", "copy_link"])
@pytest.mark.parametrize("role", [Role.PLATFORM_ADMIN, Role.TENANT_ADMIN])
async def test_a_stale_session_becomes_no_admin(
    rollcall: Runtime, tenant: Tenant, platform_user: User, act: str, role: Role
) -> None:
    home = None if role is Role.PLATFORM_ADMIN else tenant
    platform = await sign_in(platform_user, home)
    invited = await create_user(home, role=role, invited=True)
    clock.shift(STALE)
    form = InvitationForm(
        first_name="Ada", last_name="Lovelace", email="ada@example.com", role=role.value
    )
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "invite": lambda: invitations.invite(platform, form),
        "resend": lambda: invitations.resend(platform, invited.id),
        "copy_link": lambda: invitations.copy_link(platform, invited.id),
    }
    with pytest.raises(FreshSignInNeededError):
        await acts[act]()


@ONE_DATABASE
@pytest.mark.parametrize("role", [Role.PLATFORM_ADMIN, Role.TENANT_ADMIN])
async def test_a_stale_session_gets_no_password_link_of_an_admin(
    rollcall: Runtime, tenant: Tenant, platform_user: User, role: Role
) -> None:
    home = None if role is Role.PLATFORM_ADMIN else tenant
    platform = await sign_in(platform_user, home)
    user = await create_user(home, role=role)
    clock.shift(STALE)
    for call in (password_links.copy_link, password_links.mail_link):
        with pytest.raises(FreshSignInNeededError):
            await call(platform, user.id)


def _first_that_may(call: Call) -> list[Role]:
    return [min(call.allowed, key=lambda role: role.value)]


@pytest.mark.walk
@ONE_DATABASE  # what a call returns is made in Python
async def test_what_no_table_names_returns_no_secret(rollcall: Runtime) -> None:
    found = {}
    for scene in await set_scenes(roles=_first_that_may):
        (role,) = scene.actors
        with named(scene.call):
            texts = list(_texts(await scene.call.run(scene.actors[role], scene.targets[role])))
        if scene.call.name not in HANDS_OUT and (secrets := await _secrets_in(texts)):
            found[scene.call.name] = secrets
    assert found == {}


async def test_the_search_for_secrets_finds_them(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    target = await create_user(tenant, invited=True)
    for name in ("users.invitations.copy_link", "sign_in.second_factors.totp.begin"):
        texts = list(_texts(await BY_NAME[name].run(admin, target.id)))
        assert await _secrets_in(texts), name


def _texts(value: object) -> Iterator[str]:
    """Every text in what a call has returned."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _texts(one)


async def _secrets_in(texts: list[str]) -> list[str]:
    """The texts that hold a token, an app's secret or a recovery code that counts here."""
    async with reading() as tx:
        apps = [vault.unseal(app.sealed_secret) for app in await tx.exec(select(Authenticator))]
        found = []
        for text in texts:
            tokens = re.findall(r"[A-Za-z0-9_-]{43}", text)
            typed = re.findall(r"[2-9a-z]{5}-[2-9a-z]{5}", text)
            # Most texts look like nothing of the kind: all of the database is read for few.
            if (
                any(secret in text for secret in apps)
                or (tokens and {token_hash(token) for token in tokens} & await _hashes(tx))
                or (typed and await _is_a_recovery_code(tx, typed))
            ):
                found.append(text)
    return found


async def _hashes(tx: Any) -> set[bytes]:
    """The hashes of every token that counts."""
    return {
        token
        for column in (OneTimeLink.token_hash, LoginSession.token_hash, KnownDevice.token_hash)
        for token in await tx.exec(select(column))
    }


async def _is_a_recovery_code(tx: Any, typed: list[str]) -> bool:
    """Whether any of these is a recovery code of anybody's."""
    codes = set(await tx.exec(select(RecoveryCode.code_hash)))
    return any(
        recovery_codes._hash(user, code.replace("-", "")) in codes
        for user in await tx.exec(select(User))
        for code in typed
    )
