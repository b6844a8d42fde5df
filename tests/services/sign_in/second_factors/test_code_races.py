"""Codes and set-ups that many use at the same moment: each counts once."""

import pytest

from models import Authenticator, Tenant
from services.access.actor import Actor
from services.sessions.sessions import Caller
from services.sign_in.second_factors import second_step, totp
from tests import books, factories
from tests.racing import race
from tests.services.sign_in.second_factors.test_totp import _code, _enrol, _first_step

pytestmark = pytest.mark.stress
MANY = 20


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_of_many_uses_of_one_code_at_once_one_lets_somebody_in(
    admin: Actor, tenant: Tenant, kind: str
) -> None:
    secret, recovery = await _enrol(admin)
    user = await books.user_of(admin.user_id)
    ticket = await _first_step(tenant, user)
    code = _code(secret) if kind == "app" else recovery[0]
    done, refused = await race(
        *(
            second_step.finish(tenant.slug, ticket, code, Caller(f"2001:db8:{n:x}::1", "Browser"))
            for n in range(MANY)
        )
    )
    assert (len(done), len(refused)) == (1, MANY - 1)


async def test_of_many_set_ups_that_end_at_once_one_counts_and_hands_out_codes(
    tenant: Tenant,
) -> None:
    user = await factories.create_user(tenant)
    actors = [await factories.sign_in(user) for _ in range(4)]
    begun = [await totp.begin(actor) for actor in actors]
    done, _ = await race(
        *(totp.finish(actor, _code(begun[-1].secret)) for actor in actors for _ in range(4)),
    )
    assert len(done) == 1
    assert len(done[0]) == 10
    assert await books.count(Authenticator) == 1
    # Removing it against its use: whoever comes second is told so.
    removed, _ = await race(*(totp.remove(actor) for actor in actors))
    assert len(removed) == len(actors)
    assert await books.count(Authenticator) == 0
