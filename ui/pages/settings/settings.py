"""Settings: how the users of this organisation sign in."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.sign_in.policy import get_policy
from services.sso.connections import get_connection
from ui import notices
from ui.components.refresher import Refresher
from ui.frame import enter, frame, text
from ui.identity import require
from ui.pages.settings.second_factor_rule_card import SecondFactorRuleCard
from ui.pages.settings.sso_card import SsoCard

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_SIGN_IN))]


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/settings")(settings_page)


async def settings_page(visit: MayManage) -> None:
    """Build the page."""
    enter(visit, notices.settings_room(visit.actor.tenant_id))
    policy = await get_policy(visit.actor)
    connection = await get_connection(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Settings", current="settings") as toast:
        with ui.element("div").classes("page-head"):
            text("h1", "Settings")
        with ui.element("div").classes("details-grid"):
            second_factor = SecondFactorRuleCard(visit, toast)
            second_factor.build(policy)
            sso = SsoCard(visit, toast)
            sso.build(connection)

        async def refresh() -> None:
            await second_factor.refresh()
            await sso.refresh()

        Refresher("rollcall_settings", refresh, toast)
