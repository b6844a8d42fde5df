"""Settings, Screens: the shared screens, what each shows, and where it is open."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from nicegui import ui

from services.core import clock
from services.core.forms import Form
from services.core.words import count_words
from services.screens import pairing, screens
from services.screens.forms import NewScreen, ScreenSetUp
from services.screens.screens import ScreenRow
from services.screens.showing import Dwell, Names, ScreenView, Theme
from services.sessions.sessions import Visit
from ui.actions import told
from ui.components.part import Part
from ui.components.rows import Rows
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Subject
from ui.frame import section, text
from ui.words import moment

AT_FIRST = {
    "views": (ScreenView.ROLL_CALL, ScreenView.PEOPLE, ScreenView.POCS),
    "names": Names.INITIALS,
    "dwell": Dwell.TWENTY,
    "theme": Theme.DARK,
}
ONLY_LOOKS = (
    "The screen can only look. Nothing on it leads into Rollcall, and no email is ever sent to it."
)


class ScreensSection:
    """The screens of the organisation, and the dialogs about them."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast

    async def build(self) -> None:
        """Lay the section out."""
        self.pairing = FormDialog(
            self.toast,
            "Pair a screen",
            NewScreen,
            submit="Pair",
            on_submit=self._pair,
            body=f"Open /wall on the screen. {ONLY_LOOKS}",
        )
        self.change = FormDialog(self.toast, "Set up {name}", ScreenSetUp, submit="Save")
        self.revoking = FormDialog(
            self.toast,
            "Revoke {name}?",
            Form,
            submit="Revoke",
            tone="danger",
            body="It shows nothing any more. To show something again, it has to be paired again.",
        )
        with ui.element("div").classes("card-head"):
            text("h2", "Screens")
            text("button", "+ Pair a Screen", "btn").props('type="button"').on(
                "click", partial(self.pairing.open, AT_FIRST), args=[]
            )
        with section("card card-flush"):
            self.head = Part(ui.element("div"), self._head)
            self.list = Rows(ui.element("ul").classes("screens"), self._row)
        await self.refresh()

    async def refresh(self) -> None:
        """Show which screens there are now."""
        rows = await screens.list_screens(self.actor)
        self.head.show(len(rows), sum(bool(row.tabs) for row in rows))
        self.list.show(rows)
        self.list.box.set_visibility(bool(rows))

    def _head(self, count: int, live: int) -> None:
        if not count:
            with ui.element("div").classes("empty"):
                text("p", "No screens yet. Open /wall on one, and type its code here.")
            return
        with ui.element("div").classes("screens-head"):
            text("h3", count_words(count, "screen"))
            text("span", f"{live} live · {count - live} offline", "small muted")

    def _row(self, row: ScreenRow) -> tuple[ui.element, Callable[[ScreenRow], None]]:
        line = ui.element("li").classes("screen-row").props(f'data-row="{row.id}"')
        with line:
            ui.element("span").classes("screen-mark").props('aria-hidden="true"')
            what = Part(ui.element("div").classes("screen-what"), self._what)
            where = Part(ui.element("div").classes("screen-where"), self._where)
            acts = Part(ui.element("div").classes("screen-actions"), self._acts)

        def follow(row: ScreenRow) -> None:
            state = "twice" if len(row.tabs) > 1 else "live" if row.tabs else "offline"
            if line.props.get("data-state") != state:  # the browser is told of each, also the same
                line.props["data-state"] = state
            what.show(row.name, row.options.words)
            where.show(*_where(row))
            acts.show(row, key=(row.name, row.options))

        return line, follow

    @staticmethod
    def _what(name: str, options: str) -> None:
        text("strong", name).props('dir="auto"')
        text("span", options, "small muted")

    @staticmethod
    def _where(first: str, second: str) -> None:
        text("span", first, "screen-state")
        text("span", second, "small muted")

    def _acts(self, row: ScreenRow) -> None:
        self._button("Revoke", row, partial(self._ask_revocation, row), "btn")
        self._button("Set up", row, partial(self._open_change, row))
        self._button("Reload", row, told(self.toast)(partial(self._reload, row)))

    def _button(
        self,
        label: str,
        row: ScreenRow,
        handler: Callable[[], object],
        classes: str = "btn btn-quiet",
    ) -> None:
        button = text("button", label, classes).props('type="button"')
        button.props["aria-label"] = f"{label} {row.name}"
        button.on("click", handler, args=[])

    def _open_change(self, row: ScreenRow) -> None:
        options = row.options
        opening = {
            "name": row.name,
            "views": tuple(options.views),
            "names": options.names,
            "dwell": options.dwell,
            "theme": options.theme,
        }
        self.change.open(Subject(opening, partial(self._change, row.id)), about=_about(row))

    def _ask_revocation(self, row: ScreenRow) -> None:
        self.revoking.open(Subject({}, partial(self._revoke, row.id)), about=_about(row))

    async def _pair(self, form: NewScreen) -> str:
        screen = await pairing.pair_screen(self.actor, form)
        return f"{screen.name} is paired. It shows its first view within a second."

    async def _change(self, screen_id: UUID, form: ScreenSetUp) -> str:
        await screens.change_screen(self.actor, screen_id, form)
        return f"{form.name} shows it by now."

    async def _reload(self, row: ScreenRow) -> None:
        await screens.reload_screen(self.actor, row.id)
        self.toast.show(f"{row.name} loads its page again.", tone="success")

    async def _revoke(self, screen_id: UUID, _form: Form) -> str:
        await screens.revoke_screen(self.actor, screen_id)
        return "The screen is revoked, and shows nothing any more."


def _about(row: ScreenRow) -> About:
    return About(str(row.id), row.name, row.options.words)


def _where(row: ScreenRow) -> tuple[str, str]:
    """Where a screen is open, in two lines."""
    if len(row.tabs) > 1:
        ips = [tab.ip or "somewhere" for tab in row.tabs]
        many = {2: "two", 3: "three"}.get(len(ips), str(len(ips)))
        return f"Open in {many} places", f"{', '.join(ips[:-1])} and {ips[-1]}"
    if row.tabs:
        tab = row.tabs[0]
        size = f", {tab.size}" if tab.size else ""
        return "Live", f"for {_lasting((clock.now() - tab.since).total_seconds())}{size}"
    if row.seen_at is None:
        return "Not open yet", "the code was typed a moment ago"
    return f"Offline since {moment(row.seen_at)}", "comes back by itself"


def _lasting(seconds: float) -> str:
    minutes = max(1, int(seconds // 60))
    if minutes < 120:
        return count_words(minutes, "minute")
    hours = minutes // 60
    return count_words(hours, "hour") if hours < 48 else count_words(hours // 24, "day")
