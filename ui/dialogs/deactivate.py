"""Asks once before a deactivation, and says what happened after it."""

from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from services.access.actor import Actor
from services.core.errors import RollcallError
from services.core.form_fields import Option
from services.core.forms import Form, checkbox, choice, lines, person
from services.core.words import count_words, isolated_where_needed
from services.sessions import receipts
from services.sessions.receipts import Receipt
from services.users import accounts, selection
from services.users.accounts import Impact
from services.users.forms import TELL, Telling
from services.users.switching import StatusChange
from services.workspace import leaving
from services.workspace.impact import WorkImpact, get_work_impact
from services.workspace.pocs import RUN_POCS, HandOverForm
from ui.actions import go_to
from ui.components.toast import Toast
from ui.dialogs.telling import TOLD, active_again, not_offered
from ui.forms.dialog import About, FormDialog, Helpers, Subject

# How many titles of POCs the question names; of the others it says how many.
MOST_TITLES = 3


class HandOver(StrEnum):
    """What becomes of the work of somebody who leaves."""

    LEAVE = "leave"
    EACH = "each"
    ONE = "one"


STAYS = Option(
    HandOver.LEAVE.value,
    "Leave everything as it is",
    "Their POCs and tasks remain intact. You can reassign later.",
)
EACH = Option(
    HandOver.EACH.value,
    "Choose for each POC",
    "Access ends now; the next page lists the POCs.",
)
ONE = Option(
    HandOver.ONE.value, "Hand everything to one person", "Access ends now; choose them below."
)


class LeavingForm(Form):
    """What becomes of the work of somebody who leaves, who gets it, and whether they are told."""

    how: HandOver = choice("Hand over", (STAYS, EACH, ONE), as_list=True)
    owner_id: UUID | None = person(
        "Hand over to",
        among=RUN_POCS,
        ask="Choose who gets the work.",
        only_with=("how", ONE.value),
    )
    note: str = lines(
        "Handover Note", optional=True, hint="Stands on each POC.", only_with=("how", ONE.value)
    )
    tell: bool = checkbox(TELL)


class DeactivateDialog:
    """The confirmation of a deactivation."""

    def __init__(self, actor: Actor, toast: Toast, home: str) -> None:
        self.actor = actor
        self.toast = toast
        self.home = home
        self.asked: UUID | None = None  # about whom a dialog was opened last
        self.plain: FormDialog[Telling] = FormDialog(
            toast,
            "Deactivate user",
            Telling,
            submit="Deactivate",
            tone="danger",
            helpers=Helpers(on_stale=self.look_again, hidden=not_offered(), ends_access=True),
        )
        # For a user who would leave work behind.
        self.leaving: FormDialog[LeavingForm] = FormDialog(
            toast,
            "Deactivate user",
            LeavingForm,
            submit="Deactivate",
            tone="danger",
            helpers=Helpers(
                on_stale=self.look_again,
                people=partial(selection.list_selectable, actor),
                hidden=not_offered(),
                ends_access=True,
            ),
        )

    async def ask(self, user_id: UUID) -> None:
        """Open the dialog with what the deactivation would do right now."""
        impact = await accounts.get_impact(self.actor, user_id)
        work = await self._find_work(user_id)
        title, about = "Deactivate {name}?", _about(impact)
        body = [*_impact_text(impact), *_work_text(work)]
        self.asked = user_id
        if work.is_work:
            left = {"tell": impact.tells, "how": HandOver.LEAVE}
            asked = Subject(left, partial(self._leave, impact))
            self.leaving.open(asked, title=title, body=body, about=about)
        else:
            alone = Subject({"tell": impact.tells}, partial(self._deactivate, impact))
            self.plain.open(alone, title=title, body=body, about=about)

    async def look_again(self) -> None:
        """Show in the open dialog what the deactivation would do by now."""
        if self.asked is None or not (self.plain.is_open or self.leaving.is_open):
            return
        impact = await accounts.get_impact(self.actor, self.asked)
        name = isolated_where_needed(impact.name)
        others = "" if impact.active else f"Somebody else has deactivated {name} meanwhile."
        work = await self._find_work(impact.user_id)
        now: dict[str, Any] = {"body": [*_impact_text(impact), *_work_text(work)], "change": others}
        self.leaving.update(_about(impact), on_submit=partial(self._leave, impact), **now)
        self.plain.update(_about(impact), on_submit=partial(self._deactivate, impact), **now)

    async def _find_work(self, user_id: UUID) -> WorkImpact:
        if self.actor.tenant_id is None:  # above the organisations, nobody has work
            return WorkImpact((), ())
        return await get_work_impact(self.actor, user_id)

    async def _leave(self, impact: Impact, form: LeavingForm) -> None:
        """Access ends at once, whatever becomes of the work."""
        if form.owner_id is None:
            await self._deactivate(impact, form)
            if form.how is HandOver.EACH:
                go_to(f"{self.home}/users/{impact.user_id}/leaving")
            return
        left = await leaving.leave(
            self.actor,
            impact.user_id,
            HandOverForm(owner_id=form.owner_id, note=form.note),
            seen_version=impact.version,
            tell=form.tell,
        )
        name = isolated_where_needed(impact.name)
        given = f" The work of {name} is handed over." if left.handed_over else ""
        refused = f" The work stays: {left.refused}" if left.refused else ""
        await self._tell(impact, left.change, given or refused)

    async def _deactivate(self, impact: Impact, form: Telling | LeavingForm) -> None:
        change = await accounts.set_active(
            self.actor, impact.user_id, False, seen_version=impact.version, tell=form.tell
        )
        await self._tell(impact, change)

    async def _tell(self, impact: Impact, change: StatusChange, work: str = "") -> None:
        if self.asked == impact.user_id:  # else the question is about somebody else by now
            self.plain.close()
            self.leaving.close()
        if not change.changed or change.cause is None:
            name = isolated_where_needed(change.name)
            self.toast.show(f"{name} is inactive already.{work}")
            return
        # Nobody was signed in: there is no receipt to wait for.
        receipt = await receipts.of(change.cause) if impact.devices else None
        self.toast.show(
            outcome(change, receipt) + work + (TOLD if change.told else ""),
            tone="success",
            action_label="Undo",
            on_action=lambda: self._undo(change),
        )

    async def _undo(self, change: StatusChange) -> None:
        try:
            undone = await leaving.undo(self.actor, change.user_id, seen_version=change.version)
        except RollcallError as error:
            self.toast.show(str(error), tone="error")
            return
        again = " They can sign in again." if not undone.invited else ""
        self.toast.show(f"{active_again(undone)}{again}", tone="success")


def outcome(change: StatusChange, receipt: Receipt | None) -> str:
    """The result of a deactivation, with the measured figure."""
    name = isolated_where_needed(change.name)
    if receipt is None or not (receipt.pages or receipt.unheard):
        return f"{name} is deactivated. No page of theirs was open."
    elsewhere = (
        " Pages at a replica that hasn't reported yet close, too." if receipt.unheard else ""
    )
    if not receipt.pages:
        return f"{name} is deactivated.{elsewhere}"
    pages = count_words(receipt.pages, "open page")
    told_ms = f", the last one after {round(receipt.slowest_ms)} ms" if receipt.slowest_ms else ""
    silent = receipt.pages - receipt.answered
    cut_off = f" {silent} didn't answer and were disconnected." if silent else ""
    return f"{name} is signed out of {pages}{told_ms}.{cut_off}{elsewhere}"


def _about(impact: Impact) -> About:
    return About.person(impact.user_id, impact.name, impact.email)


def _work_text(work: WorkImpact) -> list[str]:
    """What would be left without anybody active; nothing if there is none."""
    lines = []
    if work.pocs:
        first = [isolated_where_needed(poc.title) for poc in work.pocs[:MOST_TITLES]]
        titles = ", ".join(f"“{title}”" for title in first)
        more = len(work.pocs) - MOST_TITLES
        others = f" and {more} more" if more > 0 else ""
        lines.append(f"{count_words(len(work.pocs), 'open POC')} of theirs: {titles}{others}.")
    if work.tasks:
        late = f", {work.overdue} of them overdue" if work.overdue else ""
        lines.append(f"{count_words(len(work.tasks), 'open task')} theirs alone{late}.")
    if work.groups:
        lines.append(f"{count_words(len(work.groups), 'group')} of tasks theirs alone.")
    if work.invitations:
        sent = count_words(work.invitations, "open invitation")
        lines.append(f"{sent} that they sent. They stay valid.")
    if work.customers:
        sent = count_words(work.customers, "open invitation")
        lines.append(f"{sent} of customers that they sent. They stay valid.")
    if work.screens:
        lines.append(f"{count_words(work.screens, 'screen')} that they paired. They go on.")
    return ["What would be left:", *lines] if lines else []


def _impact_text(impact: Impact) -> list[str]:
    pages = count_words(impact.open_pages, "open page")
    devices = count_words(impact.devices, "device")
    now = (
        f"Signed out now, everywhere: {pages} on {devices}."
        if impact.devices
        else "Not signed in anywhere right now."
    )
    return [
        f"{now} {{name}} can't sign in any more, and unused invitation links stop working.",
        "Their data stays. You can activate them again at any time.",
    ]
