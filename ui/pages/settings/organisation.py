"""Settings, Organisation: its name and looks, and who may be invited."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from services.core.colours import Brand, Theme, brand_of, read_colour
from services.core.forms import fields_of
from services.sessions.sessions import Visit
from services.tenants import organisation
from services.tenants.organisation import Organisation, OrganisationForm, get_organisation
from ui.components.image_picker import HINT, ImagePicker
from ui.components.part import Part
from ui.components.toast import Toast
from ui.forms.helpers import Helpers
from ui.forms.page_form import Card, PageForm
from ui.frame import text
from ui.looks import logo_url

CARDS = (
    Card("looks", "Name and looks", ("name", "brand_colour")),
    Card("place", "Time and place", ("time_zone", "documentation_url")),
    Card("welcome", "Welcome", ("welcome_text",)),
    Card("invitations", "Invitations", ("allowed_domains",)),
)


class OrganisationSection:
    """The form, and a preview of the looks."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast

    async def build(self) -> None:
        """Lay the section out."""
        shown = self.shown = await get_organisation(self.actor)
        self.looks = shown.name, shown.brand_colour
        self.form = PageForm(
            self.toast,
            OrganisationForm,
            CARDS,
            _values(shown),
            on_submit=self._save,
            helpers=Helpers(
                check=self._check,
                on_change=self._preview,
                hints={"name": f"Its address is /t/{shown.slug}, and stays so."},
            ),
            note="Seen at once on every open page.",
        )
        with self.form.element.add_slot("looks"):
            with ui.element("div").classes("field"):
                text("span", "Logo", "field-label")
                self.logo = ImagePicker(
                    self.toast,
                    "Logo",
                    logo_url(shown.slug, shown.logo),
                    on_image=self._set_logo,
                    on_remove=self._remove_logo,
                    hint=f"{HINT} Shown at 24 to 48 px.",
                )
            self.previews = Part(ui.element("div").classes("brand-previews"), self._previews)
            self._show_looks()

    async def refresh(self) -> None:
        """Show what is saved by now."""
        before, self.shown = self.shown, await get_organisation(self.actor)
        self.form.follow(_values(self.shown))
        if before.logo != self.shown.logo:
            self.logo.show(logo_url(self.shown.slug, self.shown.logo))
        if self.looks == (before.name, before.brand_colour):  # nothing else is being tried out
            self.looks = self.shown.name, self.shown.brand_colour
        self._show_looks()

    async def _check(self, field: str, value: str) -> tuple[str, str]:
        if field != "brand_colour" or not value:
            return "", ""
        return "", brand_of(read_colour(value)).told

    async def _preview(self, values: Mapping[str, Any]) -> None:
        name, colour = values["name"], values["brand_colour"]
        wrong = OrganisationForm.check("brand_colour", values)
        if isinstance(name, str) and isinstance(colour, str) and not wrong:
            self.looks = name.strip(), colour.strip()
            self._show_looks()

    def _show_looks(self) -> None:
        name, colour = self.looks
        brand = brand_of(read_colour(colour)) if colour else None
        self.previews.show(name, logo_url(self.shown.slug, self.shown.logo), brand)

    def _previews(self, name: str, logo: str, brand: Brand | None) -> None:
        for theme in ("light", "dark"):
            colours = getattr(brand, theme) if brand else None
            self._preview_of(theme, name, logo, colours)

    def _preview_of(self, theme: str, name: str, logo: str, colours: Theme | None) -> None:
        box = ui.element("div").classes("brand-preview").props(f'role="img" data-theme="{theme}"')
        box.props["aria-label"] = f"The sign-in page in the {theme} theme"
        if colours:
            box.style(f"--accent:{colours.fill};--accent-text:{colours.text}")
        with box:
            with ui.element("div").classes("brand-preview-head"):
                if logo:
                    image = ui.element("img").classes("tenant-logo").props('alt=""')
                    image.props["src"] = logo
                text("bdi", name)
            with ui.element("div").classes("brand-preview-body"):
                text("span", "Sign in", "btn btn-primary")
                text("span", "Forgot password?", "brand-preview-link")
                ratio = f", {colours.contrast:.1f} : 1" if colours else ""
                text("span", f"{theme.capitalize()}{ratio}", "muted")

    async def _save(self, form: OrganisationForm) -> str:
        await organisation.edit_organisation(self.actor, form)
        self.shown = await get_organisation(self.actor)
        self.looks = self.shown.name, self.shown.brand_colour
        self.form.show(_values(self.shown))
        self._show_looks()
        return "The settings are saved."

    async def _set_logo(self, data: bytes) -> None:
        await organisation.set_logo(self.actor, data)
        await self.refresh()
        self.logo.show(logo_url(self.shown.slug, self.shown.logo))
        self.toast.show("The logo is saved.", tone="success")

    async def _remove_logo(self) -> None:
        await organisation.remove_logo(self.actor)
        await self.refresh()
        self.toast.show("The logo is removed.", tone="success")


def _values(shown: Organisation) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in fields_of(OrganisationForm)}
