"""What a POC is to show, and what it showed: the tab Criteria."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui

from models import CriterionResult, Importance, Side
from services.core.form_fields import Option
from services.sessions.sessions import Visit
from services.workspace import criteria, task_list
from services.workspace.criteria import CriterionForm, CriterionView, ResultForm
from services.workspace.listing import PocDetails
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome
from ui.forms.helpers import Helpers
from ui.frame import section, text
from ui.pages.workspace.parts import button, empty

CHIPS = {
    CriterionResult.PENDING: "chip chip-outline",
    CriterionResult.MET: "chip chip-active",
    CriterionResult.PARTLY_MET: "chip chip-warning",
    CriterionResult.NOT_MET: "chip chip-danger",
}


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
        self.about: CriterionView | None = None

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
            on_submit=self._edit,
            helpers=helpers,
        )
        self.result = FormDialog(
            self.toast, "Result", ResultForm, submit="Save", on_submit=self._set_result
        )
        if self.may_change:
            with ui.element("div").classes("tab-actions"):
                button("+ Add Criterion", self._open_new, look="btn btn-primary")
        self.list = Part(section("card card-flush"), self._rows)
        self.list.show(found)
        Refresher("rollcall_poc", self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.list.show(await criteria.list_criteria(self.actor, self.poc_id))

    def _rows(self, found: Sequence[CriterionView]) -> None:
        if not found:
            empty("No success criteria yet", "What must this POC show, and how is it measured?")
            return
        with ui.element("ul").classes("home-rows"):
            for at, row in enumerate(found):
                with ui.element("li"):
                    self._row(row, found[at - 1] if at else None)

    def _row(self, row: CriterionView, above: CriterionView | None) -> None:
        with ui.element("div").classes("home-what"):
            text("span", row.title, "task-title").props('dir="auto"')
            shown = [f"Target: {row.target}"] if row.target else []
            shown += [f"Achieved: {row.achieved}"] if row.achieved else []
            shown += [f"Shown by: {', '.join(row.shown_by)}"] if row.shown_by else []
            for line in shown:
                text("span", line, "small muted").props('dir="auto"')
        text("span", row.importance.label, "small muted")
        text("span", f"{row.side.label}’s side", "small muted")
        text("span", row.result.label, CHIPS[row.result])
        if self.may_change:
            quiet = "btn btn-quiet"
            if above is not None:
                up = told(self.toast)(partial(self._move, row, above))
                button("Move up", up, look=quiet, about=row.title)
            button("Result", partial(self._open_result, row), look=quiet, about=f"of {row.title}")
            button("Edit", partial(self._open_edit, row), look=quiet, about=row.title)
            archive = told(self.toast)(partial(self._archive, row))
            button("Archive", archive, look=quiet, about=row.title)

    async def _move(self, row: CriterionView, above: CriterionView) -> None:
        await criteria.move_criterion(self.actor, row.id, row.version, before_id=above.id)

    def _open_new(self) -> None:
        self.new.open({"importance": Importance.MUST, "side": Side.TEAM})

    async def _add(self, form: CriterionForm) -> Outcome:
        await criteria.add_criterion(self.actor, self.poc_id, form)
        return f"“{form.title}” is added."

    def _open_edit(self, row: CriterionView) -> None:
        self.about = row
        names = ("title", "target", "importance", "side", "task_ids")
        self.edit.open({name: getattr(row, name) for name in names})

    async def _edit(self, form: CriterionForm) -> Outcome:
        if self.about is not None:
            await criteria.edit_criterion(self.actor, self.about.id, self.about.version, form)
        return "Saved."

    def _open_result(self, row: CriterionView) -> None:
        self.about = row
        self.result.open({"result": row.result, "achieved": row.achieved})

    async def _set_result(self, form: ResultForm) -> Outcome:
        if self.about is not None:
            await criteria.set_result(self.actor, self.about.id, self.about.version, form)
        return "Saved."

    async def _archive(self, row: CriterionView) -> None:
        await criteria.set_archived(self.actor, row.id, row.version, archived=True)
        back = told(self.toast)(partial(self._restore, row))
        self.toast.show(f"“{row.title}” is archived.", "success", "Undo", back)

    async def _restore(self, row: CriterionView) -> None:
        await criteria.set_archived(self.actor, row.id, row.version + 1, archived=False)
