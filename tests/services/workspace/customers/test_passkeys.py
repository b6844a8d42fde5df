"""Passkeys with which a customer's people come back."""

from datetime import timedelta

import pytest

from models import CustomerPerson, PocStatus, Tenant
from services.access.actor import FRESH_FOR, Actor
from services.access.outsiders import CustomerActor
from services.core import clock
from services.core.errors import ConflictError, NotFoundError, PasskeyRefusedError
from services.sessions.outside import recognise_customer
from services.sign_in.second_factors import passkey_sign_in
from services.sign_in.second_factors import passkeys as of_users
from services.workspace import pocs
from services.workspace.customers import passkeys, people, shared
from tests import books
from tests.authenticator import Device
from tests.conftest import PUBLIC_URL
from tests.factories import CALLER, create_customer, open_customer_session
from tests.services.sign_in.second_factors.test_passkeys import HOSTILE
from tests.services.workspace.scene import create_poc


async def _with_passkey(customer: CustomerActor) -> Device:
    device = Device(PUBLIC_URL)
    await passkeys.finish(customer, device.make(await passkeys.begin(customer)))
    return device


async def _reto(tenant: Tenant, ada: Actor) -> tuple[CustomerPerson, CustomerActor, Device]:
    person = await create_customer(tenant, await create_poc(ada))
    customer, _ = await open_customer_session(person)
    return person, customer, await _with_passkey(customer)


async def _refused(slug: str, answer: str) -> None:
    with pytest.raises(PasskeyRefusedError):
        await passkeys.sign_in(slug, answer, CALLER)


async def test_a_passkey_lets_them_in_without_a_link(tenant: Tenant, ada: Actor) -> None:
    person, _, device = await _reto(tenant, ada)
    answer = device.answer(passkeys.sign_in_options(tenant.slug))
    entered = await passkeys.sign_in(tenant.slug, answer, CALLER)
    visit = await recognise_customer(entered.token, tenant.slug, CALLER)
    assert visit.actor.customer_id == person.id
    assert [poc for poc, _ in await shared.list_own(visit.actor)] == list(entered.poc_ids)
    assert (await books.actions_of(tenant))[-1] == "customer.let_in"
    await _refused(tenant.slug, answer)  # each answer counts once


async def test_it_is_good_where_its_owner_is_let_in_alone(
    tenant: Tenant, other_tenant: Tenant, ada: Actor
) -> None:
    _, customer, device = await _reto(tenant, ada)
    await _refused(other_tenant.slug, device.answer(passkeys.sign_in_options(other_tenant.slug)))
    for hostile in HOSTILE:
        await _refused(tenant.slug, hostile)
    ((poc, _),) = await shared.list_own(customer)
    form = pocs.StatusForm(status=PocStatus.CANCELLED, outcome="")
    await pocs.change_status(ada, poc, 1, form)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))


async def test_a_customers_passkey_is_no_users_and_the_other_way_round(
    tenant: Tenant, ada: Actor
) -> None:
    _, _, device = await _reto(tenant, ada)
    answer = device.answer(of_users.sign_in_options(tenant.slug))
    with pytest.raises(PasskeyRefusedError):
        await passkey_sign_in.sign_in(tenant.slug, answer, CALLER)
    of_ada = Device(PUBLIC_URL)
    await of_users.finish(ada, of_ada.make(await of_users.begin(ada)))
    await _refused(tenant.slug, of_ada.answer(passkeys.sign_in_options(tenant.slug)))


async def test_the_switch_takes_it_away(tenant: Tenant, ada: Actor, admin: Actor) -> None:
    person, _, device = await _reto(tenant, ada)
    await people.set_active(admin, person.id, active=False)
    await people.set_active(admin, person.id, active=True)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))
    back, _ = await open_customer_session(person)
    assert await passkeys.list_own(back) == []


async def test_who_came_in_long_ago_adds_none(tenant: Tenant, ada: Actor) -> None:
    customer, _ = await open_customer_session(await create_customer(tenant, await create_poc(ada)))
    device = Device(PUBLIC_URL)
    answer = device.make(await passkeys.begin(customer))
    clock.shift(FRESH_FOR + timedelta(seconds=1))
    for refused in (passkeys.begin(customer), passkeys.finish(customer, answer)):
        with pytest.raises(ConflictError, match="came in a while ago"):
            await refused


async def test_one_is_removed_by_its_owner_alone(tenant: Tenant, ada: Actor) -> None:
    _, customer, device = await _reto(tenant, ada)
    (own,) = await passkeys.list_own(customer)
    other, _ = await open_customer_session(await create_customer(tenant, await create_poc(ada)))
    with pytest.raises(NotFoundError):
        await passkeys.remove(other, own.id)
    await passkeys.remove(customer, own.id)
    await _refused(tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)))


async def test_a_device_that_asks_for_nothing_makes_none(tenant: Tenant, ada: Actor) -> None:
    customer, _ = await open_customer_session(await create_customer(tenant, await create_poc(ada)))
    device = Device(PUBLIC_URL, verifies=False)
    with pytest.raises(PasskeyRefusedError):
        await passkeys.finish(customer, device.make(await passkeys.begin(customer)))
