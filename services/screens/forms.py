"""The forms in which a screen is paired and set up."""

from pydantic import field_validator

from services.core.form_fields import Option
from services.core.forms import Form, choice, several, text
from services.screens.showing import Dwell, Names, Options, ScreenView, Theme

VIEWS = tuple(Option(view.value, view.label) for view in ScreenView)
NAMES = tuple(Option(names.value, names.label) for names in Names)
DWELLS = tuple(Option(dwell.value, dwell.label) for dwell in Dwell)
THEMES = tuple(Option(theme.value, theme.label) for theme in Theme)
CODE_HINT = "As the screen shows it: it stands there for ten minutes."
NAMES_HINT = "What isn’t chosen isn’t sent to the screen. Emails never are."


class ScreenSetUp(Form):
    """The screen's name, and what it shows."""

    name: str = text("Name", hint="Where it hangs, say: Oslo, reception.")
    views: tuple[ScreenView, ...] = several("Views", VIEWS)
    names: Names = choice("Names", NAMES, hint=NAMES_HINT)
    dwell: Dwell = choice("Each view for", DWELLS, half=True)
    theme: Theme = choice("Theme", THEMES, half=True)

    @field_validator("views")
    @classmethod
    def _check_views(cls, views: tuple[ScreenView, ...]) -> tuple[ScreenView, ...]:
        if not views:
            raise ValueError("Choose at least one view.")
        return tuple(view for view in ScreenView if view in views)

    @property
    def options(self) -> Options:
        """What the screen's row stores."""
        return Options(self.views, self.names, self.dwell, self.theme)


class NewScreen(Form):
    """The code that a screen shows, and what the screen will be."""

    code: str = text("Code", most=40, hint=CODE_HINT, half=True, autocomplete="off")
    name: str = text("Name", hint="Where it hangs, say: Oslo, reception.", half=True)
    views: tuple[ScreenView, ...] = several("Views", VIEWS)
    names: Names = choice("Names", NAMES, hint=NAMES_HINT)
    dwell: Dwell = choice("Each view for", DWELLS, half=True)
    theme: Theme = choice("Theme", THEMES, half=True)

    @property
    def set_up(self) -> ScreenSetUp:
        """The form without the code."""
        return ScreenSetUp(**self.model_dump(exclude={"code"}))
