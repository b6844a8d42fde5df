"""A form is a model: the values that it accepts, and its messages for others."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.errors import InvalidInputError
from services.core.form_fields import Option
from services.core.forms import (
    Form,
    checkbox,
    choice,
    day,
    email,
    fields_of,
    file,
    lines,
    new_password,
    number,
    password,
    people,
    person,
    several,
    text,
)
from tests.hostile import HOSTILE, REFUSED

OWNER = uuid4()


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"


class Poc(Form):
    """One field of each kind."""

    title: str = text("Title", most=20)
    about: str = lines("Description", optional=True, most=50)
    contact: str = email("Contact", optional=True)
    start_on: date = day("Start Date")
    end_on: date | None = day("End Date", optional=True, not_before="start_on")
    days: int | None = number("Days", optional=True, least=1, most=30)
    status: Status = choice("Status", [Option("draft", "Draft"), Option("active", "Active")])
    owner_id: UUID = person("Owner")
    members: tuple[UUID, ...] = people("Members", optional=True)
    templates: tuple[UUID, ...] = several("Start from", optional=True)
    plan: UUID | None = file("Plan", optional=True)
    agreed: bool = checkbox("The customer has agreed")
    key: str = password("Key", optional=True)


GOOD: dict[str, Any] = {
    "title": "Pilot",
    "start_on": "2026-11-30",
    "status": "draft",
    "owner_id": str(OWNER),
}

TURNED = "Description can't contain characters that turn the direction of text or hide in it: "
ANEW = "Type that line instead of pasting it."


def _refused(**values: Any) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as refused:
        Poc(**GOOD | values)
    return refused.value.fields


def test_what_was_filled_in_is_kept_by_its_type() -> None:
    member = uuid4()
    poc = Poc(
        **GOOD
        | {
            "title": "  Pilot\u0065\u0301 ",
            "about": " One\r\ntwo\rthree\n",
            "end_on": "2026-11-30",
            "days": " 30 ",
            "members": [str(member), str(member)],
            "agreed": True,
        }
    )
    assert (poc.title, poc.about) == ("Pilot\u00e9", "One\ntwo\nthree")
    assert (poc.start_on, poc.end_on, poc.days) == (date(2026, 11, 30), date(2026, 11, 30), 30)
    assert (poc.status, poc.owner_id, poc.members) == (Status.DRAFT, OWNER, (member,))
    assert poc.agreed


@pytest.mark.parametrize(
    "written",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "שלום\u200f, Acme\u200e!",
        "so\u00adft and ไทย\u200bไทย",
        "👩\u200d👧 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f ✔\ufe0f",
    ],
)
def test_a_text_of_several_lines_keeps_what_languages_are_written_with(written: str) -> None:
    assert Poc(**GOOD | {"about": f"\ufeff{written}\n"}).about == written


def test_a_text_in_which_nothing_is_to_be_seen_is_empty() -> None:
    assert Poc(**GOOD | {"about": " \u200b\n\u200e"}).about == ""


def test_what_is_optional_may_be_empty_or_not_there() -> None:
    names = [name for name, field in fields_of(Poc).items() if field.optional]
    for empty in ({}, dict.fromkeys(names, ""), dict.fromkeys(names)):
        poc = Poc(**GOOD | empty)
        assert (poc.about, poc.contact, poc.key) == ("", "", "")
        assert (poc.end_on, poc.days, poc.plan) == (None, None, None)
        assert (poc.members, poc.templates, poc.agreed) == ((), (), False)


def test_all_that_is_wrong_is_said_together() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Poc(title=" ", contact="nobody", end_on="soon", days="31", owner_id=None)
    assert refused.value.fields == {
        "title": "Title is required.",
        "contact": "An email has a name, an @ and a domain: ada@example.com.",
        "start_on": "Start Date is required.",
        "end_on": "“soon” isn't a day. Write it as 2026-12-31, say.",
        "days": "Days must be a whole number from 1 to 30.",
        "status": "Choose a status.",
        "owner_id": "Choose an owner.",
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "x" * 21, "Title can have 20 characters at most."),
        ("title", "a\nb", "Title can't contain line breaks or control characters."),
        ("title", 7, "Title is required."),
        ("about", "x" * 51, "Description can have 50 characters at most."),
        ("about", "a\0b", "Description can't contain control characters."),
        ("about", "a\nif \u202eb", f"{TURNED}U+202E in line 2. {ANEW}"),
        ("about", "\u2066a\u2069", f"{TURNED}U+2066 in line 1. {ANEW}"),
        ("about", "a\U000e0041", f"{TURNED}U+E0041 in line 1. {ANEW}"),
        ("start_on", "0026-11-30", "Choose a day between 1900 and 2199."),
        ("end_on", "2026-11-29", "End Date can't be before Start Date."),
        ("days", "1.5", "Days must be a whole number from 1 to 30."),
        ("days", True, "Days must be a whole number from 1 to 30."),
        ("days", "9" * 5000, "Days must be a whole number from 1 to 30."),
        ("status", "gone", "Choose a status."),
        ("status", {"a": 1}, "Choose a status."),
        ("owner_id", "somebody", "Choose an owner."),
        ("members", ["somebody"], "Members: choose again."),
        ("members", "somebody", "Members: choose again."),
        ("members", [str(uuid4()) for _ in range(101)], "Members: choose 100 at most."),
        ("plan", "../plan.pdf", "Choose a file."),
    ],
)
def test_what_a_field_does_not_take_is_said_in_a_sentence(
    field: str, value: object, sentence: str
) -> None:
    assert _refused(**{field: value}) == {field: sentence}


def test_one_line_takes_what_a_name_takes() -> None:
    class Named(Form):
        name: str = text("Name")

    for hostile in HOSTILE:
        if hostile.name in REFUSED:
            with pytest.raises(InvalidInputError):
                Named(name=hostile.text)
        else:
            assert Named(name=hostile.text).name == hostile.kept, hostile.name


def test_a_field_is_judged_by_itself_as_it_is_typed() -> None:
    assert Poc.check("title", {"title": "x" * 21}) == "Title can have 20 characters at most."
    assert Poc.check("title", {"title": "Pilot"}) == ""
    days = {"start_on": "2026-11-30", "end_on": "2026-11-29"}
    assert Poc.check("end_on", days) == "End Date can't be before Start Date."
    assert Poc.check("nothing of ours", {"nothing of ours": "x"}) == ""


def test_a_password_is_kept_as_it_was_typed_and_never_printed() -> None:
    class Change(Form):
        current: str = password("Current password")
        new: str = new_password("New password")

    change = Change(current=" old ", new=" new one ")
    assert (change.current, change.new) == (" old ", " new one ")
    assert "old" not in repr(change)
    assert "new one" not in repr(change)
    with pytest.raises(InvalidInputError) as refused:
        Change(current="", new="a secret" * 50)
    assert refused.value.fields == {
        "current": "Current password is required.",
        "new": "New password can have 128 characters at most.",
    }


def test_a_form_without_fields_is_a_question() -> None:
    assert Form() == Form()


def test_the_schema_of_an_api_says_what_the_form_says() -> None:
    properties = Poc.model_json_schema()["properties"]
    assert properties["title"] == {"title": "Title", "type": "string", "maxLength": 20}
    assert properties["owner_id"] == {"title": "Owner", "type": "string", "format": "uuid"}
    assert set(Poc.model_json_schema()["required"]) == {"title", "start_on", "status", "owner_id"}
