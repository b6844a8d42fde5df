"""Passkeys that their owner can tell apart, and what is said of those with something wrong."""

import pytest

from models import Tenant
from services.access.actor import Actor
from services.core.errors import (
    InvalidInputError,
    NotFoundError,
    PasskeyCopiedError,
    PasskeyRefusedError,
)
from services.database import runtime
from services.sign_in.second_factors import passkey_sign_in, passkeys, second_step, totp
from tests import books, factories
from tests.authenticator import Device
from tests.conftest import PUBLIC_URL
from tests.factories import CALLER
from tests.services.sign_in.second_factors.test_passkeys import _first_step, add_passkey
from ui.words import passkey_marks


@pytest.mark.parametrize("as_second_step", [False, True])
async def test_a_count_that_went_back_is_told_marked_and_logged(
    admin: Actor, tenant: Tenant, as_second_step: bool
) -> None:
    user = await books.user_of(admin.user_id)
    device, _ = await add_passkey(admin)
    for _ in range(2):
        answer = device.answer(passkeys.sign_in_options(tenant.slug))
        await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    device.uses = 0
    if as_second_step:
        ticket = await _first_step(tenant, user)
        answer = device.answer(await second_step.passkey_options(tenant.slug, ticket))
        using = second_step.finish_with_passkey(tenant.slug, ticket, answer, CALLER)
    else:
        answer = device.answer(passkeys.sign_in_options(tenant.slug))
        using = passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    with pytest.raises(PasskeyCopiedError, match="counter went back"):
        await using
    (own,) = (await totp.get_own(admin)).passkeys
    assert own.counter_went_back_at is not None
    assert "counter went back" in passkey_marks(own)[0]
    assert "user.passkey_counter_went_back" in await books.actions_of(tenant)
    # The owner's own device counts on, and the mark stays.
    device.uses = 2
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    assert (await totp.get_own(admin)).passkeys[0].counter_went_back_at is not None


async def test_a_forged_count_says_no_more_than_any_refusal(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin)
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    forged = Device(PUBLIC_URL, credential_id=device.credential_id)
    answer = forged.answer(passkeys.sign_in_options(tenant.slug))
    with pytest.raises(PasskeyRefusedError) as caught:
        await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    assert type(caught.value) is PasskeyRefusedError
    assert (await totp.get_own(admin)).passkeys[0].counter_went_back_at is None


async def test_passkeys_can_be_told_apart_and_renamed(admin: Actor, tenant: Tenant) -> None:
    for _ in range(3):
        await add_passkey(admin)
    first, second, third = (await totp.get_own(admin)).passkeys
    assert [first.name, second.name, third.name] == [
        "Firefox on Linux",
        "Firefox on Linux 2",
        "Firefox on Linux 3",
    ]
    await passkeys.rename(admin, second.id, "  Blue key ")
    assert (await totp.get_own(admin)).passkeys[1].name == "Blue key"
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.action, entry.details) == (
        "user.passkey_renamed",
        {"before": "Firefox on Linux 2", "after": "Blue key"},
    )
    for wrong in ("Blue key", "", " ", "a\nb", "x" * 201):
        with pytest.raises(InvalidInputError) as caught:
            await passkeys.rename(admin, first.id, wrong)
        assert set(caught.value.fields) == {"name"}


async def test_nobody_renames_another_s_passkey(admin: Actor, tenant: Tenant) -> None:
    await add_passkey(admin)
    (own,) = (await totp.get_own(admin)).passkeys
    other = await factories.sign_in(await factories.create_user(tenant))
    with pytest.raises(NotFoundError):
        await passkeys.rename(other, own.id, "Mine")


async def test_a_passkey_of_an_old_host_is_marked_and_not_asked_for(
    admin: Actor, tenant: Tenant
) -> None:
    user = await books.user_of(admin.user_id)
    _, codes = await add_passkey(admin)
    runtime.current().settings.public_url = "https://new.example.com"
    (own,) = (await totp.get_own(admin)).passkeys
    assert not own.works_here
    assert "belongs to rollcall.example.com" in passkey_marks(own)[0]
    ticket = await _first_step(tenant, user)
    choices = await second_step.get_choices(tenant.slug, ticket)
    assert (choices.passkey, choices.old_host) == (False, "rollcall.example.com")
    with pytest.raises(NotFoundError):
        await second_step.passkey_options(tenant.slug, ticket)
    # It still is a second factor: the password alone lets nobody in.
    assert (await second_step.finish(tenant.slug, ticket, codes[0], CALLER)).token
    device = Device("https://new.example.com")
    await passkeys.finish(admin, device.make(await passkeys.begin(admin)))
    ticket = await _first_step(tenant, user)
    choices = await second_step.get_choices(tenant.slug, ticket)
    assert (choices.passkey, choices.old_host) == (True, "")
