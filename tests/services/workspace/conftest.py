"""Who works in the tests of the workspace."""

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from tests.factories import create_user, sign_in


@pytest.fixture
async def author(tenant: Tenant) -> Actor:
    """An Administrator, signed in, who makes the templates."""
    return await sign_in(await create_user(tenant, role=Role.ADMINISTRATOR))


@pytest.fixture
async def ada_user(tenant: Tenant) -> User:
    """A Sales Engineer, Ada Lovelace."""
    return await create_user(tenant)


@pytest.fixture
async def ada(ada_user: User) -> Actor:
    """Ada Lovelace, signed in."""
    return await sign_in(ada_user)


@pytest.fixture
async def joan_user(tenant: Tenant) -> User:
    """Another Sales Engineer, Joan Clarke."""
    return await create_user(tenant, first_name="Joan", last_name="Clarke")


@pytest.fixture
async def joan(joan_user: User) -> Actor:
    """Joan Clarke, signed in."""
    return await sign_in(joan_user)
