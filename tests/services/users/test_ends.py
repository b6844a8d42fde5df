"""Ends of access: to the minute, in the organisation's time zone, never early and once."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Tenant, User
from services.access.actor import ROLLCALL, Actor
from services.core import clock
from services.core.days import a_month_later, find_zone, moment_of
from services.core.errors import ConflictError, InvalidInputError
from services.database.transaction import transaction
from services.operations import workers
from services.users import accounts, ends, extending
from services.users.ends import End, set_end
from services.users.forms import EndDate
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_admin, create_user, sign_in
from tests.racing import duel, rounds
from tests.sizes import size

# Where clocks are set forward and back, each in its own way: in spring and in autumn, by half an
# hour, at midnight, and to the south.
CHANGES = [
    ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30"),
    ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T01:30"),
    ("America/New_York", "2026-03-08", "02:00", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01", "01:59", "2026-11-01T06:59"),
    ("Australia/Lord_Howe", "2026-10-04", "02:10", "2026-10-03T15:40"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T15:15"),
    ("America/Havana", "2026-03-08", "00:30", "2026-03-08T05:30"),
    ("America/Havana", "2026-11-01", "00:30", "2026-11-01T05:30"),
    ("America/Santiago", "2026-09-06", "00:00", "2026-09-06T04:00"),
    ("America/Santiago", "2026-04-05", "23:30", "2026-04-06T03:30"),
]


@pytest.mark.parametrize(("zone", "day", "at", "moment"), CHANGES)
def test_an_end_on_the_day_of_a_change_is_the_moment_that_is_never_early(
    zone: str, day: str, at: str, moment: str
) -> None:
    end = End(date.fromisoformat(day), time.fromisoformat(at), zone)
    assert end.moment == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.times().map(lambda at: time(at.hour, at.minute)),
    st.sampled_from(sorted({zone for zone, *_ in CHANGES})),
)
def test_a_clock_there_shows_the_end_or_is_past_it_by_what_was_left_out(
    day: date, at: time, zone: str
) -> None:
    shown = moment_of(day, at, zone).astimezone(find_zone(zone)).replace(tzinfo=None)
    assert timedelta(0) <= shown - datetime.combine(day, at) <= timedelta(hours=1)


def test_a_month_later_is_the_same_day_or_the_last_one() -> None:
    days = {"2026-11-27": "2026-12-27", "2026-12-31": "2027-01-31", "2027-01-31": "2027-02-28"}
    for day, later in days.items():
        assert a_month_later(date.fromisoformat(day)) == date.fromisoformat(later)


def test_a_time_without_its_day_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        EndDate(end_time="18:00")
    assert caught.value.fields == {"end_time": "Choose the day, too."}


async def _in_zone(tenant: Tenant, zone: str) -> None:
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).time_zone = zone


async def _move_to(moment: datetime) -> None:
    clock.shift(timedelta(0))
    clock.shift(moment - clock.now())


@pytest.mark.usefixtures("stopped_clock")
async def test_an_end_to_the_minute_comes_at_it_and_once_though_the_clock_steps_back(
    tenant: Tenant, admin_user: User
) -> None:
    await _in_zone(tenant, "Pacific/Auckland")
    user = await create_user(tenant)
    day = clock.now().date() + timedelta(days=3)
    await accounts.set_end_date(await sign_in(admin_user), user.id, day, time(18))
    kept = await books.user_of(user.id)
    assert kept.ends_at == datetime.combine(day, time(18), find_zone("Pacific/Auckland"))
    assert (kept.end_date, kept.end_time, kept.end_zone) == (day, time(18), "Pacific/Auckland")
    assert kept.ends_at is not None
    await _move_to(kept.ends_at - timedelta(seconds=1))
    await workers.apply_end_dates()
    assert (await books.user_of(user.id)).active
    for step in (timedelta(milliseconds=1), timedelta(hours=-1), timedelta(hours=1)):
        await _move_to(kept.ends_at + step)
        await workers.apply_end_dates()
        assert not (await books.user_of(user.id)).active
    entries = await books.audit_of(tenant)
    assert [e.actor_name for e in entries if e.action == "user.deactivated"] == ["Rollcall"]
    assert entries[0].details == {
        "end_date": day.isoformat(),
        "end_time": "18:00",
        "time_zone": "Pacific/Auckland",
    }


@ONE_DATABASE
async def test_today_at_a_later_time_is_an_end_and_at_an_earlier_one_isnt(
    tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    now = clock.now()
    clock.shift(now.replace(hour=12, minute=0) - now)
    today = clock.now().date()
    admin = await sign_in(await create_admin(tenant))
    await accounts.set_end_date(admin, user.id, today, time(12, 30))
    with pytest.raises(InvalidInputError) as caught:
        await accounts.set_end_date(admin, user.id, today, time(11, 30))
    assert set(caught.value.fields) == {"end_time"}


@ONE_DATABASE
async def test_an_extension_is_a_month_and_can_be_taken_back(tenant: Tenant, admin: Actor) -> None:
    user = await create_user(tenant)
    day = clock.now().date() + timedelta(days=5)
    await accounts.set_end_date(admin, user.id, day, time(9, 15))
    extension = await extending.extend(admin, user.id)
    assert extension.after == End(a_month_later(day), time(9, 15))
    await extending.take_back(admin, extension)
    assert (await books.user_of(user.id)).end_date == day
    with pytest.raises(ConflictError, match="Someone else"):
        await extending.take_back(admin, extension)


@ONE_DATABASE
async def test_nobody_is_extended_who_has_no_end_or_is_inactive(
    tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    with pytest.raises(ConflictError, match="no end date"):
        await extending.extend(admin, user.id)
    await accounts.set_end_date(admin, user.id, clock.now().date() + timedelta(days=5))
    await accounts.set_active(admin, user.id, active=False)
    with pytest.raises(ConflictError, match="inactive"):
        await extending.extend(admin, user.id)


@pytest.mark.stress
async def test_whoever_is_extended_at_their_end_stays_or_is_out_and_never_both(
    tenant: Tenant, admin_user: User
) -> None:
    """The end's moment, and an extension, at moments around each other."""
    admins = [await sign_in(admin_user) for _ in range(8)]

    async def play(number: int) -> None:
        user = await create_user(tenant)
        async with transaction() as tx:
            row = await tx.get_one(User, user.id)
            set_end(row, End(clock.now().date()), None)
        ended, extended = False, False

        async def end() -> None:
            nonlocal ended
            ended = await accounts.end_if_due(ROLLCALL, user.id)

        async def extend() -> None:
            nonlocal extended
            await extending.extend(admins[number % 8], user.id)
            extended = True

        await duel(number, 4, end(), extend())
        after = await books.user_of(user.id)
        assert ended != extended
        assert after.active is extended
        assert after.active is (after.ends_at is not None and after.ends_at > clock.now())

    await rounds(play, size(20, 200))
    assert await ends.find_due() == []
