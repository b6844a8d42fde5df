"""What a screen may show: its views, and how much of people's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models import User


class ScreenView(StrEnum):
    """One composition of a screen."""

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


@dataclass(frozen=True)
class Showing:
    """How names are written for one screen."""

    names: Names

    @property
    def has_names(self) -> bool:
        """Whether anything is shown of a name."""
        return self.names is not Names.COUNTS

    def name_of(self, user: User) -> str:
        """What is shown of somebody's name."""
        if self.names is Names.FULL:
            return user.full_name
        if self.names is Names.INITIALS:
            return "".join(part.strip()[:1].upper() for part in (user.first_name, user.last_name))
        return ""
