"""The sections of Settings: the links at the left, and what each section shows.

A section is a class with `build` and `refresh`, and a line here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from services.access.permissions import Permission
from services.sessions.sessions import Visit
from ui.components.toast import Toast
from ui.pages.settings.mail_texts import MailTextsSection
from ui.pages.settings.organisation import OrganisationSection
from ui.pages.settings.rules import RulesSection
from ui.pages.settings.screens import ScreensSection
from ui.pages.settings.sign_in import SignInSection


class SectionView(Protocol):
    """A section on an open page."""

    async def build(self) -> None:
        """Lay the section out."""

    async def refresh(self) -> None:
        """Show the present values: something of the organisation has changed."""


@dataclass(frozen=True)
class Section:
    """A section: the last part of its path, its name, and who may open it."""

    key: str
    name: str
    permission: Permission
    view: Callable[[Visit, Toast], SectionView]


SECTIONS = (
    Section("", "Organisation", Permission.MANAGE_ORGANISATION, OrganisationSection),
    Section("sign-in", "Sign-in", Permission.MANAGE_SIGN_IN, SignInSection),
    Section("rules", "Reviews and end dates", Permission.MANAGE_ORGANISATION, RulesSection),
    Section("mails", "Mail texts", Permission.MANAGE_ORGANISATION, MailTextsSection),
    Section("screens", "Screens", Permission.MANAGE_SCREENS, ScreensSection),
)
