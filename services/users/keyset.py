"""One page of a list of users, found without reading the pages before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, null, tuple_
from sqlmodel import col, select

from models import User
from services.core.db import Transaction
from services.users.counts import UserCounts
from services.users.query import PAGE_SIZE, Place, UserQuery, contain, in_tenant


@dataclass(frozen=True)
class Run:
    """Users who are sorted alike, so that one index has them in order.

    A list by status is two of them, one after the other, each by name. Any other is one.
    """

    conditions: Sequence[ColumnElement[bool]]
    columns: Sequence[Any]
    active: bool | None


@dataclass(frozen=True)
class Found:
    """The users of a tenant that a query is about. `few` are those who can be meant by its words,
    where these are not many."""

    tenant_id: UUID | None
    query: UserQuery
    words: Sequence[str]
    counts: UserCounts
    few: Sequence[UUID] | None

    async def total(self, tx: Transaction, active: bool | None = None) -> int:
        """How many they are (of one status, where it is given)."""
        query = self.query
        status = query.active if active is None else active
        if not self.words:
            return self.counts.of(query.role, status, query.invited)
        if self.few is not None and not self.few:
            return 0
        conditions = self.conditions(status)
        return (await tx.exec(select(func.count()).select_from(User).where(*conditions))).one()

    async def page(self, tx: Transaction, page: int, total: int) -> Sequence[User]:
        """The users of a page, of `total` users in all."""
        near = self.query.near
        if near is not None and page > 1 and abs(near.page - page) == 1:
            beside = await self._beside(tx, near, forward=near.page < page)
            if beside:
                return beside
        skip = (page - 1) * PAGE_SIZE
        size = min(PAGE_SIZE, total - skip)
        if size <= 0:
            return []
        # From whichever end is nearer.
        if skip > total / 2:
            return (await self._skip(tx, total - skip - size, size, forward=False))[::-1]
        return await self._skip(tx, skip, size, forward=True)

    def conditions(self, active: bool | None) -> list[ColumnElement[bool]]:
        """What holds for all of them."""
        query = self.query
        conditions = [in_tenant(self.tenant_id), *contain(self.words)]
        if self.few is not None:
            # Looked up by id: SQLite would rather read all of the tenant's part of an index.
            tenant = func.coalesce(col(User.tenant_id), null())
            conditions[0] = tenant == self.tenant_id if self.tenant_id else tenant.is_(None)
            conditions.append(col(User.id).in_(self.few))
        if query.role is not None:
            conditions.append(col(User.role) == query.role)
        if active is not None:
            conditions.append(col(User.active).is_(active))
        if query.invited:
            conditions.append(col(User.first_sign_in_at).is_(None))
        return conditions

    def _runs(self, *, forward: bool) -> list[Run]:
        query = self.query
        columns = {
            "name": [col(User.name_key), col(User.id)],
            "email": [col(User.email_key), col(User.id)],
            "role": [col(User.role), col(User.name_key), col(User.id)],
            "status": [col(User.name_key), col(User.id)],
        }[query.sort]
        if query.sort != "status" or query.active is not None:
            return [Run(self.conditions(query.active), columns, query.active)]
        # Active first reads as ascending.
        statuses = (True, False) if query.descending != forward else (False, True)
        return [Run(self.conditions(active), columns, active) for active in statuses]

    async def _beside(self, tx: Transaction, near: Place, *, forward: bool) -> list[User]:
        keys = near.last if forward else near.first
        runs = self._runs(forward=forward)
        if self.query.sort == "status":
            active, keys = keys[0] == "1", keys[1:]
            runs = list(dropwhile(lambda run: run.active is not active, runs))
        users: list[User] = []
        for number, run in enumerate(runs):
            beyond = keys if number == 0 else None
            users += await self._read(tx, run, PAGE_SIZE - len(users), forward, beyond=beyond)
        return users if forward else users[::-1]

    async def _skip(self, tx: Transaction, skip: int, size: int, *, forward: bool) -> list[User]:
        users: list[User] = []
        runs = self._runs(forward=forward)
        for run in runs:
            if skip and len(runs) > 1:
                passed = await self.total(tx, run.active)
                if passed <= skip:
                    skip -= passed
                    continue
            users += await self._read(tx, run, size - len(users), forward, skip=skip)
            skip = 0
        return users

    async def _read(
        self,
        tx: Transaction,
        run: Run,
        size: int,
        forward: bool,
        *,
        skip: int = 0,
        beyond: tuple[str, ...] | None = None,
    ) -> Sequence[User]:
        if size <= 0:
            return []
        conditions = list(run.conditions)
        ascending = self.query.descending != forward
        if beyond is not None:
            *keys, user_id = beyond
            values = zip(run.columns, [*keys, UUID(user_id)], strict=True)
            place = tuple_(*(literal(value, column.type) for column, value in values))
            here = tuple_(*run.columns)
            conditions.append(here > place if ascending else here < place)
        order = [column.asc() if ascending else column.desc() for column in run.columns]
        # The page's ids come from an index alone; whole rows are read for those few.
        ids = select(User.id).where(*conditions).order_by(*order).limit(size).offset(skip)
        users = await tx.exec(select(User).where(col(User.id).in_(ids)).order_by(*order))
        return users.all()
