"""Settings, Mail texts: what the mails say, with a preview and a test to oneself."""

from collections.abc import Mapping
from typing import Any

from models import MailTemplate
from services.core.errors import ConflictError, InvalidInputError
from services.mail.wordings import MAILS
from services.sessions.sessions import Visit
from services.tenants import mail_texts
from services.tenants.mail_texts import MailTextForm, ShownText
from ui.actions import told
from ui.components.mail_preview import MailPreview
from ui.components.toast import Toast
from ui.forms.helpers import Helpers
from ui.forms.page_form import Card, PageForm
from ui.frame import text
from ui.looks import logo_url

FIELDS = "Fields of this mail"
CARDS = (Card("mail", "", ("mail", "subject", "text"), inserts=FIELDS),)
WITH_LINK = "The button with the link is always there."
LEFT_OUT = "A paragraph is left out where one of its fields has nothing to say."


class MailTextsSection:
    """The text of one mail at a time; what was typed into the others is kept."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.slug = visit.tenant_slug
        self.toast = toast
        self.chosen = next(iter(MAILS))
        self.typed: dict[MailTemplate, dict[str, str]] = {}

    async def build(self) -> None:
        """Lay the section out."""
        self.texts = await mail_texts.get_texts(self.actor)
        self.form = PageForm(
            self.toast,
            MailTextForm,
            CARDS,
            self._values(),
            on_submit=self._save,
            helpers=Helpers(on_change=self._changed),
            inserts=self._shown.fields,
        )
        self.form.element.classes("mail-texts")
        with self.form.element.add_slot("mail"):
            self.hint = text("p", self._hint, "field-help")
        with self.form.element.add_slot("beside"):
            self.preview = MailPreview()
        with self.form.element.add_slot("actions"):
            _button("Back to Rollcall’s own text", self._restore, "btn btn-quiet mail-texts-own")
            _button("Send me a test", told(self.toast)(self._test), "btn")
        await self._show_preview(self._values())

    async def refresh(self) -> None:
        """Show what is saved by now."""
        self.texts = await mail_texts.get_texts(self.actor)
        self.form.follow(self._values())

    @property
    def _shown(self) -> ShownText:
        return self.texts[self.chosen]

    @property
    def _hint(self) -> str:
        return f"{WITH_LINK} {LEFT_OUT}" if self._shown.has_link else LEFT_OUT

    def _values(self) -> dict[str, Any]:
        wording = self._shown.wording
        return {"mail": self.chosen, "subject": wording.subject, "text": wording.text}

    async def _changed(self, values: Mapping[str, Any]) -> None:
        chosen = values["mail"]
        if chosen == self.chosen.value:
            await self._show_preview(values)
        elif chosen in tuple(MAILS):
            self.typed[self.chosen] = {
                name: str(values[name] or "") for name in ("subject", "text")
            }
            await self._choose(MailTemplate(chosen))

    async def _choose(self, chosen: MailTemplate) -> None:
        self.chosen = chosen
        draft = self.typed.pop(chosen, {})
        self.form.show(self._values(), self._shown.fields, draft)
        self.hint.set_text(self._hint)
        await self._show_preview({**self._values(), **draft})

    async def _show_preview(self, values: Mapping[str, Any]) -> None:
        try:
            form = MailTextForm(**values)
        except InvalidInputError:  # shown at the field; the last preview that was right stays
            return
        shown = await mail_texts.preview(self.actor, form)
        self.preview.show(shown, logo_url(self.slug, shown.logo))

    async def _restore(self) -> None:
        own = MAILS[self.chosen].own
        draft = {"subject": own.subject, "text": own.text}
        self.form.show(self._values(), None, draft)
        await self._show_preview({**self._values(), **draft})

    async def _test(self) -> None:
        try:
            typed = await self.form.element.run_method("plainValues")
        except TimeoutError as error:
            raise ConflictError("Your browser was too slow to send the text. Try again.") from error
        try:
            form = MailTextForm(**{name: typed.get(name) for name in ("mail", "subject", "text")})
        except InvalidInputError as error:
            raise ConflictError(f"{error} Mend it first.") from error
        email = await mail_texts.send_test(self.actor, form)
        self.toast.show(f"A test is on its way to {email}.", tone="success")

    async def _save(self, form: MailTextForm) -> str:
        if form.mail is not self.chosen:
            # Saved before the other mail's text could be shown: this is still the first mail's
            # text.
            await self._choose(form.mail)
            raise ConflictError("Another mail was chosen. Look at its text, then save it.")
        await mail_texts.edit_text(self.actor, form)
        self.texts = await mail_texts.get_texts(self.actor)
        self.form.show(self._values())
        await self._show_preview(self._values())
        name = MAILS[form.mail].name
        if self._shown.is_own:
            return f"“{name}” says what Rollcall says by itself."
        return f"The text of “{name}” is saved. Mails that wait say it too."


def _button(label: str, handler: Any, classes: str) -> None:
    text("button", label, classes).props('type="button"').on("click", handler, args=[])
