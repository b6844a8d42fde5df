"""What "Go to or do" offers: people, POCs, templates and organisations by name, and the pages and
acts that the visitor may reach."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.access.permissions import Permission, may
from services.core.names import fold, words_of
from services.lists.query import ListQuery
from services.sessions import presence
from services.sessions.sessions import Visit
from services.tenants import tenants
from services.users.row import UserRow
from services.workspace import finding
from ui.components.shell import Link
from ui.components.tabs import USERS_TABS
from ui.dialogs.user_acts import ASKING
from ui.paths import home_path

Offer = dict[str, Any]
Group = dict[str, Any]

# Acts that begin with a dialog of a page, or with a page: their names, their urls, and the
# permission that they take.
ACTS = (
    ("Invite User", "users?do=invite", Permission.INVITE_USERS),
    ("Invite several", "users?do=several", Permission.INVITE_USERS),
    ("Invite from a file", "users/import", Permission.INVITE_USERS),
    ("New POC", "pocs?do=new", Permission.RUN_POCS),
    ("New Template", "templates/tasks?do=new", Permission.CREATE_TEMPLATES),
    ("New Group", "templates?do=new", Permission.CREATE_TEMPLATES),
    ("Pair a Screen", "settings/screens", Permission.MANAGE_SCREENS),
    ("Show on a screen", "settings/screens", Permission.MANAGE_SCREENS),
)
# Pages of an organisation that stand in no navigation.
BESIDE = (("Dashboard", "dashboard", Permission.VIEW_USERS), *USERS_TABS[1:])
MOST = 5  # organisations


async def find(visit: Visit, links: Sequence[Link], words: str) -> list[Group]:
    """What contains each of these words, by kinds; without words, all pages and acts. `links` are
    those of the page's frame."""
    found = await finding.find_anything(visit.actor, words)
    base = home_path(visit.tenant_slug)
    asked = words_of(fold(words))
    pocs = [
        {"label": poc.title, "note": poc.status.label, "url": f"{base}/pocs/{poc.id}"}
        for poc in found.pocs
    ]
    templates = [
        {"label": title, "url": f"{base}/templates/{group_id}"}
        for group_id, title in found.templates
    ]
    groups = {
        "People": [_person(visit, base, row) for row in found.people],
        "POCs": pocs,
        "Templates": templates,
        "Organisations": await _organisations(visit, asked),
        "Pages": _containing(asked, _pages(visit, base, links)),
        "Acts": _containing(asked, _acts(visit, base)),
    }
    return [{"label": label, "offers": offers} for label, offers in groups.items() if offers]


def _person(visit: Visit, base: str, row: UserRow) -> Offer:
    url = f"{base}/users/{row.id}"
    online = presence.is_online(row.id)
    state = "here now" if online else "" if row.active else "inactive"
    acts = [act for act in ASKING if act.fits(visit, row)]
    return {
        "id": str(row.id),
        "label": row.name,
        "note": ", ".join(word for word in (row.role.label, state) if word),
        "online": online,
        "url": url,
        "acts": [
            {"label": act.label, "sign": act.sign, "url": f"{url}?do={act.name}"} for act in acts
        ],
    }


async def _organisations(visit: Visit, asked: Sequence[str]) -> list[Offer]:
    if not asked or not may(visit.role, Permission.MANAGE_TENANTS):
        return []
    query = ListQuery(q=" ".join(asked), filters={"status": "open"}, size=MOST)
    found = await tenants.list_tenants(visit.actor, query)
    return [
        {"label": tenant.name, "note": f"/t/{tenant.slug}", "url": f"/t/{tenant.slug}/users"}
        for tenant in found.rows
    ]


def _pages(visit: Visit, base: str, links: Sequence[Link]) -> list[Offer]:
    beside: list[Link] = [
        {"name": label, "href": f"{base}/{path}"}
        for label, path, needed in BESIDE
        if visit.tenant_slug and may(visit.role, needed)
    ]
    return [_link(link) for link in (*links, *beside)]


def _acts(visit: Visit, base: str) -> list[Offer]:
    above = visit.tenant_slug is None
    return [
        {"label": label, "sign": "plus", "url": f"{base}/{path}"}
        for label, path, needed in ACTS
        if may(visit.role, needed) and (not above or path == "users?do=invite")
    ]


def _link(link: Link) -> Offer:
    return {"label": link["name"], "sign": "page", "url": link["href"]}


def _containing(words: Sequence[str], offers: Iterable[Offer]) -> list[Offer]:
    return [offer for offer in offers if all(word in fold(offer["label"]) for word in words)]
