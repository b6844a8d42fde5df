"""The archived files of a POC or a template: the dialog that deletes them for good."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from services.core.days import day_in
from services.core.errors import NotFoundError, RollcallError, SessionEndedError
from services.core.form_fields import Option
from services.core.forms import Form, several
from services.core.words import count_words, file_size_words
from services.workspace.deleting import ArchivedFile
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome, Subject
from ui.work_words import day_words

Find = Callable[[], Awaitable[Sequence[ArchivedFile]]]
Delete = Callable[[UUID], Awaitable[int]]


class DeleteFilesForm(Form):
    """Which files are to be deleted."""

    ids: tuple[UUID, ...] = several("Files")


@dataclass(frozen=True)
class Deleted:
    """What became of files that were to be deleted: how many are, how many bytes that frees, how
    many somebody else had restored or deleted meanwhile, and how many are still there, and why."""

    gone: int = 0
    freed: int = 0
    changed: int = 0
    left: int = 0
    refusal: RollcallError | None = None

    @property
    def said(self) -> str:
        """The same in sentences."""
        sentences = [
            f"{count_words(self.gone, 'file')} deleted: {file_size_words(self.freed)} are free."
        ]
        if self.changed:
            sentences.append(
                f"Somebody else had restored or deleted {count_words(self.changed, 'file')}."
            )
        if self.refusal:
            sentences.append(f"{count_words(self.left, 'file')} not deleted: {self.refusal}")
        return " ".join(sentences)


async def delete_each(ids: Sequence[UUID], delete: Delete) -> Deleted:
    """Delete one after the other, up to the first that is refused: what refuses it (somebody is no
    member any more, the POC is archived) refuses the others, too."""
    gone = freed = changed = 0
    for at, file_id in enumerate(ids):
        try:
            size = await delete(file_id)
        except NotFoundError:
            size = 0
        except SessionEndedError:
            raise
        except RollcallError as refusal:
            return Deleted(gone, freed, changed, len(ids) - at, refusal)
        freed += size
        gone, changed = (gone + 1, changed) if size else (gone, changed + 1)
    return Deleted(gone, freed, changed)


class ArchivedFilesDialog:
    """Shows the archived files that `find` finds, with days of this time zone, and deletes those
    that are chosen."""

    def __init__(self, toast: Toast, find: Find, delete: Delete, zone: str) -> None:
        self.toast = toast
        self.zone = zone
        self.find = find
        self.delete = delete
        self.options: dict[str, list[Option]] = {}
        self.dialog = FormDialog(
            toast,
            "Delete archived files",
            DeleteFilesForm,
            submit="Delete for good",
            tone="danger",
            body="Nobody can restore them after that. Their room is free for other files at once; "
            "backups that were made before still have them.",
            helpers=Helpers(options=self.options),
        )

    async def open(self) -> None:
        """Read what there is, and offer it."""
        found = await self.find()
        if not found:
            self.toast.show("No file is archived here. Archive one first.")
            return
        self.options["ids"] = [
            Option(
                str(one.id),
                one.title,
                f"{file_size_words(one.size)}, archived {day_words(day_in(one.at, self.zone))}",
            )
            for one in found
        ]
        self.dialog.open(Subject({}, partial(self._delete, found)))

    async def _delete(self, found: Sequence[ArchivedFile], form: DeleteFilesForm) -> Outcome:
        done = await delete_each([one.id for one in found if one.id in form.ids], self.delete)
        if done.refusal is None:
            return done.said
        if not done.gone:
            raise done.refusal
        self.dialog.close()  # it offers what is deleted
        self.toast.show(done.said, "error")
        return None
