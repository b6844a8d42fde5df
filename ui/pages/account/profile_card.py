"""The card of My account that says who one is: name, contact, picture, email."""

from nicegui import ui

from models import Role
from services.core.forms import Form
from services.mail import outbox
from services.sessions.sessions import Visit
from services.users import email_change, profile
from services.users.email_change import EmailForm
from services.users.profile import Profile, ProfileForm, get_profile
from ui.components.facts import fact
from ui.components.image_picker import HINT, ImagePicker
from ui.components.part import Part
from ui.components.toast import Toast
from ui.components.zone_clock import ZoneClock
from ui.forms.dialog import FormDialog
from ui.frame import section, text
from ui.looks import portrait_url

# Who can invite somebody again in another role, for those to whom "your admin" says nothing.
ABOVE = {
    Role.PLATFORM_ADMIN: "another Platform Admin",
    Role.TENANT_ADMIN: "a Platform Admin",
}


class ProfileCard:
    """The card, and the dialogs that change what it shows."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast

    def build(self, shown: Profile) -> None:
        """Lay the card and its dialogs out."""
        self.edit = FormDialog(
            self.toast, "Edit profile", ProfileForm, submit="Save", on_submit=self._save
        )
        self.email = FormDialog(
            self.toast,
            "Change email",
            EmailForm,
            submit="Send the link",
            on_submit=self._change_email,
            body="A link goes to the new email, and nothing changes until you open it. The old "
            "email is told then, and can take it back for 7 days."
            if outbox.is_configured()
            else email_change.NO_MAIL,
        )
        self.cancel = FormDialog(
            self.toast,
            "Keep the email as it is?",
            Form,
            submit="Keep it",
            on_submit=self._cancel,
            body="The link that was sent to the new email stops working.",
        )
        with section():
            with ui.element("div").classes("card-head"):
                text("h2", "Account")
                with ui.element("div").classes("actions"):
                    self._button("Edit profile", self._open_edit)
                    self._button("Change email", self.email.open)
            self.picture = ImagePicker(
                self.toast,
                "Your picture",
                self._url(shown),
                on_image=self._set_picture,
                on_remove=self._remove_picture,
                initials=f"{shown.first_name[:1]}{shown.last_name[:1]}".upper(),
                hint=HINT,
            )
            self.part = Part(ui.element("div").classes("profile"), self._fill)
        self.shown = shown
        self.part.show(shown)

    async def refresh(self) -> None:
        """Show the present values."""
        before, self.shown = self.shown, await get_profile(self.actor)
        self.part.show(self.shown)
        if before.picture != self.shown.picture:
            self.picture.show(self._url(self.shown))

    def _fill(self, shown: Profile) -> None:
        if shown.waits_for:
            with ui.element("div").classes("banner banner-info").props('role="status"'):
                text("span", f"A link was sent to {shown.waits_for}. Open it to change your email.")
                self._button("Keep the old one", self.cancel.open)
        with ui.element("dl").classes("facts"):
            fact("Name", f"{shown.first_name} {shown.last_name}")
            fact("Email", shown.email)
            fact("Phone", shown.phone or "not given")
            if shown.time_zone:
                with ui.element("div").classes("fact"):
                    text("dt", "Local time")
                    with ui.element("dd"):
                        ZoneClock(shown.time_zone)
            else:
                fact("Local time", "not given")
            fact("Role", self.visit.role.label)
            fact("Organisation", self.visit.tenant_name or "Platform")
        whom = ABOVE.get(self.visit.role, "your admin")
        text("p", f"Your role can’t be changed. For another one, ask {whom}.", "muted")

    def _button(self, label: str, handler: object) -> None:
        button = text("button", label, "btn btn-quiet").props('type="button"')
        button.on("click", handler, args=[])  # type: ignore[arg-type]  # a handler, of whatever arguments

    def _url(self, shown: Profile) -> str:
        return portrait_url(self.visit.tenant_slug, self.visit.user_id, shown.picture)

    def _open_edit(self) -> None:
        shown = self.shown
        self.edit.open(
            {
                "first_name": shown.first_name,
                "last_name": shown.last_name,
                "phone": shown.phone,
                "time_zone": shown.time_zone,
            }
        )

    async def _save(self, form: ProfileForm) -> str:
        await profile.edit_profile(self.actor, form)
        return "Your profile is saved."

    async def _change_email(self, form: EmailForm) -> str:
        sent_to = await email_change.request_change(self.actor, form)
        return f"A link is on its way to {sent_to}."

    async def _cancel(self, _form: Form) -> str:
        await email_change.cancel_change(self.actor)
        return "The email stays as it is."

    async def _set_picture(self, data: bytes) -> None:
        await profile.set_picture(self.actor, data)
        await self.refresh()
        self.picture.show(self._url(self.shown))
        self.toast.show("The picture is saved.", tone="success")

    async def _remove_picture(self) -> None:
        await profile.remove_picture(self.actor)
        await self.refresh()
        self.toast.show("The picture is removed.", tone="success")
