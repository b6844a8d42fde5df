"""The archived files of a POC or a template: the dialog that deletes them for good."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from uuid import UUID

from services.core.errors import NotFoundError
from services.core.form_fields import Option
from services.core.forms import Form, several
from services.core.words import count_words, file_size_words
from services.workspace.deleting import ArchivedFile
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.work_words import day_words

Find = Callable[[], Awaitable[Sequence[ArchivedFile]]]
Delete = Callable[[UUID], Awaitable[int]]


class DeleteFilesForm(Form):
    """Which files are to be deleted."""

    ids: tuple[UUID, ...] = several("Files")


class ArchivedFilesDialog:
    """Shows the archived files that `find` finds, and deletes those that are chosen."""

    def __init__(self, toast: Toast, find: Find, delete: Delete) -> None:
        self.toast = toast
        self.find = find
        self.delete = delete
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
        self.found = await self.find()
        if not self.found:
            self.toast.show("No file is archived here. Archive one first.")
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
        freed = []
        for file_id in chosen:
            with suppress(NotFoundError):  # somebody else was faster
                freed.append(await self.delete(file_id))
        gone = sum(1 for size in freed if size)
        return f"{count_words(gone, 'file')} deleted: {file_size_words(sum(freed))} are free."
