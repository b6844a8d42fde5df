"""What was taken out of a POC: the dialog that brings it back."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from services.access.actor import Actor
from services.core.days import day_in
from services.core.form_fields import Option
from services.core.forms import Form, several
from services.core.words import count_words
from services.workspace import archived
from services.workspace.archived import Archived
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome, Subject
from ui.work_words import day_words


class BringBackForm(Form):
    """What is to be brought back."""

    ids: tuple[UUID, ...] = several("Bring back")


class ArchivedDialog:
    """Shows what of a POC is archived, with days of this time zone, and brings back what is
    chosen."""

    def __init__(self, actor: Actor, toast: Toast, poc_id: UUID, zone: str) -> None:
        self.actor = actor
        self.zone = zone
        self.toast = toast
        self.poc_id = poc_id
        self.options: dict[str, list[Option]] = {}
        self.dialog = FormDialog(
            toast,
            "What was archived",
            BringBackForm,
            submit="Restore",
            helpers=Helpers(options=self.options),
        )

    async def open(self) -> None:
        """Read what there is, and offer it."""
        found = await archived.list_archived(self.actor, self.poc_id)
        if not found:
            self.toast.show("Nothing of this POC is archived.")
            return
        self.options["ids"] = [
            Option(
                str(one.id),
                one.title,
                f"{one.noun}, archived {day_words(day_in(one.at, self.zone))}",
            )
            for one in found
        ]
        self.dialog.open(Subject({}, partial(self._bring_back, found)))

    async def _bring_back(self, found: Sequence[Archived], form: BringBackForm) -> Outcome:
        chosen = [one for one in found if one.id in form.ids]
        for one in chosen:
            await archived.bring_back(self.actor, one)
        if len(chosen) == 1:
            return f"“{chosen[0].title}” is back where it was."
        return f"{count_words(len(chosen), 'thing')} are back where they were."
