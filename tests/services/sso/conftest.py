"""A tenant that is connected to a provider of the tests' own."""

from collections.abc import AsyncIterator

import pytest

from models import Tenant, User
from services.access.actor import Actor
from services.database.runtime import Runtime
from services.sso import connections, flow
from services.sso.attempts import Purpose
from services.sso.connections import ConnectionForm
from services.sso.errors import Refusal, SsoError
from services.sso.flow import Arrival, Departure
from tests import books, factories
from tests.services.sso.provider import CLIENT_ID, CLIENT_SECRET, TestProvider, providing

DOMAIN = "example.com"


def form(provider: TestProvider, **changed: str) -> ConnectionForm:
    """What an admin enters to connect this provider."""
    values = {
        "name": "Test Identity",
        "discovery": provider.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "domains": DOMAIN,
        "new_people": "nobody",
    }
    return ConnectionForm(**{**values, **changed})


@pytest.fixture
async def unconnected(rollcall: Runtime, tenant: Tenant) -> AsyncIterator[TestProvider]:
    """A provider that knows Rollcall, which isn't connected to it yet."""
    rollcall.settings.public_url = "http://localhost:8080"  # so that it may be asked by plain http
    async with providing() as running:
        running.redirect_uris = {connections.tenant_urls(tenant.slug).redirect}
        yield running


@pytest.fixture
async def provider(unconnected: TestProvider, admin: Actor) -> TestProvider:
    """A provider that the tenant is connected to."""
    await connections.connect(admin, form(unconnected))
    return unconnected


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer, ada@example.com."""
    return await factories.create_user(tenant, email="ada@example.com")


async def begun(tenant: Tenant, purpose: Purpose = Purpose.SIGN_IN) -> Departure:
    """A single sign-on that waits for the provider's answer."""
    return await flow.leave(tenant.slug, purpose, factories.CALLER)


async def arrive(tenant: Tenant, provider: TestProvider, *, invitation: str = "") -> Arrival:
    """A whole single sign-on of whoever is signed in at the provider."""
    purpose = Purpose.INVITATION if invitation else Purpose.SIGN_IN
    departure = await flow.leave(tenant.slug, purpose, factories.CALLER, invitation=invitation)
    answer = await provider.visit(departure.url)
    return await flow.arrive(tenant.slug, departure.sealed, answer, factories.CALLER)


async def refused(tenant: Tenant, provider: TestProvider, invitation: str = "") -> Refusal:
    """Why this sign-in is refused. No session began, and the log has the reason."""
    before = await books.actions_of(tenant)
    with pytest.raises(SsoError) as caught:
        await arrive(tenant, provider, invitation=invitation)
    assert (await books.actions_of(tenant))[len(before) :] == ["session.sso_refused"]
    assert (await books.audit_of(tenant))[-1].details["reason"] == caught.value.reason.value
    return caught.value.reason
