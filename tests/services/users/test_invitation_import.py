"""Inviting many at once from a CSV file."""

from datetime import timedelta

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.audit.check import verify
from services.core import clock
from services.core.errors import FreshSignInNeededError, InvalidInputError
from services.core.events import Event
from services.core.runtime import Runtime
from services.users.events import UserInvited
from services.users.invitation_form import InvitationForm
from services.users.invitation_import import (
    BATCH,
    MAX_ROWS,
    NEEDED,
    ImportRow,
    RowOutcome,
    invite_rows,
    read_csv,
)
from tests import books, factories
from tests.mail_server import MailServer
from tests.racing import race

HEAD = "First Name,Last Name,Email,Role\n"


def _row(
    email: str, *, first: str = "Ada", role: str = "administrator", line: int = 2
) -> ImportRow:
    values = {"first_name": first, "last_name": "Lovelace", "email": email, "role": role}
    return ImportRow(line, values)


def _problems(outcomes: list[RowOutcome]) -> list[str]:
    return [outcome.problem for outcome in outcomes]


@pytest.mark.parametrize(
    "text",
    [
        "First Name,Last Name,Email,Role\nAda,Lovelace,ada@example.com,Sales Engineer\n",
        "\ufeffFirst Name;Last Name;Email;Role\r\nAda;Lovelace;ada@example.com;Sales Engineer\r\n",
        "role\temail\tlast name\tfirst  name\nsales_engineer\tada@example.com\tLovelace\tAda",
        'Email,Role,First Name,Last Name,Note\n"ada@example.com",sales engineer,Ada,Lovelace,x\n\n',
    ],
    ids=["commas", "semicolons and a byte order mark", "tabs, another order", "a column more"],
)
def test_a_file_is_read_as_people_write_it(text: str) -> None:
    (row,) = read_csv(text)
    assert row.line == 2
    assert InvitationForm(**row.values) == InvitationForm(
        first_name="Ada", last_name="Lovelace", email="ada@example.com", role="sales_engineer"
    )


def test_a_quoted_line_break_is_part_of_its_cell() -> None:
    rows = read_csv(HEAD + '"Ada\nB",Lovelace,a@example.com,Administrator\nC,D,e@example.com,x\n')
    assert rows[0].values["first_name"] == "Ada\nB"
    assert [row.line for row in rows] == [3, 4]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", NEEDED),
        ("Name,Email\nAda,ada@example.com\n", NEEDED),
        (HEAD, "no rows"),
        (HEAD + "\n\n", "no rows"),
        (HEAD + '"Ada,Lovelace,ada@example.com,Administrator\n', "Line 2 can't be read"),
        (HEAD + "a,b,c,d\n" * (MAX_ROWS + 1), "more than 10,000 rows"),
        ("x" * 4_000_001, "too long"),
    ],
    ids=["empty", "other columns", "no row", "empty rows", "open quote", "many rows", "long"],
)
def test_a_file_that_is_none_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read_csv(text)


async def test_each_row_makes_an_account_and_one_mail(
    admin: Actor, tenant: Tenant, mail_server: MailServer, events: list[Event], rollcall: Runtime
) -> None:
    rows = [_row(f"row{number}@example.com", line=number) for number in range(2, BATCH + 2)]
    outcomes = await invite_rows(admin, rows)
    assert [outcome.line for outcome in outcomes] == [row.line for row in rows]
    assert set(_problems(outcomes)) == {""}
    for row in rows:
        (user,) = await books.users_with(row.values["email"])
        assert len(await books.mails_of(user.id)) == 1
    assert await books.actions_of(tenant) == ["user.invited"] * BATCH
    await rollcall.bus.drain()
    assert len([event for event in events if isinstance(event, UserInvited)]) == BATCH


async def test_a_row_that_is_refused_holds_up_no_other(admin: Actor, tenant: Tenant) -> None:
    await factories.create_user(tenant, email="taken@example.com")
    outcomes = await invite_rows(
        admin,
        [
            _row("one@example.com"),
            _row("taken@example.com"),
            _row("not an email"),
            _row("ONE@example.com"),
            _row("two@example.com", role="customer"),
            _row("three@example.com", first=" "),
            _row("four@example.com"),
        ],
    )
    problems = _problems(outcomes)
    assert [bool(problem) for problem in problems] == [False, True, True, True, True, True, False]
    assert problems[1] == problems[3] == "This email is already in use."
    assert problems[4] == "Choose a role."
    assert "First Name" in problems[5]
    assert len(await books.users_with("one@example.com")) == 1
    assert (await verify())[1] is None


async def test_without_a_mail_server_each_row_gets_its_link(admin: Actor) -> None:
    (outcome,) = await invite_rows(admin, [_row("ada@example.com")])
    assert outcome.link.startswith("https://rollcall.example.com/t/acme/invitation/")
    assert "invitation/" not in repr(outcome)


async def test_repeating_a_file_invites_nobody_twice(admin: Actor) -> None:
    rows = [_row("ada@example.com"), _row("grace@example.com")]
    await invite_rows(admin, rows)
    assert set(_problems(await invite_rows(admin, rows))) == {"This email is already in use."}
    assert len(await books.users_with("ada@example.com")) == 1


async def test_a_tenant_admin_cant_import_an_admin(admin: Actor) -> None:
    outcomes = await invite_rows(
        admin, [_row("boss@example.com", role="tenant_admin"), _row("ada@example.com")]
    )
    assert "role doesn't allow" in outcomes[0].problem
    assert outcomes[1].problem == ""
    assert await books.users_with("boss@example.com") == []


async def test_importing_an_admin_needs_a_fresh_sign_in(
    platform_user: User, tenant: Tenant
) -> None:
    inside = await factories.sign_in(platform_user, tenant)
    rows = [_row("ada@example.com"), _row("boss@example.com", role="tenant_admin")]
    clock.shift(timedelta(minutes=16))
    with pytest.raises(FreshSignInNeededError):
        await invite_rows(inside, rows)
    assert await books.users_with("ada@example.com") == []
    clock.shift(timedelta(0))
    assert set(_problems(await invite_rows(inside, rows))) == {""}
    assert (await books.users_with("boss@example.com"))[0].role is Role.TENANT_ADMIN


async def test_two_files_with_the_same_people_at_once_make_one_account_each(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await factories.create_admin(tenant))
    for start in range(0, 100, 20):
        rows = [_row(f"row{number}@example.com") for number in range(start, start + 20)]
        done, refused = await race(
            invite_rows(admin, rows), invite_rows(second, list(reversed(rows)))
        )
        assert refused == []
        for row in rows:
            assert len(await books.users_with(row.values["email"])) == 1
        assert sum(outcome.problem == "" for outcomes in done for outcome in outcomes) == 20
    assert (await verify())[1] is None
