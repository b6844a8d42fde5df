"""Whose cookie it is that a page is asked for with: one statement, for every page."""

from typing import Any

import sqlalchemy
from sqlalchemy import bindparam
from sqlmodel import col

from models import LoginSession, Tenant, User
from services.access.actor import IS_ACTIVE
from services.core import clock
from services.core.names import is_slug
from services.core.secrets import token_hash
from services.database.prepared import Prepared
from services.database.transaction import Transaction

_OF_USER: tuple[Any, ...] = (
    *(User.id, User.role, User.first_name, User.last_name, User.email),
    col(User.tenant_id).label("own_tenant_id"),
)
_OF_SESSION: tuple[Any, ...] = (
    col(LoginSession.id).label("session_id"),
    *(LoginSession.method, LoginSession.expires_at, LoginSession.last_seen_at),
)
_OF_TENANT: tuple[Any, ...] = (
    col(Tenant.id).label("tenant_id"),
    *(Tenant.slug, Tenant.name, Tenant.logo, Tenant.second_factor_policy, Tenant.closed_at),
    Tenant.time_zone,
)
_VISITOR = Prepared(
    sqlalchemy.select(*_OF_USER, *_OF_SESSION, *_OF_TENANT)
    .select_from(LoginSession)
    .join(User, col(User.id) == col(LoginSession.user_id))
    .join(Tenant, col(Tenant.slug) == bindparam("slug"), isouter=True)
    .where(
        col(LoginSession.token_hash) == bindparam("token_hash"),
        # as `LoginSession.is_alive`
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.expires_at) > bindparam("now"),
        IS_ACTIVE,
    )
)


async def find_visitor(tx: Transaction, token: str, slug: str | None = None) -> Any:
    """What the columns above have of the live session of this cookie, of its active user, and of
    the tenant with this slug (each none if there is no such tenant); none if nobody is let in."""
    known = slug if slug and is_slug(slug) else None
    found = await _VISITOR.rows(tx, token_hash=token_hash(token), slug=known, now=clock.now())
    return found[0] if found else None
