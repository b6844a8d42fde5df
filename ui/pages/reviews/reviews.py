"""Review: who to look at, the organisation's rule, and its reviews."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.core import clock
from services.core.words import count_words
from services.reviews import reasons, reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import DAYS, Looked, Reason
from services.reviews.reviews import Reviews, ReviewView
from services.sessions import sessions
from services.sessions.sessions import Visit
from ui import notices
from ui.actions import go_to
from ui.components.local_text import LocalText
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.tabs import users_tabs
from ui.components.toast import Toast
from ui.dialogs.telling import not_offered
from ui.forms.dialog import FormDialog, Helpers
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.page import add_page
from ui.pages.workspace.parts import button, link
from ui.paths import home_path
from ui.words import moment
from ui.work_words import day_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]
WHAT = (
    "It freezes who is asked about. You keep or deactivate each. Nothing happens to anybody until "
    "the close. The record is dated, signed, and can’t be changed."
)


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/review")(reviews_page)


async def reviews_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    enter(visit, notices.reviews_room(tenant_id), notices.people_room(tenant_id))
    screen = _ReviewsScreen(visit)
    await screen.read()
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Review", current="users", tabs=users_tabs(visit, "review")) as toast:
        screen.build(toast)


class _ReviewsScreen:
    """The parts and the handlers of one open page."""

    looked: Looked
    found: Reviews

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.home = home_path(visit.tenant_slug)

    async def read(self) -> None:
        """Read what the page shows."""
        self.looked = await reasons.count_reasons(self.actor)
        self.found = await reviews.list_reviews(self.actor)

    def build(self, toast: Toast) -> None:
        """Lay the page out."""
        self.form = FormDialog(
            toast,
            "Begin a review",
            ReviewForm,
            submit="Begin",
            on_submit=self._begin,
            helpers=Helpers(hidden=not_offered()),
        )
        with ui.element("div").classes("page-head"):
            text("h1", "Review")
            self.step = Part(ui.element("div").classes("actions"), self._step)
        with ui.element("div").classes("review-columns"):
            self.who = Part(section("card card-flush review-who"), self._who)
            with ui.element("div").classes("review-side"):
                self.rule = Part(section(), self._rule)
                with section():
                    text("h2", "What a review does")
                    text("p", WHAT, "muted")
        self.list = Part(section("card card-flush review-list"), self._list)
        self._show()
        for event in ("rollcall_reviews", "rollcall_people"):
            Refresher(event, self._refresh, toast)

    async def _refresh(self) -> None:
        await self.read()
        self._show()

    def _show(self) -> None:
        under_way = next((one.id for one in self.found.reviews if one.closed_at is None), None)
        self.step.show(under_way)
        self.who.show(self.looked, self.found.next_due)
        found = self.found
        self.rule.show(found.every_days, found.last_closed, found.overdue_since)
        self.list.show(tuple(self.found.reviews))
        self.list.box.set_visibility(bool(self.found.reviews))

    def _step(self, under_way: UUID | None) -> None:
        """There is one review at a time: either one is begun, or one is gone on with."""
        if under_way is None:
            button("+ Begin a Review", self._open, look="btn btn-primary")
        else:
            url = f"{self.home}/review/{under_way}"
            link("Go on with the review", url, "btn btn-primary")

    def _who(self, looked: Looked, next_due: datetime | None) -> None:
        with ui.element("div").classes("card-head"):
            text("h2", "Who to look at")
            text("span", f"now, {_people(looked.people)}", "muted small")
        if not looked.people:
            due = f" The next review is due on {next_due:%-d %B}." if next_due else ""
            text("p", f"Nobody to look at.{due}", "muted review-nobody")
            return
        with ui.element("ul").classes("review-reasons"):
            self._not_seen(looked.not_seen)
            more = {Reason.CAME_BACK: "within the last year"}
            if looked.admins_without_factor:
                more[Reason.ADMIN] = f"{looked.admins_without_factor:,} without a second factor"
            for reason, count in looked.counts.items():
                said = more.get(reason, "") if count else ""
                self._reason(count, reason.label, reason.filters(DAYS[-1]), said)
            if looked.customers:
                on = f"on {count_words(looked.customer_pocs, 'POC')}"
                with ui.element("li"):
                    text("strong", f"{looked.customers:,}", "review-count")
                    with ui.element("div").classes("review-what"):
                        text("strong", Reason.CUSTOMER.label)
                        text("span", on, "small muted")
                    shown = link(f"Show {looked.customers:,}", f"{self.home}/customers")
                    shown.props["aria-label"] = (
                        f"Show {looked.customers:,}: {Reason.CUSTOMER.label}"
                    )

    def _not_seen(self, by_days: Mapping[int, int]) -> None:
        days = next((days for days in reversed(DAYS) if by_days[days]), DAYS[-1])
        more = [
            f"{by_days[less] - by_days[greater]:,} more for {less}"
            for greater, less in ((90, 60), (60, 30))
            if less < days and by_days[less] > by_days[greater]
        ]
        label = f"{Reason.NOT_SEEN.label} for {days} days"
        self._reason(by_days[days], label, Reason.NOT_SEEN.filters(days), ", ".join(more))

    def _reason(self, count: int, label: str, filters: Mapping[str, str], more: str = "") -> None:
        with ui.element("li"):
            text("strong", f"{count:,}", "review-count")
            with ui.element("div").classes("review-what"):
                text("strong", label)
                if more:
                    text("span", more, "small muted")
            if count:
                shown = link(f"Show {count:,}", f"{self.home}/users?{urlencode(filters)}")
                shown.props["aria-label"] = f"Show {count:,}: {label}"

    def _rule(self, every_days: int | None, last: datetime | None, since: datetime | None) -> None:
        text("h2", "Rule")
        rule = f"A review every {every_days} days." if every_days else "No rule asks for reviews."
        ago = f" The last one closed {_ago(last)}." if last else " None was closed yet."
        text("p", rule + ago)
        if since is not None:
            text("p", f"A review has been due since {since:%-d %B}.", "danger")
        shown = link("Change", f"{self.home}/settings/rules", "btn btn-small")
        shown.props["aria-label"] = "Change the rule"

    def _list(self, found: Sequence[ReviewView]) -> None:
        with ui.element("div").classes("card-head"):
            text("h2", "Reviews")
        with ui.element("ul").classes("review-reasons"):
            for review in found:
                with ui.element("li"):
                    with ui.element("div").classes("review-what"):
                        link(review.name, f"{self.home}/review/{review.id}", "tenant-link")
                        about = LocalText("span", _about(review)).classes("small muted")
                        about.props["dir"] = "auto"
                    _state(review)

    def _open(self) -> None:
        usual = [reason.value for reason in Reason]
        name = f"Review of {clock.now():%B %Y}"
        values = {"name": name, "days": Days.NINETY, "reasons": usual}
        self.form.open({**values, "tell": self.found.tells})

    async def _begin(self, form: ReviewForm) -> None:
        review_id = await reviews.begin(self.actor, form)
        go_to(f"{self.home}/review/{review_id}")


def _people(count: int) -> str:
    return count_words(count, "person", "people")


def _ago(at: datetime) -> str:
    days = (clock.now() - at).days
    return {0: "today", 1: "yesterday"}.get(days, f"{days:,} days ago")


def _about(review: ReviewView) -> str:
    if review.closed_at is None:
        return f"Begun {moment(review.begun_at)} by {review.begun_by}"
    left = review.people - review.kept - review.deactivated
    rest = f", {left:,} left as they were" if left else ""
    said = f"{review.kept:,} kept, {review.deactivated:,} deactivated{rest}"
    return f"{_people(review.people)}, {said}"


def _state(review: ReviewView) -> None:
    if review.closed_at is not None:
        text("span", f"Closed {day_words(review.closed_at.date())}", "chip")
        return
    bar = ui.element("progress").classes("bar")
    bar.props["max"], bar.props["value"] = max(review.people, 1), review.decided
    words = f"{review.decided:,} of {review.people:,}"
    bar.props["aria-label"] = f"Decided: {words}"
    text("span", words, "muted")
    if review.closing:
        text("span", "closing now", "chip chip-accent")
    elif review.closes_here is not None:
        text("span", f"closes {review.closes_here:%a %-d %b}", "chip chip-accent")
