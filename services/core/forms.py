"""A form is a model: `class NewPoc(Form): title: str = text("Title", most=200)`.

From it follow the fields of the dialog (`ui.forms`), what the browser says early, and what the
server refuses, with all errors together. A form that exists is right: what makes one from a
browser's values raises `InvalidInputError` with a sentence for each wrong field.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from services.core.errors import InvalidInputError
from services.core.form_fields import (
    LONGEST_EMAIL,
    CheckboxField,
    ChoiceField,
    DayField,
    EmailField,
    FileField,
    FormField,
    LinesField,
    NewPasswordField,
    NumberField,
    Option,
    PasswordField,
    PeopleField,
    PersonField,
    SeveralField,
    TextField,
    TimeField,
    labelled,
)
from services.core.names import MAX_NAME


class Form(BaseModel):
    """What somebody filled in, checked and as it is kept. Without fields it is a question.

    A rule of more than one field is a `field_validator` of the later one, with the earlier ones in
    `info.data`; it raises `ValueError` with a sentence.
    """

    model_config = ConfigDict(frozen=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InvalidInputError(_sentences(type(self), error)) from None

    @classmethod
    def check(cls, name: str, values: Mapping[str, Any]) -> str:
        """What is wrong with one field among these values: a sentence, empty where nothing is."""
        try:
            cls(**values)
        except InvalidInputError as error:
            return error.fields.get(name, "")
        return ""

    @field_validator("*", mode="before")
    @classmethod
    def _clean(cls, value: object, info: ValidationInfo) -> Any:
        field = fields_of(cls).get(info.field_name or "")
        return value if field is None else field.clean(value, info.data)


@cache
def fields_of(form: type[Form]) -> Mapping[str, FormField]:
    """A form's fields in their order, by their names."""
    declared = {
        name: field.json_schema_extra
        for name, field in form.model_fields.items()
        if isinstance(field.json_schema_extra, FormField)
    }
    labels = {name: field.label for name, field in declared.items()}
    return {name: labelled(field, labels) for name, field in declared.items()}


def _sentences(form: type[Form], error: ValidationError) -> dict[str, str]:
    fields = fields_of(form)
    sentences: dict[str, str] = {}
    for wrong in error.errors(include_url=False):
        name = str(wrong["loc"][0])
        reason = wrong.get("ctx", {}).get("error")
        if wrong["type"] == "missing":
            sentence = fields[name].missing
        elif isinstance(reason, ValueError):
            sentence = str(reason)
        else:  # a value of another type, or an answer that isn't among those to choose from
            sentence = fields[name].wrong
        sentences.setdefault(name, sentence)
    return sentences


def text(label: str, *, optional: bool = False, most: int = MAX_NAME, **shown: Any) -> Any:
    """One line of text. All functions here also take `hint`, `ask`, `half`, `only_with` and
    `autocomplete`."""
    return _declare(TextField(label=label, optional=optional, most=most, maxlength=most, **shown))


def verbatim(label: str, *, optional: bool = False, most: int | None = None, **shown: Any) -> Any:
    """One line that the service itself makes sense of, such as a code."""
    return _declare(FormField(label=label, optional=optional, maxlength=most, **shown))


def lines(label: str, *, optional: bool = False, most: int = 10_000, **shown: Any) -> Any:
    """A text of several lines."""
    return _declare(LinesField(label=label, optional=optional, most=most, maxlength=most, **shown))


def email(label: str = "Email", *, optional: bool = False, **shown: Any) -> Any:
    """An email."""
    return _declare(EmailField(label=label, optional=optional, maxlength=LONGEST_EMAIL, **shown))


def password(label: str, *, optional: bool = False, most: int | None = None, **shown: Any) -> Any:
    """A password or another secret, which isn't printed."""
    return _declare(PasswordField(label=label, optional=optional, maxlength=most, **shown))


def new_password(label: str, *, most: int = 128, **shown: Any) -> Any:
    """A password that is being chosen; the dialog's check says how good it is."""
    return _declare(
        NewPasswordField(label=label, maxlength=most, autocomplete="new-password", **shown)
    )


def day(label: str, *, optional: bool = False, not_before: str = "", **shown: Any) -> Any:
    """A day: `not_before` names a field above it."""
    return _declare(DayField(label=label, optional=optional, not_before=not_before, **shown))


def time_of_day(label: str, *, optional: bool = False, **shown: Any) -> Any:
    """A time of the day, to the minute."""
    return _declare(TimeField(label=label, optional=optional, **shown))


def number(
    label: str, *, optional: bool = False, least: int = 0, most: int = 1_000_000, **shown: Any
) -> Any:
    """A whole number."""
    return _declare(NumberField(label=label, optional=optional, least=least, most=most, **shown))


def choice(
    label: str,
    options: Sequence[Option] = (),
    *,
    optional: bool = False,
    as_list: bool = False,
    **shown: Any,
) -> Any:
    """One answer of several; the field's type is an enum."""
    return _declare(
        ChoiceField(
            label=label, options=tuple(options), optional=optional, as_list=as_list, **shown
        )
    )


def several(
    label: str, options: Sequence[Option] = (), *, optional: bool = False, **shown: Any
) -> Any:
    """Any number of answers; the field's type is a tuple."""
    return _declare(SeveralField(label=label, options=tuple(options), optional=optional, **shown))


def person(label: str, *, among: str = "", optional: bool = False, **shown: Any) -> Any:
    """One active person; `among` is the permission that they have."""
    return _declare(PersonField(label=label, among=among, optional=optional, **shown))


def people(label: str, *, among: str = "", optional: bool = False, **shown: Any) -> Any:
    """Several active people; the field's type is a tuple of ids."""
    return _declare(PeopleField(label=label, among=among, optional=optional, **shown))


def file(label: str, *, optional: bool = False, accept: str = "", **shown: Any) -> Any:
    """A file, by the id that its upload gave it."""
    return _declare(FileField(label=label, accept=accept, optional=optional, **shown))


def checkbox(label: str, **shown: Any) -> Any:
    """Yes or no."""
    return _declare(CheckboxField(label=label, optional=True, **shown))


def _declare(field: FormField) -> Any:
    """The field as pydantic takes it. The declaration itself shapes the JSON schema, and a form
    finds the declaration there again."""
    hidden = isinstance(field, PasswordField)
    if field.optional:
        return Field(default=field.empty, json_schema_extra=field, repr=not hidden)
    if field.only_with:  # it may be missing, which is judged by the choice above it
        return Field(
            default=field.empty, validate_default=True, json_schema_extra=field, repr=not hidden
        )
    return Field(json_schema_extra=field, repr=not hidden)
