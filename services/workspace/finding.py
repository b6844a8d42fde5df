"""Finding anything by a few words: people, POCs and templates, as far as one may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import GroupTemplate
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import View, viewing
from services.core.names import fold, plain, words_of
from services.lists.query import ListQuery
from services.lists.slices import read_slice
from services.users.list import USERS
from services.users.row import UserRow
from services.workspace.poc_list import POCS, PocRow

# The most results of each kind; more typing finds others.
OFFERED = 5


@dataclass(frozen=True)
class Found:
    """The first results of each kind. What one may not see isn't among them."""

    people: Sequence[UserRow] = ()
    pocs: Sequence[PocRow] = ()
    templates: Sequence[tuple[UUID, str]] = ()


async def find_anything(principal: Principal, words: str) -> Found:
    """What contains each of these words, in the principal’s organisation; nothing if there are no
    words."""
    words = plain(words)
    async with viewing(principal, Permission.USE_OWN_ACCOUNT) as view:
        if not words_of(fold(words)) or view.user is None:
            return Found()
        role, tx, tenant_id = view.user.role, view.tx, view.tenant_id
        people: Sequence[UserRow] = ()
        pocs: Sequence[PocRow] = ()
        templates: Sequence[tuple[UUID, str]] = ()
        if may(role, Permission.VIEW_USERS):  # people who can sign in come first
            asked = ListQuery(q=words, sort="status", size=OFFERED)
            people = (await read_slice(tx, USERS, asked, tenant_id)).rows
        if tenant_id is not None and may(role, Permission.VIEW_ALL_POCS):
            asked = ListQuery(q=words, size=OFFERED)
            pocs = (await read_slice(tx, POCS, asked, tenant_id)).rows
        if tenant_id is not None and may(role, Permission.VIEW_TEMPLATES):
            templates = await _templates(view, words_of(fold(words)))
        return Found(people, pocs, templates)


async def _templates(view: View, words: Sequence[str]) -> Sequence[tuple[UUID, str]]:
    key = col(GroupTemplate.title_key)
    found = await view.tx.exec(
        select(GroupTemplate.id, GroupTemplate.title)
        .where(
            GroupTemplate.tenant_id == view.tenant_id,
            col(GroupTemplate.archived_at).is_(None),
            *(key.contains(word, autoescape=True) for word in words),
        )
        .order_by(key, col(GroupTemplate.id))
        .limit(OFFERED)
    )
    return found.all()
