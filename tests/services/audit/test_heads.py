"""Audit heads: read again from wherever they were kept, and noted in the platform's chain."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from models import Tenant
from services.access.actor import Actor
from services.audit import heads
from services.audit.heads import list_heads, note_heads, read_heads
from services.audit.reading import export, list_entries
from services.core import clock
from services.core.errors import OperatorError
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.tenants import closing, tenants
from services.users import accounts
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_tenant, create_user

# Heads to an entry, where the test is about more of them than that.
FEW = 3


async def test_heads_are_read_from_wherever_they_were_kept(admin: Actor, tenant: Tenant) -> None:
    await accounts.set_active(admin, (await create_user(tenant)).id, active=False)
    lines = [str(head) for head in await list_heads()]
    log = "\n".join(f"2026-11-26 INFO services.audit.telling: {line}" for line in lines)
    as_json = "\n".join(json.dumps({"level": "INFO", "message": line}) for line in lines)
    quoted = "\n".join("> " + line.replace(" ", "\n> ", 3) for line in lines)
    for kept in ("\n".join(lines), log, as_json, quoted):
        assert [str(head) for head in read_heads(kept)] == lines
    exported = "".join([piece async for piece in await export(admin, ListQuery())])
    (head,) = read_heads(exported)
    assert (head.name, head.number) == (tenant.slug, 2)


async def test_a_name_that_looks_like_a_head_makes_none_of_an_export(
    admin: Actor, tenant: Tenant
) -> None:
    forged = [str(head) for head in await list_heads()][-1]
    for number, name in enumerate((forged, "audit-head of it all"), start=1):
        user = await create_user(tenant, first_name=name)
        await accounts.set_active(admin, user.id, active=False)
        exported = "".join([piece async for piece in await export(admin, ListQuery())])
        assert name in exported
        assert [head.number for head in read_heads(exported)] == [2 * number]


@ONE_DATABASE
@pytest.mark.parametrize("kept", ["", "nothing", "cut", "changed", "no day", "no number"])
async def test_a_file_without_heads_or_with_half_a_head_is_refused(
    tenant: Tenant, kept: str
) -> None:
    whole = "\n".join(str(head) for head in await list_heads())
    texts = {
        "cut": whole[:-5],
        "changed": whole.replace(" 0 ", " none "),
        "no day": re.sub(r"\d{4}-\d\d-\d\dT", "2026-02-30T", whole),
        "no number": whole.replace(" 0 ", f" {10**18} "),
    }
    with pytest.raises(OperatorError):
        read_heads(texts.get(kept, kept))


async def test_what_becomes_of_an_organisation_is_in_the_platforms_chain_with_its_head(
    platform: Actor,
) -> None:
    acme = await tenants.create_tenant(platform, "Acme")
    await closing.close_tenant(platform, acme.id, acme.name)
    await closing.reopen_tenant(platform, acme.id)
    entries = await books.audit_of(None)
    assert [(entry.action, entry.actor_name) for entry in entries] == [
        ("tenant.created", "Robin Platform"),
        ("tenant.closed", "Robin Platform"),
        ("tenant.reopened", "Robin Platform"),
    ]
    hashes = [entry.hash for entry in await books.audit_of(acme)]
    heads = [entry.details["heads"] for entry in entries]
    assert heads == [[[str(acme.id), "acme", n, hashes[n - 1]]] for n in (1, 2, 3)]


async def test_what_grew_is_noted_once_a_day(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant)
    await accounts.set_active(admin, user.id, active=False)
    assert await note_heads()
    assert not await note_heads()
    await accounts.set_active(admin, user.id, active=True)
    assert not await note_heads()
    clock.shift(timedelta(days=1))
    assert await note_heads()
    clock.shift(timedelta(days=2))
    assert await note_heads()  # a round in which no chain had grown
    numbers = [entry.details["heads"][0][2] for entry in await books.audit_of(None)]
    assert numbers == [1, 2]


async def test_of_replicas_that_note_at_once_one_does(admin: Actor, tenant: Tenant) -> None:
    await accounts.set_active(admin, (await create_user(tenant)).id, active=False)
    done = await asyncio.gather(*(note_heads() for _ in range(5)))
    assert sorted(done) == [False] * 4 + [True]
    assert await books.actions_of(None) == ["audit.heads_noted"]


async def test_many_heads_are_noted_in_several_entries(
    rollcall: Runtime, platform: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEADS_PER_ENTRY", FEW)
    for number in range(FEW + 1):
        await tenants.create_tenant(platform, f"Acme {number}")
    await note_heads()
    noted = [e for e in await books.audit_of(None) if e.action == "audit.heads_noted"]
    assert [len(entry.details["heads"]) for entry in noted] == [FEW, 1]
    summaries = [e.summary for e in (await list_entries(platform, ListQuery())).entries[:3]]
    assert summaries == ["of 1 chain", f"of {FEW} chains", f"Acme {FEW}, acme-{FEW}"]


async def test_before_anything_has_happened_there_is_nothing_to_note(tenant: Tenant) -> None:
    await create_tenant("Other")
    assert await note_heads()
    assert await books.actions_of(None) == []
