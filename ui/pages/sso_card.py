"""The part of Settings that connects the organisation to its identity provider."""

import json
from functools import partial

from nicegui import ui

from services.sessions.sessions import Visit
from services.sso import connections
from services.sso.connections import ConnectionForm, ConnectionView
from ui.actions import told
from ui.components.facts import fact
from ui.components.form_dialog import Field, FormDialog
from ui.components.part import Part
from ui.components.toast import Toast
from ui.frame import section, text
from ui.input import as_text
from ui.paths import home_path
from ui.words import moment

REQUIRE = {"no": "Offered beside the password", "yes": "Required for everyone"}


class SsoCard:
    """What is connected, and the dialogs that change it."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.base = home_path(visit.tenant_slug)
        self.addresses = connections.addresses_of(visit.tenant_slug)
        self.toast = toast

    def build(self, connection: ConnectionView | None) -> None:
        """Lay the card and its dialogs out."""
        self.connect = self._connection_dialog("Connect single sign-on", has_secret=False)
        self.change = self._connection_dialog("Change single sign-on", has_secret=True)
        self.require = FormDialog(
            "Require single sign-on",
            fields=[Field("required", "Use", "select", options=tuple(REQUIRE.items()))],
            submit="Save",
            on_submit=self._require,
            body="Tenant Admins can always use their password, so that a broken provider locks "
            "nobody out for good. Nobody is signed out now.",
        )
        self.remove = FormDialog(
            "Disconnect single sign-on",
            submit="Disconnect",
            on_submit=self._remove,
            tone="danger",
            body="Who has no password yet asks for one with “Forgot password?”. Who is linked to "
            "whom is kept, for the day when the same provider is connected again.",
        )
        self.part = Part(section("card card-wide"), self._fill)
        self.part.show(connection)

    def _connection_dialog(self, title: str, *, has_secret: bool) -> FormDialog:
        """The form; a secret that is there may stay."""
        roles = tuple((role.value, role.label) for role in connections.NEW_PEOPLE)
        kept = " Empty: as it is." if has_secret else ""
        return FormDialog(
            title,
            fields=[
                Field("name", "Name on the button", maxlength=200, help="Such as Entra or Okta."),
                Field(
                    "discovery",
                    "Discovery address",
                    maxlength=450,
                    help="The provider's address, up to /.well-known/openid-configuration.",
                ),
                Field("client_id", "Client ID", maxlength=255),
                Field(
                    "client_secret",
                    "Client secret",
                    "password",
                    required=not has_secret,
                    help=f"Stored encrypted, and never shown again.{kept}",
                ),
                Field(
                    "domains",
                    "Email domains",
                    maxlength=2000,
                    help="By commas. Only verified addresses of these are linked.",
                ),
                Field(
                    "new_people",
                    "People without an account",
                    "select",
                    options=((connections.NOBODY, "Are refused"), *roles),
                    help="With a role: their first sign-in makes them an account.",
                ),
            ],
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
            _address("Redirect address", self.addresses.redirect, self.toast)
            _address("Sign-out address", self.addresses.after_logout, self.toast)
            _address("Back-channel logout", self.addresses.backchannel_logout, self.toast)

    def _facts(self, connection: ConnectionView) -> None:
        new_people = connection.new_people
        fact("Provider", connection.name, title=connection.issuer)
        fact("Issuer", connection.issuer)
        fact("Client ID", connection.client_id)
        fact("Email domains", ", ".join(connection.domains))
        fact("No account yet", f"Becomes {new_people.label}" if new_people else "Refused")
        fact("Use", REQUIRE["yes" if connection.required else "no"])
        fact("Last good test", moment(connection.tested_at, "not tested as it is"))

    def _open_connect(self) -> None:
        shown = self.shown
        values = {}
        if shown is not None:
            values = {
                "name": shown.name,
                "discovery": shown.issuer,
                "client_id": shown.client_id,
                "domains": ", ".join(shown.domains),
                "new_people": shown.new_people.value if shown.new_people else connections.NOBODY,
            }
        self._form().open(values=values)

    def _form(self) -> FormDialog:
        return self.connect if self.shown is None else self.change

    def _open_require(self) -> None:
        required = self.shown is not None and self.shown.required
        self.require.open(values={"required": "yes" if required else "no"})

    def _open_remove(self) -> None:
        self.remove.open()

    async def _connect(self, values: dict[str, str]) -> None:
        dialog = self._form()

        @told(self.toast, dialog)
        async def save() -> None:
            names = ConnectionForm.model_fields
            form = ConnectionForm(**{name: as_text(values, name) for name in names})
            await connections.connect(self.actor, form)
            dialog.close()
            await self.refresh()
            self.toast.show("Single sign-on is connected. Test it now.", tone="success")

        await save()

    async def _require(self, values: dict[str, str]) -> None:
        @told(self.toast, self.require)
        async def save() -> None:
            await connections.require(self.actor, as_text(values, "required") == "yes")
            self.require.close()
            await self.refresh()
            self.toast.show("The requirement is saved.", tone="success")

        await save()

    async def _remove(self, _values: dict[str, str]) -> None:
        @told(self.toast, self.remove)
        async def save() -> None:
            await connections.disconnect(self.actor)
            self.remove.close()
            await self.refresh()
            self.toast.show("Single sign-on is disconnected.", tone="success")

        await save()


def _button(label: str, handler: object, name: str = "") -> None:
    button = text("button", label, "btn btn-quiet").props('type="button"')
    if name:
        button.props["aria-label"] = name
    button.on("click", handler, args=[])  # type: ignore[arg-type]


def _address(name: str, url: str, toast: Toast) -> None:
    with ui.element("div").classes("fact"):
        text("dt", name)
        with ui.element("dd").classes("copyable"):
            text("span", url, "mono")
            copy = text("button", "Copy", "btn btn-quiet").props('type="button"')
            copy.props["aria-label"] = f"Copy the {name.lower()}"
            copy.on("click", js_handler=f"() => navigator.clipboard.writeText({json.dumps(url)})")
            copy.on("click", partial(toast.show, f"{name} copied.", tone="success"), args=[])
