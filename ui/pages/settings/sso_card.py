"""The part of Settings that connects the organisation to its identity provider."""

import json
from enum import StrEnum
from functools import partial

from nicegui import ui

from services.core.form_fields import Option
from services.core.forms import Form, choice
from services.sessions.sessions import Visit
from services.sso import connections
from services.sso.connections import (
    ConnectionForm,
    ConnectionView,
    NewConnectionForm,
    NewPeople,
)
from ui.components.facts import fact
from ui.components.part import Part
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog
from ui.frame import section, text
from ui.paths import home_path
from ui.words import moment


class SsoUse(StrEnum):
    """Whether people may still use a password."""

    OFFERED = "offered"
    REQUIRED = "required"


USES = {
    SsoUse.OFFERED: "Offered beside the password",
    SsoUse.REQUIRED: "Required for everyone",
}


class SsoUseForm(Form):
    """How single sign-on is used."""

    use: SsoUse = choice("Use", [Option(use, label) for use, label in USES.items()])


class SsoCard:
    """What is connected, and the dialogs that change it."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.base = home_path(visit.tenant_slug)
        self.urls = connections.tenant_urls(visit.tenant_slug)
        self.toast = toast

    def build(self, connection: ConnectionView | None) -> None:
        """Lay the card and its dialogs out."""
        self.connect = self._connection_dialog("Connect single sign-on", NewConnectionForm)
        self.change = self._connection_dialog("Change single sign-on", ConnectionForm)
        self.require = FormDialog(
            self.toast,
            "Require single sign-on",
            SsoUseForm,
            submit="Save",
            on_submit=self._require,
            body="Tenant Admins can always use their password, so that a broken provider locks "
            "nobody out for good. Nobody is signed out now.",
        )
        self.remove = FormDialog(
            self.toast,
            "Disconnect single sign-on",
            Form,
            submit="Disconnect",
            on_submit=self._remove,
            tone="danger",
            body="People without a password ask for one with “Forgot password?”. The links between "
            "people and accounts are kept, in case the same provider is connected again.",
        )
        self.part = Part(section("card card-wide"), self._fill)
        self.part.show(connection)

    def _connection_dialog(
        self, title: str, form: type[ConnectionForm]
    ) -> FormDialog[ConnectionForm]:
        return FormDialog(
            self.toast,
            title,
            form,
            submit="Save",
            on_submit=self._connect,
            body="Rollcall's server asks this address, so enter only one that you trust.",
        )

    async def refresh(self) -> None:
        """Show what is connected now."""
        self.part.show(await connections.get_connection(self.actor))

    def _fill(self, connection: ConnectionView | None) -> None:
        self.shown = connection
        with ui.element("div").classes("card-head"):
            text("h2", "Single sign-on")
            with ui.element("div").classes("actions"):
                if connection is None:
                    _button("Connect", self._open_connect)
                else:
                    test = text("a", "Test", "btn btn-quiet")
                    test.props["href"] = f"{self.base}/sso/test"
                    test.props('target="_blank" rel="noopener"')
                    _button("Change", self._open_connect, "Change single sign-on")
                    _button("Require", self._open_require)
                    _button("Disconnect", self._open_remove)
        text("p", "People sign in with the account that they have at your organisation.", "muted")
        with ui.element("dl").classes("facts"):
            if connection is not None:
                self._facts(connection)
            _url("Redirect address", self.urls.redirect, self.toast)
            _url("Sign-out address", self.urls.after_logout, self.toast)
            _url("Back-channel logout", self.urls.backchannel_logout, self.toast)

    def _facts(self, connection: ConnectionView) -> None:
        new_people = connection.new_people
        fact("Provider", connection.name, title=connection.issuer)
        fact("Issuer", connection.issuer)
        fact("Client ID", connection.client_id)
        fact("Email domains", ", ".join(connection.domains))
        fact("No account yet", f"Becomes {new_people.label}" if new_people else "Refused")
        fact("Use", USES[SsoUse.REQUIRED if connection.required else SsoUse.OFFERED])
        fact("Last good test", moment(connection.tested_at, "not tested as it is"))

    def _open_connect(self) -> None:
        shown = self.shown
        if shown is None:
            self.connect.open()
            return
        values = {
            "name": shown.name,
            "discovery": shown.issuer,
            "client_id": shown.client_id,
            "domains": ", ".join(shown.domains),
            "new_people": shown.new_people or NewPeople.NOBODY,
        }
        self.change.open(values)

    def _open_require(self) -> None:
        required = self.shown is not None and self.shown.required
        self.require.open({"use": SsoUse.REQUIRED if required else SsoUse.OFFERED})

    def _open_remove(self) -> None:
        self.remove.open()

    async def _connect(self, form: ConnectionForm) -> str:
        await connections.connect(self.actor, form)
        await self.refresh()
        return "Single sign-on is connected. Test it now."

    async def _require(self, form: SsoUseForm) -> str:
        await connections.require(self.actor, form.use is SsoUse.REQUIRED)
        await self.refresh()
        return "The requirement is saved."

    async def _remove(self, _form: Form) -> str:
        await connections.disconnect(self.actor)
        await self.refresh()
        return "Single sign-on is disconnected."


def _button(label: str, handler: object, name: str = "") -> None:
    button = text("button", label, "btn btn-quiet").props('type="button"')
    if name:
        button.props["aria-label"] = name
    button.on("click", handler, args=[])  # type: ignore[arg-type]  # a handler, of whatever arguments


def _url(name: str, url: str, toast: Toast) -> None:
    with ui.element("div").classes("fact"):
        text("dt", name)
        with ui.element("dd").classes("copyable"):
            text("span", url, "mono")
            copy = text("button", "Copy", "btn btn-quiet").props('type="button"')
            copy.props["aria-label"] = f"Copy the {name.lower()}"
            copy.on("click", js_handler=f"() => navigator.clipboard.writeText({json.dumps(url)})")
            copy.on("click", partial(toast.show, f"{name} copied.", tone="success"), args=[])
