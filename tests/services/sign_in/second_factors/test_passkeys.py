"""Passkeys: made, asked for as a second step, used in place of the password, lost, refused."""

import json
from datetime import timedelta

import pytest

from models import Role, SecondFactorPolicy, SignInMethod, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core import clock
from services.core.errors import (
    ConflictError,
    FreshSignInNeededError,
    InvalidInputError,
    NotFoundError,
    PasskeyRefusedError,
    SecondStepNeededError,
    SecondStepOverError,
    TooManyAttemptsError,
)
from services.database import runtime
from services.sessions.sessions import recognise
from services.sign_in import policy, throttle
from services.sign_in.second_factors import (
    challenges,
    passkey_host,
    passkey_sign_in,
    passkeys,
    second_step,
    totp,
)
from services.sign_in.sign_in import sign_in
from services.tenants import closing
from services.users import accounts
from tests import books, factories
from tests.authenticator import Device
from tests.conftest import ONE_DATABASE, PUBLIC_URL
from tests.factories import CALLER, PASSWORD

HOSTILE = ["", "{", "[]", "null", "[" * 5000, '{"rawId": 5}', '{"rawId": "é", "response": {}}']


async def add_passkey(
    actor: Actor, *, verifies: bool = True, counts: bool = True
) -> tuple[Device, tuple[str, ...]]:
    """Make a passkey of a device in software; returns the device and the recovery codes."""
    device = Device(PUBLIC_URL, verifies, counts)
    codes = await passkeys.finish(actor, device.make(await passkeys.begin(actor)))
    return device, codes


async def _first_step(tenant: Tenant, user: User) -> str:
    with pytest.raises(SecondStepNeededError) as needed:
        await sign_in(tenant.slug, user.email, PASSWORD, CALLER)
    return needed.value.ticket


async def _refused(slug: str | None, answer: str) -> None:
    with pytest.raises(PasskeyRefusedError):
        await passkey_sign_in.sign_in(slug, answer, CALLER)


async def test_a_passkey_signs_in_without_the_password(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    signed_in = await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    visit = await recognise(signed_in.token, tenant.slug, CALLER)
    assert visit.user_id == admin.user_id
    (session,) = [
        s for s in await books.live_sessions_of(admin.user_id) if s.id == signed_in.session_id
    ]
    assert session.method is SignInMethod.PASSKEY
    assert (await books.actions_of(tenant))[-1] == "session.signed_in"


async def test_a_platform_admin_signs_in_with_a_passkey(platform: Actor) -> None:
    device, _ = await add_passkey(platform)
    answer = device.answer(passkeys.sign_in_options(None))
    assert (await passkey_sign_in.sign_in(None, answer, CALLER)).tenant_slug is None


async def test_a_passkey_is_a_second_step_after_the_password(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    device, _ = await add_passkey(admin, verifies=False)
    ticket = await _first_step(tenant, user)
    choices = await second_step.get_choices(tenant.slug, ticket)
    assert (choices.app, choices.passkey) == (False, True)
    options = await second_step.passkey_options(tenant.slug, ticket)
    assert [c["id"] for c in json.loads(options)["allowCredentials"]]
    answer = device.answer(options)
    signed_in = await second_step.finish_with_passkey(tenant.slug, ticket, answer, CALLER)
    assert (await recognise(signed_in.token, tenant.slug, CALLER)).user_id == user.id


async def test_a_device_that_asks_for_nothing_is_no_sign_in_of_its_own(
    admin: Actor, tenant: Tenant
) -> None:
    device, _ = await add_passkey(admin, verifies=False)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    assert (await books.actions_of(tenant))[-1] == "session.sign_in_failed"


@pytest.mark.parametrize("counts", [True, False])
async def test_a_passkeys_answer_counts_once(admin: Actor, tenant: Tenant, counts: bool) -> None:
    device, _ = await add_passkey(admin, counts=counts)
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    await _refused(tenant.slug, answer)


async def test_an_answer_that_was_kept_back_is_refused_after_a_newer_one(
    admin: Actor, tenant: Tenant
) -> None:
    device, _ = await add_passkey(admin, counts=False)
    kept = device.answer(passkeys.sign_in_options(tenant.slug))
    newer = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, newer, CALLER)
    await _refused(tenant.slug, kept)


async def test_a_clock_that_stepped_back_locks_nobody_out(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    clock.shift(timedelta(hours=1))
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    clock.shift(timedelta())
    again = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, again, CALLER)
    await _refused(tenant.slug, answer)


async def test_a_copied_passkey_is_noticed_by_its_count(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    for _ in range(2):
        answer = device.answer(passkeys.sign_in_options(tenant.slug))
        await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    device.uses = 0  # the copy was made at the beginning
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))


async def test_a_challenge_is_good_for_five_minutes(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    clock.shift(challenges.LIFETIME + timedelta(seconds=2))
    await _refused(tenant.slug, answer)


async def test_a_challenge_is_good_at_its_own_tenant_alone(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    other = await factories.create_tenant("Other")
    for slug in (other.slug, None):
        await _refused(tenant.slug, device.answer(passkeys.sign_in_options(slug)))
        await _refused(slug, device.answer(passkeys.sign_in_options(slug)))


async def test_a_challenge_of_one_purpose_proves_nothing_for_another(
    admin: Actor, tenant: Tenant
) -> None:
    user = await books.user_of(admin.user_id)
    device, _ = await add_passkey(admin)
    ticket = await _first_step(tenant, user)
    step = await second_step.passkey_options(tenant.slug, ticket)
    await _refused(tenant.slug, device.answer(step))
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    with pytest.raises(PasskeyRefusedError):
        await second_step.finish_with_passkey(tenant.slug, ticket, answer, CALLER)


async def test_a_challenge_of_ones_own_making_is_refused(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    options = passkeys.sign_in_options(tenant.slug)
    for challenge in ("", "AAAA", "é", json.loads(options)["challenge"][:-6] + "AAAAAA"):
        await _refused(tenant.slug, device.answer(options, challenge=challenge))


async def test_an_answer_given_to_another_site_is_refused(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    device.origin = "https://rollcall.example.net"
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    with pytest.raises(PasskeyRefusedError):
        await passkeys.finish(admin, Device(device.origin).make(await passkeys.begin(admin)))


async def test_another_key_under_the_same_id_is_refused(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    forged = Device(PUBLIC_URL, credential_id=device.credential_id)
    await _refused(tenant.slug, forged.answer(passkeys.sign_in_options(tenant.slug)))


async def test_another_persons_passkey_is_no_second_step(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    await add_passkey(admin)
    other, _ = await add_passkey(await factories.sign_in(await factories.create_user(tenant)))
    ticket = await _first_step(tenant, user)
    answer = other.answer(await second_step.passkey_options(tenant.slug, ticket))
    with pytest.raises(PasskeyRefusedError):
        await second_step.finish_with_passkey(tenant.slug, ticket, answer, CALLER)
    assert (await books.actions_of(tenant))[-1] == "session.second_factor_failed"


async def test_whoever_is_deactivated_or_whose_tenant_is_closed_is_refused(
    admin: Actor, platform: Actor, tenant: Tenant
) -> None:
    user = await factories.create_user(tenant)
    device, _ = await add_passkey(await factories.sign_in(user))
    await accounts.set_active(COMMAND_LINE, user.id, active=False)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    await accounts.set_active(COMMAND_LINE, user.id, active=True)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    await closing.reopen_tenant(platform, tenant.id)
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)


@pytest.mark.parametrize("answer", HOSTILE)
async def test_nonsense_is_refused(admin: Actor, tenant: Tenant, answer: str) -> None:
    user = await books.user_of(admin.user_id)
    await add_passkey(admin)
    await _refused(tenant.slug, answer)
    ticket = await _first_step(tenant, user)
    with pytest.raises(PasskeyRefusedError):
        await second_step.finish_with_passkey(tenant.slug, ticket, answer, CALLER)
    await passkeys.begin(admin)
    with pytest.raises(PasskeyRefusedError):
        await passkeys.finish(admin, answer)


@ONE_DATABASE
@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
async def test_any_changed_part_of_an_answer_is_noticed(
    admin: Actor, tenant: Tenant, part: str
) -> None:
    device, _ = await add_passkey(admin)
    said = json.loads(device.answer(passkeys.sign_in_options(tenant.slug)))
    whole = said["response"][part]
    for changed in (whole[:-4], whole[:10] + ("A" if whole[10] != "A" else "B") + whole[11:], ""):
        said["response"][part] = changed
        await _refused(tenant.slug, json.dumps(said))


@pytest.mark.usefixtures("stopped_clock")
async def test_strangers_who_try_passkeys_have_to_pause(tenant: Tenant) -> None:
    for _ in range(throttle.FREE_FAILURES["ip"] + 1):
        await _refused(tenant.slug, "{}")
    with pytest.raises(TooManyAttemptsError):
        await passkey_sign_in.sign_in(tenant.slug, "{}", CALLER)


async def test_the_first_factor_brings_recovery_codes_and_the_second_none(
    admin: Actor, tenant: Tenant
) -> None:
    user = await books.user_of(admin.user_id)
    _, codes = await add_passkey(admin)
    assert len(codes) == 10
    assert (await add_passkey(admin))[1] == ()
    ticket = await _first_step(tenant, user)
    await second_step.finish(tenant.slug, ticket, codes[0], CALLER)
    assert (await totp.get_own(admin)).codes_left == 9


async def test_the_last_factor_takes_the_recovery_codes_along(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    await add_passkey(admin)
    await add_passkey(admin)
    for left in (1, 0):
        own = await totp.get_own(admin)
        await passkeys.remove(admin, own.passkeys[0].id)
        own = await totp.get_own(admin)
        assert (len(own.passkeys), own.codes_left) == (left, 10 * left)
    await sign_in(tenant.slug, user.email, PASSWORD, CALLER)
    assert (await books.actions_of(tenant)).count("user.passkey_removed") == 2


async def test_a_removed_passkey_lets_nobody_in(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    (own,) = (await totp.get_own(admin)).passkeys
    await passkeys.remove(admin, own.id)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    with pytest.raises(NotFoundError):
        await passkeys.remove(admin, own.id)


async def test_nobody_removes_another_persons_passkey(admin: Actor, tenant: Tenant) -> None:
    other = await factories.sign_in(await factories.create_user(tenant))
    await add_passkey(other)
    (theirs,) = (await totp.get_own(other)).passkeys
    with pytest.raises(NotFoundError):
        await passkeys.remove(admin, theirs.id)
    assert (await totp.get_own(other)).passkeys == (theirs,)


async def test_the_last_passkey_stays_where_a_second_factor_is_required(admin: Actor) -> None:
    await add_passkey(admin)
    await add_passkey(admin)
    await policy.require_second_factor(admin, SecondFactorPolicy.ADMINS)
    first, second = (await totp.get_own(admin)).passkeys
    await passkeys.remove(admin, first.id)
    with pytest.raises(ConflictError, match="requires"):
        await passkeys.remove(admin, second.id)
    assert (await totp.get_own(admin)).codes_left == 10


async def test_a_reset_takes_passkeys_too(admin: Actor, tenant: Tenant) -> None:
    user = await factories.create_user(tenant, role=Role.SALES_ENGINEER)
    device, _ = await add_passkey(await factories.sign_in(user))
    await totp.reset(admin, user.id)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    await sign_in(tenant.slug, user.email, PASSWORD, CALLER)


async def test_making_and_removing_need_a_fresh_sign_in(admin: Actor) -> None:
    options = await passkeys.begin(admin)
    answer = Device(PUBLIC_URL).make(options)
    await add_passkey(admin)
    (own,) = (await totp.get_own(admin)).passkeys
    clock.shift(timedelta(minutes=16))
    for act in (
        passkeys.begin(admin),
        passkeys.finish(admin, answer),
        passkeys.remove(admin, own.id),
    ):
        with pytest.raises(FreshSignInNeededError):
            await act


async def test_a_passkey_is_kept_once_and_for_the_session_that_asked(
    admin: Actor, tenant: Tenant
) -> None:
    other = await factories.sign_in(await factories.create_user(tenant))
    device = Device(PUBLIC_URL)
    answer = device.make(await passkeys.begin(admin))
    with pytest.raises(PasskeyRefusedError):
        await passkeys.finish(other, answer)
    await passkeys.finish(admin, answer)
    with pytest.raises(ConflictError):
        await passkeys.finish(admin, answer)
    with pytest.raises(ConflictError):
        await passkeys.finish(other, device.make(await passkeys.begin(other)))


async def test_twenty_passkeys_are_enough(admin: Actor) -> None:
    for _ in range(passkeys.MOST):
        await add_passkey(admin)
    with pytest.raises(ConflictError, match="enough"):
        await passkeys.begin(admin)


async def test_a_second_step_without_a_passkey_offers_none(
    admin: Actor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await books.user_of(admin.user_id)
    await add_passkey(admin)
    ticket = await _first_step(tenant, user)
    monkeypatch.setattr(runtime.current().settings, "public_url", "http://192.0.2.7:8080")
    assert not (await second_step.get_choices(tenant.slug, ticket)).passkey
    with pytest.raises(NotFoundError):
        await second_step.passkey_options(tenant.slug, ticket)
    with pytest.raises(ConflictError):
        await passkeys.begin(admin)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("url", "offered"),
    [
        ("https://rollcall.example.com", True),
        ("http://localhost:8080", True),
        ("http://rollcall.example.com", False),
        ("http://127.0.0.1:8080", False),
        ("https://192.0.2.7", False),
        ("https://[2001:db8::7]", False),
    ],
)
async def test_passkeys_are_offered_at_a_host_name_over_https(
    admin: Actor, monkeypatch: pytest.MonkeyPatch, url: str, offered: bool
) -> None:
    monkeypatch.setattr(runtime.current().settings, "public_url", url)
    assert passkey_host.are_offered() is offered


async def test_a_second_step_needs_its_ticket(admin: Actor, tenant: Tenant) -> None:
    await add_passkey(admin)
    for act in (
        second_step.get_choices(tenant.slug, None),
        second_step.passkey_options(tenant.slug, "gAAAAA"),
        second_step.finish_with_passkey(tenant.slug, None, "{}", CALLER),
    ):
        with pytest.raises(SecondStepOverError):
            await act


async def test_a_wrong_code_is_no_way_around_the_passkey(admin: Actor, tenant: Tenant) -> None:
    user = await books.user_of(admin.user_id)
    await add_passkey(admin)
    ticket = await _first_step(tenant, user)
    for code in ("", "000000", "aaaaa-aaaaa"):
        with pytest.raises(InvalidInputError):
            await second_step.finish(tenant.slug, ticket, code, CALLER)
