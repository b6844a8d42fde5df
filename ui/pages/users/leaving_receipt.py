"""The sheet of a leaving receipt, on the screen and on paper."""

from collections.abc import Sequence
from datetime import datetime

from nicegui import ui

from models import MailState
from services.core import clock
from services.core.days import find_zone
from services.core.words import count_words, isolated_where_needed
from services.users.departures import LeavingReceipt
from services.users.telling import Notice
from services.workspace.impact import WorkImpact
from services.workspace.leaving import Departure
from ui.components.facts import fact
from ui.components.person_avatar import PersonAvatar
from ui.frame import text
from ui.work_words import work_words

TOLD = {
    MailState.WAITING: "by mail, which waits to be sent",
    MailState.SENT: "by mail",
    MailState.FAILED: "no: the mail failed",
    MailState.CANCELLED: "no: the mail wasn’t sent any more",
}


def build_sheet(departure: Departure, left: WorkImpact) -> None:
    """Lay the receipt out: the moment, figures, details, and its position in the audit chain; and
    beside it what is left of the work by now."""
    receipt = departure.receipt
    with ui.element("header").classes("receipt-head"):
        PersonAvatar(receipt.user_id, receipt.name, departure.picture)
        with ui.element("div").classes("receipt-who"):
            text("h2", receipt.name).props('dir="auto"')
            since = f"{departure.role.label} since {departure.since:%-d %B %Y}"
            text("p", f"{departure.email}, {since}", "muted").props('dir="auto"')
        with ui.element("div").classes("receipt-from"):
            text("strong", departure.organisation).props('dir="auto"')
            text("p", f"Receipt {receipt.id}", "muted")
    with ui.element("div").classes("receipt-moment"):
        text("p", "Access ended")
        at = receipt.at.astimezone(find_zone(departure.zone))
        text("p", f"{at:%A %-d %B %Y, %H:%M:%S}", "receipt-time")
        zone = "" if departure.zone == "UTC" else f"{departure.zone}, "
        role = f", {departure.by_role.label}" if departure.by_role else ""
        said = f"{zone}{_exact(receipt.at)} UTC. By {receipt.by}{role}."
        text("p", said, "muted").props('dir="auto"')
    with ui.element("ul").classes("receipt-figures"):
        for figure, label in _figures(receipt):
            with ui.element("li"):
                text("strong", figure)
                text("span", label, "muted")
    with ui.element("div").classes("receipt-details"):
        _pages(receipt)
        _work(receipt, left)
        _died(receipt)
        _reason(departure)
    _chain(receipt)


def _exact(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"


def _ms(ms: float | None) -> str:
    return "no answer" if ms is None else f"{ms:.0f} ms"


def _figures(receipt: LeavingReceipt) -> Sequence[tuple[str, str]]:
    slowest = "–" if receipt.slowest_ms is None else _ms(receipt.slowest_ms)
    return (
        (f"{receipt.pages:,}", _noun(receipt.pages, "page closed", "pages closed")),
        (f"{receipt.devices:,}", _noun(receipt.devices, "device", "devices")),
        (slowest, "until the last one"),
        (f"{receipt.sessions:,}", _noun(receipt.sessions, "session ended", "sessions ended")),
        (f"{len(receipt.passkeys) + receipt.links:,}", "passkeys, links"),
    )


def _noun(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _pages(receipt: LeavingReceipt) -> None:
    with ui.element("section"):
        text("h3", "Pages")
        with ui.element("dl").classes("facts"):
            for page in receipt.closed:
                fact(page.page or "Page", ", ".join(filter(None, [_ms(page.ms), page.device])))
            left = receipt.pages - len(receipt.closed)
            if left or not receipt.pages:
                fact("More" if receipt.pages else "Open", f"{left:,}" if left else "none")


def _work(receipt: LeavingReceipt, left: WorkImpact) -> None:
    with ui.element("section"):
        text("h3", "Work handed over")
        with ui.element("dl").classes("facts"):
            for line in receipt.work:
                counts = ((line.pocs, "POC"), (line.tasks, "task"), (line.groups, "group"))
                for count, noun in counts:
                    if count:
                        fact(count_words(count, noun), f"to {isolated_where_needed(line.name)}")
            if not receipt.work:
                fact("Handed over", "nothing")
            if receipt.returned_at is None:
                stays = work_words(len(left.pocs), len(left.tasks), len(left.groups))
                fact("Orphaned", stays or "nothing")


def _died(receipt: LeavingReceipt) -> None:
    with ui.element("section"):
        text("h3", "Died at the same moment")
        with ui.element("dl").classes("facts"):
            fact("Sessions", f"{receipt.sessions:,}")
            fact("Passkeys", ", ".join(receipt.passkeys) or "none")
            fact("Links", f"{receipt.links:,} unused")
            fact("Mail", f"{receipt.mails:,} not sent any more")


def _reason(departure: Departure) -> None:
    receipt, mail = departure.receipt, departure.told
    with ui.element("section"):
        text("h3", "Reason and notice")
        with ui.element("dl").classes("facts"):
            fact("Reason", receipt.reason or "not given")
            zone = departure.zone
            fact("Told", _told(mail, zone) if mail else "not by Rollcall")
            if receipt.returned_at is not None:
                fact("Activated again", _there(receipt.returned_at, zone))
            else:
                fact("Undo until", _there(receipt.undo_until, zone))


def _there(at: datetime, zone: str) -> str:
    """A time as the organisation's clocks show it, as the sheet's others are."""
    return f"{at.astimezone(find_zone(zone)):%-d %B %Y, %H:%M}"


def _told(mail: Notice, zone: str) -> str:
    if mail.state is MailState.SENT and mail.sent_at is not None:
        return f"by mail, accepted {_there(mail.sent_at, zone)}"
    return TOLD[mail.state]


def _chain(receipt: LeavingReceipt) -> None:
    with ui.element("footer").classes("receipt-chain"):
        with ui.element("div").classes("card-head"):
            with ui.element("p"):
                text("strong", "Audit chain ")
                last = receipt.last_number
                to = f" to #{last:,}" if last != receipt.first_number else ""
                text("span", f"#{receipt.first_number:,}{to}")
            if receipt.problems:
                text("p", "Doesn’t agree with the log", "danger")
            else:
                text("p", f"Agrees with the log, {clock.now():%H:%M} UTC", "receipt-agrees")
        for problem in receipt.problems:
            text("p", problem, "danger")
        digits = receipt.last_hash
        text("p", " ".join(digits[at : at + 4] for at in range(0, len(digits), 4)), "mono muted")
        text("p", f"python main.py verify-audit --receipt {receipt.id}", "mono muted")
