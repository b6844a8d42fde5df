"""The links of many invitations at once, to hand over: if no mail server sends them, or on
demand."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select

from models import LinkPurpose, OneTimeLink, Role, Tenant, User
from services.access import one_time_links
from services.access.permissions import INVITATIONS, may_invite
from services.audit.acting import View
from services.core import clock
from services.core.errors import FreshSignInNeededError
from services.users.invitation_links import invitation_url

# How many ids one query asks for.
CHUNK = 500


async def live_links(view: View, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The urls of these users' live invitations, by user, as far as this actor may hand them out:
    those of admins only after a fresh sign-in."""
    tenant = await view.tx.get_one(Tenant, tenant_id)
    roles = [role for role in Role if await _may_hand_out(view, role)]
    links: dict[UUID, str] = {}
    for at in range(0, len(ids), CHUNK):
        found = await view.tx.exec(
            select(OneTimeLink)
            .join(User, col(User.id) == col(OneTimeLink.user_id))
            .where(
                col(User.id).in_(ids[at : at + CHUNK]),
                User.active,
                col(User.role).in_(roles),
                OneTimeLink.purpose == LinkPurpose.INVITATION,
                col(OneTimeLink.used_at).is_(None),
                col(OneTimeLink.void_at).is_(None),
                col(OneTimeLink.expires_at) > clock.now(),
            )
        )
        for link in found:
            if link.user_id:
                links[link.user_id] = invitation_url(tenant.slug, one_time_links.token_of(link))
    return links


async def _may_hand_out(view: View, role: Role) -> bool:
    if view.user is None or not may_invite(view.user.role, role):
        return False
    try:
        await view.require(INVITATIONS[role])
    except FreshSignInNeededError:
        return False
    return True
