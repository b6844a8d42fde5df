"""The screens of a tenant: their list, what each shows, and their end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, delete, func, select

from models import EndReason, LoginSession, Screen, ScreenTab, Tenant
from services.access.actor import Principal
from services.access.outsiders import ScreenActor
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import NotFoundError, SessionEndedError
from services.core.secrets import token_hash
from services.database.looking import looks_first
from services.database.transaction import reading
from services.screens.actions import ScreenAction
from services.screens.events import ScreenChanged, ScreenReloaded
from services.screens.forms import ScreenSetUp
from services.screens.showing import Options
from services.sessions import sessions
from services.sessions.sessions import Caller

# A tab that wasn't heard of for this long isn't open any more: each tab is noted every minute.
SILENT = timedelta(seconds=150)


@dataclass(frozen=True)
class OpenTab:
    """A tab in which a screen is open."""

    ip: str
    size: str
    since: datetime


@dataclass(frozen=True)
class ScreenRow:
    """A screen in the list on Settings. `seen_at` is when it was last heard of, if ever."""

    id: UUID
    version: int
    name: str
    options: Options
    tabs: Sequence[OpenTab]
    seen_at: datetime | None


@dataclass(frozen=True)
class ScreenSettings:
    """What the feed has to know of a screen."""

    tenant_id: UUID
    organisation: str
    name: str
    options: Options
    zone: str
    """The organisation's time zone; none if it has chosen none: then the screen's own counts."""


async def list_screens(actor: Principal) -> list[ScreenRow]:
    """The screens of the tenant, by their names."""
    async with viewing(actor, Permission.MANAGE_SCREENS) as view:
        tenant = await view.get_tenant()
        screens = (
            await view.tx.exec(
                select(Screen)
                .where(Screen.tenant_id == tenant.id, col(Screen.revoked_at).is_(None))
                .order_by(func.lower(Screen.name), col(Screen.id))
            )
        ).all()
        ids = [screen.id for screen in screens]
        tabs = await view.tx.exec(
            select(ScreenTab)
            .where(
                col(ScreenTab.screen_id).in_(ids),
                col(ScreenTab.seen_at) > clock.now() - SILENT,
            )
            .order_by(col(ScreenTab.since))
        )
        open_in: dict[UUID, list[OpenTab]] = {}
        for tab in tabs:
            shown = OpenTab(tab.ip, tab.size, tab.since)
            open_in.setdefault(tab.screen_id, []).append(shown)
        seen = await view.tx.exec(
            select(LoginSession.screen_id, func.max(LoginSession.last_seen_at))
            .where(col(LoginSession.screen_id).in_(ids))
            .group_by(col(LoginSession.screen_id))
        )
        seen_at = dict(seen.all())
        return [
            ScreenRow(
                id=screen.id,
                version=screen.version,
                name=screen.name,
                options=Options.read(screen.options),
                tabs=tuple(open_in.get(screen.id, ())),
                seen_at=seen_at.get(screen.id),
            )
            for screen in screens
        ]


@looks_first
async def change_screen(actor: Principal, screen_id: UUID, form: ScreenSetUp) -> None:
    """Rename a screen, or have it show something else."""
    async with acting(actor, Permission.MANAGE_SCREENS) as act:
        screen = await _get(act, screen_id)
        kept = form.options.kept()
        if (screen.name, screen.options) == (form.name, kept):
            return
        screen.name, screen.options = form.name, kept
        await act.record(ScreenAction.CHANGED, screen, shows=form.options.words)
        _changed(act, screen)


@looks_first
async def reload_screen(actor: Principal, screen_id: UUID) -> None:
    """Have a screen load its page again."""
    async with acting(actor, Permission.MANAGE_SCREENS) as act:
        screen = await _get(act, screen_id)
        await act.record(ScreenAction.RELOADED, screen)
        act.publish(ScreenReloaded(tenant_id=screen.tenant_id, screen_id=screen.id))


@looks_first
async def revoke_screen(actor: Principal, screen_id: UUID) -> None:
    """End a screen, wherever it is open."""
    async with acting(actor, Permission.MANAGE_SCREENS, urgent=True) as act:
        screen = await _get(act, screen_id)
        screen.revoked_at = clock.now()
        cause = await act.record(ScreenAction.REVOKED, screen)
        await sessions.end(act.tx, screen, EndReason.REVOKED, cause=cause)
        await act.tx.exec(delete(ScreenTab).where(col(ScreenTab.screen_id) == screen.id))
        _changed(act, screen)


async def _get(act: Act, screen_id: UUID) -> Screen:
    screen = await act.get(Screen, screen_id, lock=True)
    if screen.revoked_at is not None:
        raise NotFoundError("This screen was revoked already.")
    return screen


def _changed(act: Act, screen: Screen) -> None:
    screen.version += 1
    act.publish(ScreenChanged(tenant_id=screen.tenant_id, screen_id=screen.id))


async def recognise(token: str | None, caller: Caller) -> ScreenActor:
    """Which screen a browser is. Raises `SessionEndedError` if it isn't one, or isn't one any
    more."""
    async with reading() as tx:
        found = (
            await tx.exec(
                select(LoginSession, Screen)
                .join(Screen, col(Screen.id) == col(LoginSession.screen_id))
                .join(Tenant, col(Tenant.id) == col(Screen.tenant_id))
                .where(
                    LoginSession.token_hash == token_hash(token or ""),
                    col(Tenant.closed_at).is_(None),
                )
            )
        ).first()
    if found is None:
        raise SessionEndedError
    session, screen = found
    if not session.is_alive(clock.now()):
        raise SessionEndedError(session.end_reason)
    return ScreenActor(session.id, screen.id, screen.tenant_id, screen.name, caller.ip)


def chosen_zone(tenant: Tenant) -> str:
    """The time zone that an organisation has chosen; empty if it is UTC still: then each screen and
    each dashboard has the time of its browser."""
    return "" if tenant.time_zone == "UTC" else tenant.time_zone


async def find_settings(screen_ids: Collection[UUID]) -> dict[UUID, ScreenSettings]:
    """What these screens should show; a revoked one, or one whose tenant is closed, isn't in it.
    Needs no actor: the feed asks once for all of them."""
    if not screen_ids:
        return {}
    async with reading() as tx:
        found = await tx.exec(
            select(Screen, Tenant)
            .join(Tenant, col(Tenant.id) == col(Screen.tenant_id))
            .where(
                col(Screen.id).in_(list(screen_ids)),
                col(Screen.revoked_at).is_(None),
                col(Tenant.closed_at).is_(None),
            )
        )
        return {
            screen.id: ScreenSettings(
                tenant.id,
                tenant.name,
                screen.name,
                Options.read(screen.options),
                chosen_zone(tenant),
            )
            for screen, tenant in found
        }
