"""What a screen may show: its views, how much of people's names, and how it looks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from models import User


class ScreenView(StrEnum):
    """One of the compositions that a screen can show."""

    ROLL_CALL = "roll_call"
    PEOPLE = "people"
    POCS = "pocs"
    TROUBLE = "trouble"

    @property
    def label(self) -> str:
        """Its name on the screen."""
        return _LABELS[self]


_LABELS: Mapping[ScreenView, str] = {
    ScreenView.ROLL_CALL: "Roll call",
    ScreenView.PEOPLE: "People",
    ScreenView.POCS: "POCs",
    ScreenView.TROUBLE: "Trouble",
}


class Names(StrEnum):
    """How much of names is shown. What isn't shown isn't sent."""

    FULL = "full"
    INITIALS = "initials"
    COUNTS = "counts"

    @property
    def label(self) -> str:
        """The choice in words."""
        return {"full": "In full", "initials": "Initials", "counts": "Counts"}[self.value]


class Dwell(StrEnum):
    """How long a view stays before the next one comes, in seconds."""

    TEN = "10"
    TWENTY = "20"
    THIRTY = "30"
    MINUTE = "60"

    @property
    def label(self) -> str:
        """The choice in words."""
        return f"{self.value} seconds"


class Theme(StrEnum):
    """Whether a screen is dark or light."""

    DARK = "dark"
    LIGHT = "light"

    @property
    def label(self) -> str:
        """The choice in words."""
        return self.value.capitalize()


@dataclass(frozen=True)
class Options:
    """What one screen shows, as its row stores it."""

    views: Sequence[ScreenView]
    names: Names = Names.INITIALS
    dwell: Dwell = Dwell.TWENTY
    theme: Theme = Theme.DARK

    def kept(self) -> str:
        """As text."""
        views = [view.value for view in self.views]
        return json.dumps(
            {"views": views, "names": self.names, "dwell": self.dwell, "theme": self.theme}
        )

    @classmethod
    def read(cls, kept: str) -> "Options":
        """Read from that text. What another version has stored, and this one doesn't know, is left
        out: names are then shown as initials."""
        said = json.loads(kept)
        known = {view.value: view for view in ScreenView}
        views = tuple(known[view] for view in said.get("views", ()) if view in known)
        return cls(
            views or (ScreenView.ROLL_CALL,),
            _one_of(Names, said.get("names"), Names.INITIALS),
            _one_of(Dwell, said.get("dwell"), Dwell.TWENTY),
            _one_of(Theme, said.get("theme"), Theme.DARK),
        )

    @property
    def words(self) -> str:
        """In one line, for the list of screens."""
        views = ", ".join(view.label for view in self.views)
        names = {"full": "names in full", "initials": "initials", "counts": "counts alone"}
        return f"{views} · {names[self.names]} · {self.theme.value}"


EnumT = TypeVar("EnumT", bound=StrEnum)


def _one_of(kind: type[EnumT], value: object, otherwise: EnumT) -> EnumT:
    return next((member for member in kind if member.value == value), otherwise)


@dataclass(frozen=True)
class Showing:
    """How names are written for one screen."""

    names: Names

    @property
    def has_names(self) -> bool:
        """Whether any part of a name is shown."""
        return self.names is not Names.COUNTS

    def name_of(self, user: User) -> str:
        """The part of a person's name that is shown."""
        if self.names is Names.FULL:
            return user.full_name
        if self.names is Names.INITIALS:
            return "".join(part.strip()[:1].upper() for part in (user.first_name, user.last_name))
        return ""
