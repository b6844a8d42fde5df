"""Every form says in sentences of ours what is wrong with any of its fields, whatever is sent."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

import services
from services.core.errors import InvalidInputError
from services.core.form_fields import EmailField, LinesField, TextField
from services.core.forms import Form, fields_of
from tests.hostile import HOSTILE
from tests.library_words import theirs

WRONG: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    10**30,
    1.5,
    [],
    [7],
    [None],
    ["not-an-id"],
    {},
    {"a": 1},
    b"\xff",
    "",
    " ",
    "\x00",
    "\ud800",
    "a\nb",
    "2026-02-30",
    "9999-12-31",
    "25:61",
    "12",
    "nobody",
    "two@signs@example.com",
    "ada@",
    "@example.com",
    "ada@nowhere",
    "ada@exa mple.com",
    "ada..b@example.com",
    "http://",
    "javascript:alert(1)",
    "#12",
    "Nowhere/City",
    "x" * 20_000,
    [str(uuid4()) for _ in range(101)],
    *HOSTILE,
)

TOO_LONG = "x" * 100_001
"""More than any field takes: the longest is a resource's content."""


def _forms(of: type[Form] = Form) -> Iterator[type[Form]]:
    for form in of.__subclasses__():
        if form.__module__.startswith("services."):
            yield form
        yield from _forms(form)


def _import_all() -> set[type[Form]]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("_process"):  # a program of its own
            importlib.import_module(module.name)
    return set(_forms())


def test_every_text_of_every_form_has_a_limit_and_no_nul() -> None:
    taken = []
    for form in _import_all():
        given = {name: uuid4() for name in form.model_fields.keys() - fields_of(form).keys()}
        for name, field in fields_of(form).items():
            asked = dict(
                [field.only_with] if field.only_with else []
            )  # the answer with which it is
            # Secrets are hashed or sealed as they were typed, and codes are only compared.
            kept = isinstance(field, TextField | LinesField | EmailField)
            for value in (TOO_LONG, *(["a\0b", "a\x1bb"] if kept else [])):
                if field.kind in {"text", "lines", "email", "password"}:
                    with pytest.raises(InvalidInputError) as refused:
                        form(**{**given, **asked, name: value})
                    if not refused.value.fields.get(name):
                        taken.append((form.__name__, name, value[:5]))
    assert taken == []


def test_every_form_says_of_each_field_in_our_words_what_is_wrong() -> None:
    forms = _import_all()
    assert len(forms) > 40
    wrong = []
    for form in forms:
        # Values that no dialog shows, such as the group of a new task, come from the page itself.
        given = {name: uuid4() for name in form.model_fields.keys() - fields_of(form).keys()}
        for name in fields_of(form):
            for value in WRONG:
                try:
                    form(**{**given, name: value})
                except InvalidInputError as error:
                    said = error.fields.get(name, "")
                    if theirs(said) or (said and not said.endswith((".", "?", "!"))):
                        wrong.append((form.__name__, name, repr(value)[:40], said))
    assert wrong == []
