"""The kinds of fields that a form can have: what each takes, and the sentence for what it doesn't.

A form names its fields with the functions of `services.core.forms`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any, ClassVar
from uuid import UUID

from services.core.emails import check_email
from services.core.names import DECEIVING, MAX_NAME, clean_name

# RFC 5321: the octets of an email.
LONGEST_EMAIL = 254
# The longest secret, and the longest text that a service makes sense of by itself, in characters.
LONGEST_TEXT = 4096
# Days outside these years are typing mistakes.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# As much of a day that is none as its refusal repeats, in characters.
QUOTED = 20
# More people than this are too many to choose one by one.
MOST_PEOPLE = 100
_LINE_BREAK = re.compile(r"\r\n?|[\u2028\u2029]")
# Categories of characters that show nothing, beside line breaks and tabs.
_UNSEEN = frozenset({"Cf", "Zl", "Zp", "Zs"})


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class FormField:
    """What every field has.

    `hint` stands below it, `ask` is said where it was left empty, `half` puts it beside another
    half one. `only_with` names a choice above it and the answer with which alone it is asked; with
    another one it stays empty. `autocomplete` takes HTML's words. `is_checked_early` says whether
    the server sees the value while it is typed.
    """

    kind: ClassVar[str] = "text"
    empty: ClassVar[Any] = ""
    is_checked_early: ClassVar[bool] = True

    label: str
    optional: bool = False
    hint: str = ""
    ask: str = ""
    half: bool = False
    only_with: tuple[str, str] | None = None
    autocomplete: str = "off"
    maxlength: int | None = None

    def __call__(self, schema: dict[str, Any]) -> None:
        """Add the label, the hint and the limit to the field's JSON schema, as pydantic asks."""
        schema["title"] = self.label
        if self.hint:
            schema["description"] = self.hint
        if self.maxlength is not None and schema.get("type") == "string":
            schema["maxLength"] = self.maxlength

    @property
    def missing(self) -> str:
        """What is said of a field that was left empty."""
        return self.ask or f"{self.label} is required."

    @property
    def wrong(self) -> str:
        """What is said of a value that can't be sent by filling in the form."""
        return self.missing

    def clean(self, value: object, before: Mapping[str, Any]) -> Any:
        """The value as it is kept; `before` has those of the fields above that are right.

        Raises `ValueError` with a sentence.
        """
        if self.only_with is not None and before.get(self.only_with[0]) != self.only_with[1]:
            return self.empty
        if not self.is_empty(value):
            return self.read(value)
        if self.optional:
            return self.empty
        raise ValueError(self.missing)

    def is_empty(self, value: object) -> bool:
        """Whether nothing was filled in."""
        return value is None or (isinstance(value, str) and not value.strip())

    def read(self, value: object) -> Any:
        """The value of a field that isn't empty. Raises `ValueError` with a sentence."""
        text, most = _text(value), self.maxlength or LONGEST_TEXT
        if len(text) > most:
            raise ValueError(f"{self.label} can have {most:,} characters at most.")
        return text


def _quoted(value: object) -> str:
    """The begin of what was typed, without half characters, which can't be sent back."""
    return _text(value).strip()[:QUOTED].encode(errors="replace").decode()


@dataclass(frozen=True, kw_only=True)
class TextField(FormField):
    """One line of text; `most` is its limit in characters. It can't contain what a name can't
    contain."""

    most: int = MAX_NAME

    def read(self, value: object) -> str:
        """The line, trimmed and in NFC."""
        return clean_name(_text(value), self.label, self.most)


@dataclass(frozen=True, kw_only=True)
class LinesField(FormField):
    """A text of several lines; `most` is its limit in characters. It can't contain what makes it
    read as something else."""

    kind: ClassVar[str] = "lines"
    most: int = 10_000

    def is_empty(self, value: object) -> bool:
        """Whether there is nothing to see."""
        return super().is_empty(value) or (
            isinstance(value, str)
            and all(c in "\r\n\t" or unicodedata.category(c) in _UNSEEN for c in value)
        )

    def read(self, value: object) -> str:
        """The text in NFC, its lines ended by line feeds, without marks of the byte order."""
        text = _LINE_BREAK.sub("\n", _text(value).replace("\ufeff", ""))
        text = unicodedata.normalize("NFC", text).strip()
        for found in filter(lambda found: found[1], DECEIVING.finditer(text)):
            line = text.count("\n", 0, found.start()) + 1
            raise ValueError(
                f"{self.label} can't contain characters that turn the direction of text or hide in "
                f"it: U+{ord(found[1]):04X} in line {line}. Type that line instead of pasting it."
            )
        # Most texts need no look at each character: what Python calls printable is none of these.
        seen = text.replace("\n", "").replace("\t", "")
        if not seen.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs"} for c in seen):
            raise ValueError(f"{self.label} can't contain control characters.")
        if len(text) > self.most:
            raise ValueError(f"{self.label} can have {self.most:,} characters at most.")
        return text


@dataclass(frozen=True, kw_only=True)
class EmailField(FormField):
    """An email."""

    kind: ClassVar[str] = "email"

    def read(self, value: object) -> str:
        """The email as it is shown and written to."""
        return check_email(_text(value))


@dataclass(frozen=True, kw_only=True)
class PasswordField(FormField):
    """A password or another secret: kept as it was typed, and sent only with the whole form."""

    kind: ClassVar[str] = "password"
    is_checked_early: ClassVar[bool] = False

    def is_empty(self, value: object) -> bool:
        """Whether nothing was typed; spaces are something."""
        return not value


@dataclass(frozen=True, kw_only=True)
class NewPasswordField(PasswordField):
    """A password that is being chosen: the server says while it is typed how good it is."""

    is_checked_early: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class DayField(FormField):
    """A day; `not_before` names a field above that it can't come before."""

    kind: ClassVar[str] = "date"
    empty: ClassVar[Any] = None
    not_before: str = ""
    not_before_label: str = ""

    def clean(self, value: object, before: Mapping[str, Any]) -> date | None:
        """The day. Raises `ValueError` with a sentence."""
        day: date | None = super().clean(value, before)
        earliest = before.get(self.not_before)
        if day is not None and isinstance(earliest, date) and day < earliest:
            raise ValueError(f"{self.label} can't be before {self.not_before_label}.")
        return day

    def read(self, value: object) -> date:
        """The day, from ISO 8601."""
        try:
            day = value if isinstance(value, date) else date.fromisoformat(_text(value).strip())
        except ValueError:
            raise ValueError(
                f"“{_quoted(value)}” isn't a day. Write it as 2026-12-31, say."
            ) from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(f"Choose a day between {FIRST_YEAR} and {LAST_YEAR}.")
        return day


@dataclass(frozen=True, kw_only=True)
class TimeField(FormField):
    """A time of the day, to the minute."""

    kind: ClassVar[str] = "time"
    empty: ClassVar[Any] = None

    def read(self, value: object) -> time:
        """The time, from ISO 8601."""
        try:
            at = value if isinstance(value, time) else time.fromisoformat(_text(value).strip())
        except ValueError:
            raise ValueError(f"“{_quoted(value)}” isn't a time. Write it as 18:00, say.") from None
        return time(at.hour, at.minute)


@dataclass(frozen=True, kw_only=True)
class NumberField(FormField):
    """A whole number."""

    kind: ClassVar[str] = "number"
    empty: ClassVar[Any] = None
    least: int = 0
    most: int = 1_000_000

    @property
    def wrong(self) -> str:
        """Says which numbers are right."""
        return f"{self.label} must be a whole number from {self.least:,} to {self.most:,}."

    def read(self, value: object) -> int:
        """The number."""
        try:
            number = value if isinstance(value, int) else int(_text(value)[:20])
        except ValueError:
            raise ValueError(self.wrong) from None
        if isinstance(number, bool) or not self.least <= number <= self.most:
            raise ValueError(self.wrong)
        return number


@dataclass(frozen=True, kw_only=True)
class ChoiceField(FormField):
    """One answer of several: in a list that opens, or `as_list` all in sight.

    The field's type says which there are; a dialog can offer fewer, or those of the moment.
    """

    kind: ClassVar[str] = "choice"
    options: tuple[Option, ...] = ()
    as_list: bool = False

    @property
    def missing(self) -> str:
        """Asks for a choice."""
        return self.ask or f"Choose {_a(self.label)}."


@dataclass(frozen=True, kw_only=True)
class SeveralField(FormField):
    """Any number of answers, each with a box to tick."""

    kind: ClassVar[str] = "several"
    empty: ClassVar[Any] = ()
    options: tuple[Option, ...] = ()
    most: int = MOST_PEOPLE

    @property
    def missing(self) -> str:
        """Asks for one."""
        return self.ask or f"{self.label}: choose at least one."

    @property
    def wrong(self) -> str:
        """Says that something else was sent."""
        return f"{self.label}: choose again."

    def is_empty(self, value: object) -> bool:
        """Whether nothing is chosen."""
        return not value

    def read(self, value: object) -> tuple[object, ...]:
        """What is chosen, each once, in the order of choosing."""
        chosen = value if isinstance(value, list | tuple) else [None]
        each = dict.fromkeys(v if isinstance(v, str | UUID) else "" for v in chosen)
        if "" in each:
            raise ValueError(self.wrong)
        if len(each) > self.most:
            raise ValueError(f"{self.label}: choose {self.most} at most.")
        return tuple(each)


@dataclass(frozen=True, kw_only=True)
class PersonField(FormField):
    """One person, found while one types. `among` is the permission that those offered have."""

    kind: ClassVar[str] = "person"
    empty: ClassVar[Any] = None
    among: str = ""

    @property
    def missing(self) -> str:
        """Asks for a choice."""
        return self.ask or f"Choose {_a(self.label)}."

    def read(self, value: object) -> object:
        """The person's id, as a browser sends it or as a call gives it."""
        return value if isinstance(value, UUID) else _text(value)


@dataclass(frozen=True, kw_only=True)
class PeopleField(SeveralField):
    """Several people, found while one types. `among` is the permission that those offered have."""

    kind: ClassVar[str] = "people"
    among: str = ""


@dataclass(frozen=True, kw_only=True)
class FileField(FormField):
    """A file. It is uploaded as soon as it is chosen; the form gets the id that the upload gave.

    `accept` takes HTML's words.
    """

    kind: ClassVar[str] = "file"
    empty: ClassVar[Any] = None
    accept: str = ""

    @property
    def missing(self) -> str:
        """Asks for a file."""
        return "Choose a file."


@dataclass(frozen=True, kw_only=True)
class CheckboxField(FormField):
    """Yes or no; not ticked is no."""

    kind: ClassVar[str] = "checkbox"
    empty: ClassVar[Any] = False

    def read(self, value: object) -> bool:
        """Whether it is ticked."""
        return value is True


def labelled(field: FormField, labels: Mapping[str, str]) -> FormField:
    """The field; if it names another field, with the label of that one."""
    if isinstance(field, DayField) and field.not_before:
        return replace(field, not_before_label=labels[field.not_before])
    return field


def _a(label: str) -> str:
    noun = label[:1].lower() + label[1:]
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
