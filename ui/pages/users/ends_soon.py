"""The page Ends soon: whose access ends, and which links expire, grouped by nearness."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.core import clock
from services.core.days import end_of, find_zone
from services.core.forms import Form
from services.core.words import isolated_where_needed
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import accounts, extending, invitations, listing, reminders
from services.users.extending import Extension
from services.users.forms import TIME_HINT, EndReminders, ToldEndDate, end_hint
from services.workspace import end_calendar
from services.workspace.ends_soon import MOST, Ending, EndsSoon, Kind, list_ends_soon
from ui import notices, work_feed
from ui.actions import told
from ui.components.ends_soon import EndsSoonList
from ui.components.facts import fact
from ui.components.part import Part
from ui.components.tabs import users_tabs
from ui.components.toast import Toast
from ui.dialogs.telling import not_offered
from ui.dialogs.user_acts import about
from ui.forms.dialog import FormDialog, Helpers, Link, Subject
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.looks import version_of
from ui.page import add_page
from ui.paths import home_path
from ui.whose import whose

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]

SHOWN = (Kind.PERSON, Kind.CUSTOMER, Kind.LINK)
ACTS = {Kind.PERSON: "Extend by a month", Kind.INVITATION: "Resend"}
NOW_GIVEN = "Paste it into Outlook, Google or Apple Calendar as a calendar from the internet."


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/ends-soon")(ends_soon_page)


async def ends_soon_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    rooms = (notices.ends_room, work_feed.work_room, notices.reviews_room)
    enter(visit, *(room(tenant_id) for room in rooms))
    shown = await list_ends_soon(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Ends soon", current="users", tabs=users_tabs(visit, "ends-soon")) as toast:
        with ui.element("div").classes("page-head"):
            text("h1", "Ends soon")
        _EndsScreen(visit, toast).build(shown)


class _EndsScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.within = 30
        self.extensions: dict[UUID, Extension] = {}

    def build(self, shown: EndsSoon) -> None:
        """Lay the page out."""
        self._build_dialogs(shown)
        with ui.element("div").classes("ends-columns"):
            self.list = EndsSoonList(
                self._values(shown),
                on_act=self._act,
                on_undo=self._undo,
                on_change=self._open_change,
                on_within=self._choose,
                on_stale=told(self.toast)(self._refresh),
            )
            with ui.element("div").classes("ends-aside"):
                with section():
                    text("h2", "What happens then")
                    said = (
                        "Rollcall deactivates them at that minute, closes their pages, and writes "
                        "it into the audit log as itself."
                    )
                    text("p", said, "muted")
                    with_poc = "A customer’s people lose theirs when their last POC is closed."
                    text("p", with_poc, "muted")
                self.reminders = Part(section(), self._reminders)
                self.calendar = Part(section(), self._calendar)
        self._show_aside(shown)

    def _build_dialogs(self, shown: EndsSoon) -> None:
        self.hints = {"end_date": end_hint(shown.time_zone), "end_time": TIME_HINT}
        self.change = FormDialog(
            self.toast,
            "End date",
            ToldEndDate,
            submit="Save",
            helpers=Helpers(hints=self.hints, hidden=not_offered()),
        )
        self.wanting = FormDialog(
            self.toast, "Reminders", EndReminders, submit="Save", on_submit=self._want
        )
        self.telling = FormDialog(
            self.toast,
            "Calendar address",
            Form,
            submit="Show the address",
            on_submit=self._tell,
            body="Anybody who has this address sees whose access ends when, without signing in. "
            "Keep it to yourself. The audit log notes that it was shown.",
        )
        self.revoking = FormDialog(
            self.toast,
            "Revoke the calendar address?",
            Form,
            submit="Revoke",
            on_submit=self._revoke,
            tone="danger",
            body="Calendars that read it find nothing any more. You can make a new one.",
        )

    async def _refresh(self) -> None:
        shown = await list_ends_soon(self.actor, self.within)
        self.list.show(self._values(shown))
        self._show_aside(shown)

    def _show_aside(self, shown: EndsSoon) -> None:
        self.reminders.show(shown.reminded, shown.is_reminded)
        self.calendar.show(shown.has_feed)

    def _reminders(self, reminded: int, is_reminded: bool) -> None:
        text("h2", "Reminders")
        others = {0: "", 1: " and 1 admin"}.get(reminded, f" and {reminded} admins")
        with ui.element("dl").classes("facts"):
            fact("7 days before", f"to whoever invited{others}")
            fact("1 day before", f"to whoever invited{others}")
        if not self.visit.above_tenants:
            self._button(
                "Change", lambda: self.wanting.open({"wanted": is_reminded}), "Change reminders"
            )

    def _calendar(self, has_feed: bool) -> None:
        text("h2", "In your calendar")
        text("p", "A secret address for Outlook, Google or Apple.", "muted")
        text("p", f"It has the nearest {MOST} ends, a year ahead.", "muted")
        with ui.element("div").classes("actions"):
            self._button("Show the address" if has_feed else "Make an address", self.telling.open)
            if has_feed:
                self._button("Revoke", self.revoking.open, "Revoke the calendar address")

    def _button(self, label: str, handler: Any, name: str = "") -> None:
        button = text("button", label, "btn btn-small").props('type="button"')
        if name:
            button.props["aria-label"] = name
        button.on("click", handler, args=[])

    async def _choose(self, within: int) -> None:
        self.within = within
        await told(self.toast)(self._refresh)()

    async def _act(self, kind: str, user_id: UUID) -> None:
        marks: dict[str, Any] = {}
        act = self._resend if kind == Kind.INVITATION else self._extend
        await told(self.toast)(partial(act, marks))(user_id)
        self.list.tell_done(f"{kind}-{user_id}", marks)

    async def _extend(self, marks: dict[str, Any], user_id: UUID) -> None:
        extension = await extending.extend(self.actor, user_id)
        self.extensions[user_id] = extension
        before, after = extension.before.words, extension.after.words
        marks |= {"when": after, "note": f"was {before}", "act": "Extended", "undo": True}
        said = f"{isolated_where_needed(extension.name)}’s access ends on {after}."
        self.toast.show(said, "success", "Undo", partial(self._undo, user_id))

    async def _undo(self, user_id: UUID) -> None:
        if extension := self.extensions.pop(user_id, None):
            await told(self.toast)(self._take_back)(extension)
            self.list.tell_done(f"{Kind.PERSON}-{user_id}", {})

    async def _take_back(self, extension: Extension) -> None:
        await extending.take_back(self.actor, extension)
        name, end = isolated_where_needed(extension.name), extension.before.words
        self.toast.show(f"{name}’s access ends on {end} again.")

    async def _resend(self, marks: dict[str, Any], user_id: UUID) -> None:
        invited = await invitations.resend(self.actor, user_id)
        marks |= {"when": "just now", "note": "the old link is dead", "act": "Sent again"}
        if invited.by_mail:
            said = f"A new invitation is on its way to {invited.email}. The old link is dead."
        else:
            marks["act"] = "Renewed"
            said = "The old link is dead. Copy the new one on their page, and hand it over."
        self.toast.show(said, "success")

    async def _open_change(self, user_id: UUID) -> None:
        await told(self.toast)(self._ask_change)(user_id)

    async def _ask_change(self, user_id: UUID) -> None:
        details = await listing.get_details(self.actor, user_id)
        end = details.end
        values: dict[str, Any] = {"tell": details.tells}
        if end:
            values |= {"end_date": end.day, "end_time": end.at}
        self.hints["end_date"] = end_hint(details.time_zone, details.latest_end)
        self.change.open(Subject(values, partial(self._change, user_id)), about=about(details))

    async def _change(self, user_id: UUID, form: ToldEndDate) -> str:
        await accounts.set_end_date(
            self.actor, user_id, form.end_date, form.end_time, tell=form.tell
        )
        end = (await listing.get_details(self.actor, user_id)).end
        return f"The account ends on {end.words}." if end else "The account has no end date."

    async def _want(self, form: EndReminders) -> str:
        await reminders.want_reminders(self.actor, form.wanted)
        await self._refresh()
        return "You are reminded by mail." if form.wanted else "You aren’t reminded any more."

    async def _tell(self, _form: Form) -> Link:
        url = await end_calendar.tell_url(self.actor)
        await self._refresh()
        return Link(NOW_GIVEN, url)

    async def _revoke(self, _form: Form) -> str:
        await end_calendar.revoke(self.actor)
        await self._refresh()
        return "The calendar address is dead."

    def _values(self, shown: EndsSoon) -> dict[str, Any]:
        zone, now = find_zone(shown.time_zone), clock.now()
        base = home_path(self.visit.tenant_slug)
        counts = Counter("link" if row.kind is Kind.INVITATION else row.kind for row in shown.rows)
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in shown.rows:
            title = _title(row.at, now, zone, self.within)
            groups.setdefault(title, []).append(_row_values(row, now, zone, base))
        midnight = end_of(now.astimezone(zone).date(), shown.time_zone)
        upcoming = [row.at for row in shown.rows if row.at > now]
        return {
            "groups": [{"title": title, "rows": rows} for title, rows in groups.items()],
            "counts": {"all": len(shown.rows), **{k: counts[k] for k in SHOWN}},
            "within": self.within,
            "has_more": shown.has_more,
            "next": min([midnight, *upcoming]).isoformat(),
        }


def _title(at: datetime, now: datetime, zone: ZoneInfo, within: int) -> str:
    """The group in which a row with this end then stands."""
    today, day = now.astimezone(zone).date(), at.astimezone(zone).date()
    if day <= today:
        return "Today"
    if day <= today + timedelta(days=6 - today.weekday()):
        return "This week"
    return f"By {now.astimezone(zone) + timedelta(days=within):%-d %B}"


def _row_values(row: Ending, now: datetime, zone: ZoneInfo, base: str) -> dict[str, Any]:
    at = row.at.astimezone(zone)
    is_today = at.date() <= now.astimezone(zone).date()
    is_day = row.end is not None and row.end.at is None and row.end.zone == zone.key
    day = "today" if is_today else f"{at:%a %-d %B}" + ("" if at.year == now.year else f" {at:%Y}")
    return {
        "key": f"{row.kind}-{row.user_id}",
        "kind": row.kind.value,
        "id": str(row.user_id),
        **whose(row.name, row.email),
        "picture": version_of(row.picture),
        "detail": row.detail,
        "at": row.at.isoformat(),
        "when": day if is_day else f"{day} {at:%H:%M}",
        "today": is_today,
        "note": row.note,
        "act": ACTS.get(row.kind, ""),
        "url": f"{base}/customers" if row.poc_id else f"{base}/users/{row.user_id}",
        "poc": f"{base}/pocs/{row.poc_id}" if row.poc_id else "",
    }
