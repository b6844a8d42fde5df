"""What helps to fill a form in, whom a dialog is about, and its result."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from services.access.permissions import Permission
from services.core.form_fields import Option
from services.core.forms import Form
from services.core.lookalikes import mixed_letters
from services.sign_in.passwords import Strength
from services.users.selection import Selection
from ui.forms.values import option_values

FormT = TypeVar("FormT", bound=Form)
RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Link:
    """The result of a form: a link to hand over, shown in the dialog instead of the fields, or
    under a question that can be repeated."""

    text: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class About:
    """The person or thing that a dialog is about. `detail` tells equal names apart: an email, or an
    organisation's path. `note` is a warning about the name."""

    id: str
    name: str
    detail: str
    note: str = ""

    @classmethod
    def person(cls, person_id: UUID, name: str, email: str) -> "About":
        """Somebody, with a warning where their name or email mixes letters that look alike."""
        return cls(str(person_id), name, email, mixed_letters(name, email))


# The result of a dialog's answer: a sentence, which is shown when the dialog has closed; a link; or
# nothing.
Outcome = str | Link | None
OnSubmit = Callable[[FormT], Awaitable[Outcome]]
OnCheck = Callable[[str, str], Awaitable[tuple[str, str]]]
# Finds people to choose from. It gets the permission that they must have (or none), the words that
# were typed, and the people who are chosen already.
FindPeople = Callable[[Permission | None, str, Sequence[UUID]], Awaitable[Selection]]


@dataclass(frozen=True)
class Subject(Generic[FormT]):
    """What a dialog is opened for: the values that it begins with, and what it does with the form,
    bound to the thing and the version that these values are of. So whatever else is opened or read
    meanwhile, a form is saved only into what it was opened for. Without `on_submit` it is only
    read. `anew` reads the thing once more, if somebody else was first to change it: the dialog
    takes over what they changed, or shows it beside what was typed there, and can be sent again.
    `body` is what the dialog says of the thing as it is, if that isn't what the dialog always
    says."""

    values: Mapping[str, Any]
    on_submit: OnSubmit[FormT] | None = None
    anew: "Callable[[], Awaitable[Subject[FormT]]] | None" = None
    body: Sequence[str] | None = None


async def renewed(
    read: Callable[[UUID], Awaitable[RowT]],
    row_id: UUID,
    subject_of: Callable[[RowT], Subject[FormT]],
) -> Subject[FormT]:
    """The subject that a row is by now."""
    return subject_of(await read(row_id))


@dataclass(frozen=True)
class Helpers:
    """What helps to fill a form in.

    `hints` stand under fields instead of their own hints. `options` are the options of choices that
    aren't always the same. `check` gets a field's name and value soon after it was typed, if the
    form itself found nothing wrong, and returns (what is wrong, what is worth knowing). `strength`
    judges a password that is being chosen, for the meter under its field. `people` finds people to
    choose: it is `selection.list_selectable` of the actor, on a page in `notices.people_room`.
    `beside` builds what stands beside the form each time it opens, and `on_change` gets what is
    filled in, unchecked, whenever it changes. `again` is the label of the button that opens the
    form once more after it was sent. `on_stale` runs if the row that an open dialog is about has
    changed: it calls `update`. Fields that are `hidden` aren't offered, and stay empty. `uploads`
    are the urls to which the files of fields are sent at once: a POST of the bytes, with the file's
    name as `?name=`, answered by `{"id": …}`, or with another status by `{"error": "a sentence"}`.
    What `ends_access` of somebody goes before what others ask for from the click on; only those may
    get such a dialog who may do that.
    """

    hints: Mapping[str, str] = field(default_factory=dict)
    check: OnCheck | None = None
    strength: Callable[[str], Awaitable[Strength]] | None = None
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    people: FindPeople | None = None
    beside: Callable[[], None] | None = None
    on_change: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None
    again: str = ""
    on_stale: Callable[[], Awaitable[None]] | None = None
    hidden: Collection[str] = ()
    uploads: Mapping[str, str] = field(default_factory=dict)
    ends_access: bool = False

    def of_field(self, name: str) -> dict[str, Any]:
        """What replaces a field's own values."""
        values: dict[str, Any] = {}
        if name in self.hints:
            values["hint"] = self.hints[name]
        if name in self.options:
            values["options"] = option_values(self.options[name])
        if name in self.uploads:
            values["upload"] = self.uploads[name]
        return values
