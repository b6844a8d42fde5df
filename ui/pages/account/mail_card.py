"""The card of My account that says of what one is told by mail."""

from nicegui import ui

from services.access.actor import Actor
from services.users import profile
from services.users.profile import Profile
from ui.actions import told
from ui.components.toast import Toast
from ui.frame import section, text

MENTIONS = "Mail me when somebody mentions me"


class MailCard:
    """The card, whose switch stays while it changes, so that the focus does, too."""

    def __init__(self, actor: Actor, toast: Toast) -> None:
        self.actor = actor
        self.toast = toast
        self.wanted = False
        self.switch: ui.element | None = None

    def build(self, shown: Profile) -> None:
        """Lay the card out, for those who may get such mails."""
        if shown.wants_mention_mails is None:
            return
        with section():
            text("h2", "Mail")
            with ui.element("div").classes("preference"):
                self.switch = text("button", "", "switch").props('type="button" role="switch"')
                self.switch.props["aria-label"] = MENTIONS
                self.switch.on("click", told(self.toast)(self._toggle), args=[])
                with ui.element("div"):
                    text("p", MENTIONS)
                    waits = "It is sent two minutes later, unless you open Rollcall before."
                    text("p", waits, "small muted")
        self.show(shown)

    def show(self, shown: Profile) -> None:
        """Show what is chosen now."""
        if self.switch is None:
            return
        self.wanted = shown.wants_mention_mails is True
        self.switch.props["aria-checked"] = str(self.wanted).lower()

    async def _toggle(self) -> None:
        wanted = not self.wanted
        await profile.want_mention_mails(self.actor, wanted)
        self.show(await profile.get_profile(self.actor))
        said = "You get a mail when somebody mentions you." if wanted else "You get no such mails."
        self.toast.show(said, tone="success")
