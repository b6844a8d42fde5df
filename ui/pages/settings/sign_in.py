"""Settings, Sign-in: the second factor, and single sign-on."""

from nicegui import ui

from services.sessions.sessions import Visit
from services.sign_in.policy import get_policy
from services.sso.connections import get_connection
from ui.components.toast import Toast
from ui.pages.settings.second_factor_rule_card import SecondFactorRuleCard
from ui.pages.settings.sso_card import SsoCard


class SignInSection:
    """The cards about how the users of the organisation sign in."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.second_factor = SecondFactorRuleCard(visit, toast)
        self.sso = SsoCard(visit, toast)

    async def build(self) -> None:
        """Lay the section out."""
        policy = await get_policy(self.actor)
        connection = await get_connection(self.actor)
        with ui.element("div").classes("details-grid"):
            self.second_factor.build(policy)
            self.sso.build(connection)

    async def refresh(self) -> None:
        """Show what is set now."""
        await self.second_factor.refresh()
        await self.sso.refresh()
