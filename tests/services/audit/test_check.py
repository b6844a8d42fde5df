"""What the audit chains prove, if an attacker can write to the database and knows the code."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlmodel import col, delete, select

from models import AuditEvent, AuditHead, LoginSession, Role, Tenant, User, UserCount
from services.access.actor import Actor
from services.audit.check import BrokenLink, find_missing, verify
from services.audit.heads import Head, list_heads, note_heads
from services.audit.writing import GENESIS, PLATFORM_CHAIN, hash_of
from services.core import clock
from services.database.transaction import transaction
from services.tenants import tenants
from services.users import accounts
from tests.factories import create_user

Change = Callable[[AuditEvent], None]


async def _some_entries(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant)
    for active in (False, True, False, True):
        await accounts.set_active(admin, user.id, active=active)


async def _cut_off(chain: Tenant | None, keep: int) -> None:
    """Remove a chain's last entries, and set its head to what is left."""
    chain_id = chain.id if chain else PLATFORM_CHAIN
    async with transaction() as tx:
        await tx.exec(
            delete(AuditEvent).where(
                col(AuditEvent.chain_id) == chain_id, col(AuditEvent.number) > keep
            )
        )
        head = await tx.get_one(AuditHead, chain_id)
        last = select(AuditEvent.hash).where(
            AuditEvent.chain_id == chain_id, AuditEvent.number == keep
        )
        head.number, head.hash = keep, (await tx.exec(last)).first() or GENESIS


async def _rewrite(chain: Tenant | None, number: int, change: Change) -> None:
    """Change an entry, and compute the chain again from there on, as Rollcall does."""
    chain_id = chain.id if chain else PLATFORM_CHAIN
    async with transaction() as tx:
        rows = await tx.exec(
            select(AuditEvent)
            .where(AuditEvent.chain_id == chain_id, AuditEvent.number >= number)
            .order_by(col(AuditEvent.number))
        )
        previous = None
        for row in rows.all():
            if row.number == number:
                change(row)
            row.previous_hash = previous or row.previous_hash
            row.hash = previous = hash_of(row)
        head = await tx.get_one(AuditHead, chain_id)
        head.hash = previous or head.hash


async def _remove_organisation(tenant: Tenant) -> None:
    """Remove an organisation, its users and its chain, as if it had never been there."""
    async with transaction() as tx:
        theirs = select(User.id).where(User.tenant_id == tenant.id)
        await tx.exec(delete(LoginSession).where(col(LoginSession.user_id).in_(theirs)))
        await tx.exec(delete(User).where(col(User.tenant_id) == tenant.id))
        await tx.exec(delete(UserCount).where(col(UserCount.tenant_id) == tenant.id))
        await tx.exec(delete(AuditEvent).where(col(AuditEvent.chain_id) == tenant.id))
        await tx.exec(delete(AuditHead).where(col(AuditHead.chain_id) == tenant.id))
        await tx.exec(delete(Tenant).where(col(Tenant.id) == tenant.id))


def _named(links: list[BrokenLink]) -> list[tuple[str, int]]:
    return [(link.chain, link.number) for link in links]


async def test_earlier_heads_lie_on_chains_that_have_grown(admin: Actor, tenant: Tenant) -> None:
    at_first = await list_heads()
    await _some_entries(admin, tenant)
    later = await list_heads()
    await _some_entries(admin, tenant)
    assert await find_missing([*at_first, *later, *await list_heads()]) == []


async def test_entries_cut_off_at_the_end_are_missed_by_a_head_kept_elsewhere(
    admin: Actor, tenant: Tenant
) -> None:
    await _some_entries(admin, tenant)
    kept = await list_heads()
    await _cut_off(tenant, 2)
    assert (await verify())[1] is None  # nothing in the database itself can tell
    (link,) = await find_missing(kept)
    assert (link.chain, link.number) == (tenant.slug, 4)
    assert "ends at entry 2" in link.problem


async def test_changed_names_and_times_with_a_chain_computed_anew_are_found_by_a_head(
    admin: Actor, tenant: Tenant
) -> None:
    await _some_entries(admin, tenant)
    kept = await list_heads()

    def forge(entry: AuditEvent) -> None:
        entry.actor_name, entry.at = "Somebody else", entry.at - timedelta(days=1)

    await _rewrite(tenant, 2, forge)
    assert (await verify())[1] is None
    assert _named(await find_missing(kept)) == [(tenant.slug, 4)]


async def test_the_platforms_log_tells_on_a_chain_that_was_computed_anew_after_its_head_was_noted(
    admin: Actor, tenant: Tenant
) -> None:
    await _some_entries(admin, tenant)
    assert await note_heads()
    await _some_entries(admin, tenant)
    assert (await verify())[1] is None
    await _rewrite(tenant, 2, lambda entry: setattr(entry, "subject_name", "Somebody else"))
    _, broken = await verify()
    assert broken is not None
    assert (broken.chain, broken.number) == (tenant.slug, 4)
    assert "platform's log" in broken.problem


async def test_an_organisation_removed_with_its_chain_is_named(platform: Actor) -> None:
    gone = await tenants.create_tenant(platform, "Gone")
    kept = await list_heads()
    await _remove_organisation(gone)
    _, broken = await verify()
    assert broken is not None
    assert (broken.chain, broken.number) == ("gone", 1)
    assert "whole chain is missing" in broken.problem
    assert ("gone", 1) in _named(await find_missing(kept))


async def test_who_forges_the_platforms_log_too_is_found_by_one_head_kept_elsewhere(
    platform: Actor, admin: Actor, tenant: Tenant
) -> None:
    await _some_entries(admin, tenant)
    await note_heads()
    (head, *_) = await list_heads()
    assert head.chain_id == PLATFORM_CHAIN
    await _rewrite(tenant, 1, lambda entry: setattr(entry, "subject_name", "Somebody else"))
    async with transaction() as tx:
        forged = (await tx.get_one(AuditHead, tenant.id)).hash
    await _rewrite(
        None,
        head.number,
        lambda e: setattr(e, "details", {"heads": [[str(tenant.id), tenant.slug, 4, forged]]}),
    )
    assert (await verify())[1] is None
    assert _named(await find_missing([head])) == [("platform", head.number)]


async def test_each_expected_head_that_is_missing_is_named(admin: Actor, tenant: Tenant) -> None:
    await _some_entries(admin, tenant)
    (on_chain,) = [head for head in await list_heads() if head.chain_id == tenant.id]
    now = clock.now()
    beyond = Head(tenant.id, tenant.slug, 9, "a" * 64, now)
    another = Head(tenant.id, tenant.slug, 3, "b" * 64, now)
    stranger = await create_user(None, role=Role.PLATFORM_ADMIN)
    nowhere = Head(stranger.id, "nowhere", 1, "c" * 64, now)
    missing = await find_missing([on_chain, beyond, another, nowhere])
    assert _named(missing) == [(tenant.slug, 9), (tenant.slug, 3), ("nowhere", 1)]


async def test_a_note_that_rollcall_never_wrote_is_found(platform: Actor) -> None:
    await tenants.create_tenant(platform, "Acme")
    chain = str(PLATFORM_CHAIN)
    forgeries: list[Any] = [[["x", "acme", 1, "y"]], [1], 5, [[5, "acme", 1, "y"]]]
    forgeries += [[[chain, "acme", number, "y"]] for number in ("1", 2**70, -1, None)]
    for forged in forgeries:
        details = {"heads": forged}
        await _rewrite(None, 1, partial(_forge_details, details))
        _, broken = await verify()
        assert broken is not None
        assert (broken.chain, broken.number) == ("platform", 1)


def _forge_details(details: dict[str, Any], entry: AuditEvent) -> None:
    entry.details = details
