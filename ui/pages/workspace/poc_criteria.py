"""What a POC has to show, and what it showed: the tab Criteria."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from nicegui import ui

from models import Importance, Side
from services.core.errors import NotFoundError, RollcallError
from services.core.form_fields import Option
from services.sessions.sessions import Visit
from services.workspace import criteria, task_list
from services.workspace.criteria import CriterionForm, CriterionView, ResultForm
from services.workspace.listing import PocDetails
from ui.actions import told
from ui.components.toast import Toast
from ui.components.work_rows import WorkRows
from ui.forms.dialog import FormDialog, Outcome, Subject
from ui.forms.helpers import Helpers, renewed
from ui.frame import section
from ui.own_versions import OwnVersions
from ui.pages.workspace.parts import button
from ui.work_values import criterion_values

EMPTY = ("No success criteria yet", "What must this POC show, and how is it measured?")
ACTS = (
    ("up", "Move up", ""),
    ("result", "Result", "of "),
    ("edit", "Edit", ""),
    ("archive", "Archive", ""),
)


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out."""
    groups = await task_list.list_groups(visit.actor, details.row.id)
    tasks = [
        Option(str(task.id), task.title, group.title) for group in groups for task in group.tasks
    ]
    screen = _CriteriaScreen(visit, toast, details)
    screen.build(await criteria.list_criteria(visit.actor, details.row.id), tasks)


class _CriteriaScreen:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.may_change = details.may_change and not details.row.archived
        self.own = OwnVersions()

    def build(self, found: Sequence[CriterionView], tasks: Sequence[Option]) -> None:
        """Lay the tab out."""
        helpers = Helpers(options={"task_ids": tasks})
        self.new = FormDialog(
            self.toast,
            "Add criterion",
            CriterionForm,
            submit="Add Criterion",
            on_submit=self._add,
            helpers=helpers,
        )
        self.edit = FormDialog(
            self.toast,
            "Edit criterion",
            CriterionForm,
            submit="Save",
            helpers=helpers,
        )
        self.result = FormDialog(self.toast, "Result", ResultForm, submit="Save")
        if self.may_change:
            with ui.element("div").classes("tab-actions"):
                button("+ Add Criterion", self._open_new, look="btn btn-primary")
        with section("card card-flush"):
            self.list = WorkRows(
                [criterion_values(row) for row in found],
                event="rollcall_criterion",
                acts=ACTS if self.may_change else (),
                empty=EMPTY,
                on_act=self._act,
                on_missed=told(self.toast)(self._show),
            )

    async def _show(self) -> None:
        found = await criteria.list_criteria(self.actor, self.poc_id)
        self.list.show([criterion_values(row) for row in found])

    async def _act(self, act: str, row_id: UUID, version: int, above: UUID | None) -> None:
        await told(self.toast)(partial(self._do, act, row_id, version, above))()

    async def _do(self, act: str, row_id: UUID, version: int, above: UUID | None) -> None:
        try:
            await self._handle(act, row_id, version, above)
        except RollcallError:
            await self._show()  # what the browser showed early isn't true
            raise

    async def _handle(self, act: str, row_id: UUID, version: int, above: UUID | None) -> None:
        if act == "up":
            move = partial(criteria.move_criterion, self.actor, row_id, before_id=above)
            await self.own.change(row_id, version, move)
        elif act == "archive":
            await self.own.change(row_id, version, partial(self._archive, row_id))
        else:
            row = await self._read(row_id)
            if act == "result":
                self.result.open(self._result_subject(row))
            else:
                self.edit.open(self._subject(row))

    async def _read(self, row_id: UUID) -> CriterionView:
        for row in await criteria.list_criteria(self.actor, self.poc_id):
            if row.id == row_id:
                return row
        raise NotFoundError("This criterion isn't there any more. Look again.")

    def _open_new(self) -> None:
        self.new.open({"importance": Importance.MUST, "side": Side.TEAM})

    async def _add(self, form: CriterionForm) -> Outcome:
        await criteria.add_criterion(self.actor, self.poc_id, form)
        return f"“{form.title}” is added."

    def _subject(self, row: CriterionView) -> Subject[CriterionForm]:
        anew = partial(renewed, self._read, row.id, self._subject)
        return Subject(_facts(row), partial(self._edit, row), anew)

    async def _edit(self, row: CriterionView, form: CriterionForm) -> Outcome:
        await criteria.edit_criterion(self.actor, row.id, row.version, form)
        return "Saved."

    def _result_subject(self, row: CriterionView) -> Subject[ResultForm]:
        anew = partial(renewed, self._read, row.id, self._result_subject)
        return Subject(_result(row), partial(self._set_result, row), anew)

    async def _set_result(self, row: CriterionView, form: ResultForm) -> Outcome:
        await criteria.set_result(self.actor, row.id, row.version, form)
        return "Saved."

    async def _archive(self, row_id: UUID, version: int) -> int:
        row = await self._read(row_id)
        made = await criteria.set_archived(self.actor, row.id, version, archived=True)
        restore = partial(criteria.set_archived, self.actor, row.id, archived=False)
        back = told(self.toast)(partial(self.own.change, row.id, made, restore))
        self.toast.show(f"“{row.title}” is archived.", "success", "Undo", back)
        return made


def _facts(row: CriterionView) -> dict[str, Any]:
    """The values with which the dialog that edits a criterion begins."""
    names = ("title", "target", "importance", "side", "task_ids")
    return {name: getattr(row, name) for name in names}


def _result(row: CriterionView) -> dict[str, Any]:
    """The same for its result."""
    return {"result": row.result, "achieved": row.achieved}
