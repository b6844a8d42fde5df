"""One review: decided while it is open, and a record that can't be changed once it is closed."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.responses import Response
from nicegui import ui

from models import Decision, ReviewOutcome
from services.access.permissions import Permission
from services.core import clock
from services.core.errors import RollcallError
from services.core.forms import Form
from services.core.lookalikes import mixed_letters
from services.core.words import count_words, isolated, isolated_where_needed
from services.reviews import record, reviews
from services.reviews.record import ChainRange
from services.reviews.reviews import PersonView, ReviewView
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.sign_in import confirmation
from ui import notices
from ui.actions import told
from ui.components.facts import fact
from ui.components.person_avatar import PersonAvatar
from ui.components.print_button import PrintButton
from ui.components.refresher import Refresher
from ui.components.review_people import ReviewPeople
from ui.components.toast import Toast
from ui.csv_answer import csv_answer
from ui.email_text import email_text
from ui.forms.dialog import FormDialog
from ui.frame import enter, frame, mixed_chip, section, text
from ui.identity import require
from ui.page import add_file, add_page
from ui.pages.workspace.parts import button, link
from ui.paths import home_path
from ui.words import moment
from ui.work_words import day_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]
SHOWN = 200
"""How many people of a record are shown at once."""
OUTCOMES = {
    ReviewOutcome.KEPT: "review-kept",
    ReviewOutcome.DEACTIVATED: "review-out",
    ReviewOutcome.SKIPPED: "muted",
}


def register() -> None:
    """Route the page and the record as a file."""
    add_page("/t/{slug}/review/{review_id}")(review_page)
    add_file("/t/{slug}/review/{review_id}/record.csv")(record_file)


async def review_page(visit: MayView, review_id: UUID) -> None:
    """Build the page."""
    rooms = (notices.review_room(review_id), notices.people_room(visit.actor.tenant_id))
    enter(visit, *rooms)
    review = await reviews.get_review(visit.actor, review_id)
    people = await reviews.list_people(visit.actor, review_id)
    is_closed = review.closed_at is not None
    chain_range = await record.get_chain_range(visit.actor, review_id) if is_closed else None
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, review.name, current="users") as toast:
        link("← All reviews", f"{home_path(visit.tenant_slug)}/review", "back-link")
        if chain_range is None:
            _OpenScreen(visit, toast, review).build(people)
        else:
            _RecordScreen(visit, toast, review).build(people, chain_range)


async def record_file(visit: MayView, review_id: UUID) -> Response:
    """A closed review as a signed CSV file."""
    return csv_answer(await record.export(visit.actor, review_id), "review")


class _OpenScreen:
    """A review that is being decided."""

    def __init__(self, visit: Visit, toast: Toast, review: ReviewView) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.review = review

    def build(self, people: Sequence[PersonView]) -> None:
        """Lay the page out."""
        review = self.review
        self.closing = FormDialog(
            self.toast,
            "Close review",
            Form,
            submit="Close review",
            on_submit=self._close,
            tone="danger",
        )
        with ui.element("div").classes("page-head"):
            with ui.element("div").classes("details-title"):
                text("h1", review.name).props('dir="auto"')
                if review.closing:
                    text("span", "closing now", "chip chip-accent")
                elif review.closes_here is not None:
                    text("span", f"closes {review.closes_here:%a %-d %b}", "chip chip-accent")
            if not review.closing:
                with ui.element("div").classes("actions"):
                    button("Close review…", told(self.toast)(self._ask_close))
        text("p", _frozen(review), "muted review-frozen")
        self.people = ReviewPeople(
            [notices.person_values(person) for person in people],
            me=str(self.visit.user_id),
            is_open=not review.closing,
            on_decide=told(self.toast)(self._decide),
            on_missed=told(self.toast)(self._show),
        )
        Refresher("rollcall_reviews", self._refresh, self.toast)

    async def _refresh(self) -> None:
        """If it isn't the same kind of page any more, it is loaded again."""
        now = await reviews.get_review(self.actor, self.review.id)
        if (now.closing, now.closed_at) != (self.review.closing, self.review.closed_at):
            ui.navigate.reload()

    async def _show(self) -> None:
        people = await reviews.list_people(self.actor, self.review.id)
        self.people.show([notices.person_values(person) for person in people])

    async def _decide(self, ids: Sequence[UUID], decision: Decision | None) -> None:
        try:
            await reviews.decide(self.actor, self.review.id, ids, decision)
        except RollcallError:
            await self._show()  # what the browser showed early isn't true
            raise

    async def _ask_close(self) -> None:
        now = await reviews.get_review(self.actor, self.review.id)
        left = now.people - now.decided
        undecided = f"{_are(left, 'stays', 'stay')} as they are, undecided."
        body = (
            f"{_are(now.to_deactivate)} deactivated now, and signed out everywhere.",
            f"{_are(now.kept)} kept.",
            undecided if left else "Everybody is decided.",
            "The record can’t be changed afterwards.",
        )
        self.closing.open(title=f"Close {isolated_where_needed(now.name)}?", body=body)

    async def _close(self, _form: Form) -> None:
        await reviews.close(self.actor, self.review.id)


def _are(count: int, one: str = "is", many: str = "are") -> str:
    return count_words(count, f"person {one}", f"people {many}")


class _RecordScreen:
    """A review that is closed."""

    def __init__(self, visit: Visit, toast: Toast, review: ReviewView) -> None:
        self.visit = visit
        self.toast = toast
        self.review = review
        self.home = home_path(visit.tenant_slug)

    def build(self, people: Sequence[PersonView], chain_range: ChainRange) -> None:
        """Lay the record out."""
        review = self.review
        closed = review.closed_at or clock.now()
        with ui.element("div").classes("page-head"):
            with ui.element("div").classes("details-title"):
                text("h1", review.name).props('dir="auto"')
                text("span", f"Closed {closed:%-d %B %Y}", "chip")
            with ui.element("div").classes("actions"):
                PrintButton()
                button("Export, signed", told(self.toast)(self._export))
        with ui.element("ul").classes("receipt-figures card review-figures"):
            for figure, label in _figures(review):
                with ui.element("li"):
                    text("strong", f"{figure:,}")
                    text("span", label, "muted")
        with ui.element("div").classes("review-columns"):
            self._decisions(people)
            with ui.element("div").classes("review-side"):
                with section():
                    text("h2", "Record")
                    with ui.element("dl").classes("facts"):
                        fact("Begun", f"{moment(review.begun_at)}, by {review.begun_by}")
                        fact("Closed", f"{moment(closed)}, by {review.closed_by}")
                        out = review.closed_by == "Rollcall" and review.closes_at
                        fact("Rule", "Undecided are deactivated" if out else "Undecided stay")
                        if review.tells:
                            fact("Told", "Those who were deactivated, by email")
                        if review.next_due:
                            fact("Next due", f"{review.next_due:%-d %B %Y}")
                _chain_range(chain_range)

    def _decisions(self, people: Sequence[PersonView]) -> None:
        with section("card review-decisions") as card:
            text("h2", "Decisions")
            # On a narrow screen they aren't shown as a table: the roles keep it one.
            with _of_table("table", "table").classes("table").props('aria-label="Decisions"'):
                with _of_table("thead", "rowgroup"), _of_table("tr", "row"):
                    for label in ("Name", "Reason", "Decision", "By, on"):
                        text("th", label).props('role="columnheader" scope="col"')
                self.rows = _of_table("tbody", "rowgroup")
        with card:
            self.more = button("", self._show_more, look="link-button review-more")
        self.waiting = list(people)
        self._show_more()

    def _show_more(self) -> None:
        """Show the next people: thousands at once would make the page slow."""
        shown, self.waiting = self.waiting[:SHOWN], self.waiting[SHOWN:]
        with self.rows:
            for person in shown:
                self._decision(person)
        self.more.set_text(f"{len(self.waiting):,} more")
        self.more.set_visibility(bool(self.waiting))

    def _decision(self, person: PersonView) -> None:
        with _of_table("tr", "row"):
            with _of_table("td", "cell"), ui.element("div").classes("who"):
                url = f"{self.home}/users/{person.holder_id}"
                if person.role is None:
                    url = f"{self.home}/customers"
                PersonAvatar(person.holder_id, person.name, person.picture)
                with ui.element("div").classes("who-words"):
                    with ui.element("div").classes("chips"):
                        link(person.name, url, "name-link")
                        if mixed := mixed_letters(person.name, person.email):
                            mixed_chip(mixed)
                    with ui.element("bdi").classes("isolate small muted"):
                        email_text(person.email)
            text("td", ", ".join(person.reasons), "muted").props('role="cell"')
            outcome = person.outcome or ReviewOutcome.SKIPPED
            text("td", outcome.label, OUTCOMES[outcome]).props('role="cell"')
            text("td", _by(person), "muted").props('role="cell" dir="auto"')

    async def _export(self) -> None:
        await confirmation.require_fresh(self.visit.actor)
        ui.download.from_url(f"{self.home}/review/{self.review.id}/record.csv")


def _of_table(tag: str, role: str) -> ui.element:
    return ui.element(tag).props(f'role="{role}"')


def _frozen(review: ReviewView) -> str:
    frozen = f"Frozen on {review.begun_at:%-d %B}: {review.people:,} people."
    at = review.closes_here
    told_ = " Whom it deactivates is told by email." if review.tells else ""
    if at is None:
        return f"{frozen} Nothing happens to anybody until the close.{told_}"
    when = f"{at:%-d %B} at {at:%H:%M} ({review.zone})"
    return f"{frozen} People without a decision on {when} are deactivated.{told_}"


def _figures(review: ReviewView) -> tuple[tuple[int, str], ...]:
    return (
        (review.people, "people asked about"),
        (review.kept, "kept"),
        (review.deactivated - review.undecided_out, "deactivated by decision"),
        (review.undecided_out, "deactivated as undecided"),
    )


def _by(person: PersonView) -> str:
    if person.decided_at is None:
        return person.note or "Undecided at the close."
    said = f"{isolated(person.decided_by)}, {day_words(person.decided_at.date())}"
    return f"{said}. {person.note}" if person.note else said


def _chain_range(chain_range: ChainRange) -> None:
    digits: Any = chain_range.hash
    with section():
        text("h2", "Place in the audit chain")
        text("p", f"#{chain_range.first_number:,} to #{chain_range.last_number:,}", "mono")
        grouped = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
        text("p", f"sha256 {grouped}", "mono review-hash")
        for problem in chain_range.problems:
            text("p", problem, "danger")
        if not chain_range.problems:
            text("p", f"Recomputed {clock.now():%H:%M} UTC, whole", "receipt-agrees")
