"""What answers a customer's people: the calls of their own, about what is theirs, and no other."""

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from models import Side, Tenant
from services.access.actor import Actor
from services.access.outsiders import CustomerActor
from services.core.errors import (
    NotAllowedError,
    NotFoundError,
    RollcallError,
    SessionEndedError,
)
from services.database.runtime import Runtime
from services.workspace import customers
from services.workspace.customers import acts, files, passkeys, people, shared, visits
from tests import sizes
from tests.factories import create_customer, open_customer_session
from tests.services.calls import CALLS
from tests.services.workspace.scene import create_poc, create_task, share_file


@pytest.mark.walk
@pytest.mark.stress
async def test_no_call_of_the_users_answers_a_customer(
    rollcall: Runtime, tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    actor, _ = await open_customer_session(await create_customer(tenant, poc))
    answered = []
    as_user = Actor(actor.session_id, ada.user_id, tenant.id)
    forged = _Forged(actor, ada.user_id)
    for number, call in enumerate(CALLS):
        # On the second database each call is asked by one of them, in turn: what refuses them is
        # the same for all calls.
        of_all = sizes.soak or rollcall.database.is_sqlite
        for principal in (as_user, forged) if of_all else (as_user, forged)[number % 2 :][:1]:
            try:
                await call.run(principal, ada.user_id)  # type: ignore[arg-type]  # one is forged
            except (NotAllowedError, SessionEndedError):
                continue
            except RollcallError as error:
                answered.append((call.name, type(error).__name__))
            else:
                answered.append((call.name, "answered"))
    assert answered == []


class _Forged(CustomerActor):
    """A customer's actor that says it is a user too: what is made for a call needs an owner."""

    def __init__(self, actor: CustomerActor, user_id: UUID) -> None:
        super().__init__(actor.session_id, actor.customer_id, actor.tenant_id, actor.name)
        object.__setattr__(self, "user_id", user_id)


@dataclass(frozen=True)
class Theirs:
    """A POC, with a task of the customer's and a shared file."""

    poc: UUID
    task: UUID
    file: UUID


async def _shared_poc(ada: Actor, title: str = "Trial") -> Theirs:
    poc = await create_poc(ada, title)
    task = await create_task(ada, poc, side=Side.CUSTOMER)
    return Theirs(poc, task, await share_file(ada, poc))


# What a customer's people can do, each with what it needs; a test finds what is missing.
SAID = acts.SharedCommentForm(body="Said")
OWN_CALLS: dict[str, Callable[[CustomerActor, Theirs], Awaitable[object]]] = {
    "shared.list_own": lambda c, _: shared.list_own(c),
    "shared.get_shared": lambda c, of: shared.get_shared(c, of.poc),
    "shared.list_comments": lambda c, of: shared.list_comments(c, of.poc),
    "files.open_file": lambda c, of: files.open_file(c, of.file),
    "acts.comment": lambda c, of: acts.comment(c, of.poc, SAID),
    "acts.set_done": lambda c, of: acts.set_done(c, of.task, 1, done=True),
    "acts.set_accepted": lambda c, of: acts.set_accepted(c, of.task, 1, accepted=True),
    "passkeys.list_own": lambda c, _: passkeys.list_own(c),
    "passkeys.begin": lambda c, _: passkeys.begin(c),
    "passkeys.finish": lambda c, _: passkeys.finish(c, "{}"),
    "passkeys.remove": lambda c, of: passkeys.remove(c, of.task),
    "visits.leave": lambda c, _: visits.leave(c),
}


def test_every_call_of_a_customers_people_is_tried() -> None:
    found = set()
    for module_info in pkgutil.iter_modules(customers.__path__):
        module = importlib.import_module(f"{customers.__name__}.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            first = next(iter(inspect.signature(function).parameters), "")
            if first == "customer" and function.__module__ == module.__name__ and name[0] != "_":
                found.add(f"{module_info.name}.{name}")
    assert found == set(OWN_CALLS)


async def test_a_customer_reaches_no_poc_but_their_own(
    tenant: Tenant, other_tenant: Tenant, ada: Actor
) -> None:
    own, other = await create_poc(ada, "Own"), await _shared_poc(ada, "Other")
    actor, _ = await open_customer_session(await create_customer(tenant, own))
    elsewhere, _ = await open_customer_session(await create_customer(other_tenant))
    for customer in (actor, elsewhere):
        for name, call in OWN_CALLS.items():
            if name in {"shared.list_own", "visits.leave"} or name.startswith("passkeys."):
                continue
            with pytest.raises(NotFoundError):
                await call(customer, other)
    assert await shared.list_own(elsewhere) == []
    with pytest.raises(NotFoundError):
        await acts.set_done(actor, uuid4(), 1, done=True)


async def test_nothing_answers_a_customer_from_the_commit_of_their_deactivation(
    tenant: Tenant, ada: Actor
) -> None:
    theirs = await _shared_poc(ada)
    person = await create_customer(tenant, theirs.poc)
    actor, _ = await open_customer_session(person)
    forged = CustomerActor(uuid4(), person.id, tenant.id, person.full_name)
    await people.set_active_of_poc(ada, theirs.poc, person.id, active=False)
    for customer in (actor, forged):
        for call in OWN_CALLS.values():
            with pytest.raises(SessionEndedError):
                await call(customer, theirs)
