"""The archived files of a POC: the dialog that deletes them for good."""

from collections.abc import Sequence
from uuid import UUID

from services.access.actor import Actor
from services.core.form_fields import Option
from services.core.forms import Form, several
from services.core.words import count_words, file_size_words
from services.workspace import deleting
from services.workspace.deleting import ArchivedFile
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.work_words import day_words


class DeleteFilesForm(Form):
    """Which files are to be deleted."""

    ids: tuple[UUID, ...] = several("Files")


class ArchivedFilesDialog:
    """Shows the archived files of a POC, and deletes those that are chosen."""

    def __init__(self, actor: Actor, toast: Toast, poc_id: UUID) -> None:
        self.actor = actor
        self.toast = toast
        self.poc_id = poc_id
        self.found: Sequence[ArchivedFile] = ()
        self.options: dict[str, list[Option]] = {}
        self.dialog = FormDialog(
            toast,
            "Delete archived files",
            DeleteFilesForm,
            submit="Delete for good",
            on_submit=self._delete,
            tone="danger",
            body="Nobody can restore them after that. Their room is free for other files at once; "
            "backups that were made before still have them.",
            helpers=Helpers(options=self.options),
        )

    async def open(self) -> None:
        """Read what there is, and offer it."""
        self.found = await deleting.list_archived_files(self.actor, self.poc_id)
        if not self.found:
            self.toast.show("No file of this POC is archived. Archive one first.")
            return
        self.options["ids"] = [
            Option(
                str(one.id),
                one.title,
                f"{file_size_words(one.size)}, archived {day_words(one.at.date())}",
            )
            for one in self.found
        ]
        self.dialog.open({})

    async def _delete(self, form: DeleteFilesForm) -> Outcome:
        chosen = [one.id for one in self.found if one.id in form.ids]
        freed = [await deleting.delete_file(self.actor, file_id) for file_id in chosen]
        gone = sum(1 for size in freed if size)
        return f"{count_words(gone, 'file')} deleted: {file_size_words(sum(freed))} are free."
