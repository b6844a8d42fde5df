"""What the views of a screen show, and what of names is in none of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from models import (
    CriterionTask,
    Decision,
    Poc,
    PocStatus,
    Review,
    Role,
    SuccessCriterion,
    Task,
    TaskStatus,
    Tenant,
    User,
)
from services.access.actor import Actor
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import Transaction, transaction
from services.reviews import reviews
from services.screens import moves
from services.screens.milestones import week_end
from services.screens.people import People
from services.screens.pocs import OwnerTasks, Pocs
from services.screens.reading import Shown, find_views
from services.screens.review import ReviewShown
from services.screens.roll_call import RollCall
from services.screens.showing import Names, ScreenView
from services.sessions import presence
from services.users import here_counts
from services.workspace import groups, tasks
from services.workspace import pocs as work
from tests.factories import create_user, sign_in
from tests.services.review_calls import EVERY_REASON
from tests.services.screens.storms import fail_sign_ins

ALL = tuple(ScreenView)


@pytest.fixture
def watched(rollcall: Runtime) -> Runtime:
    """A Rollcall that has been noting for an hour who comes and goes."""
    moves.watch(lambda _tenant_id: None)
    moves._moves().started_at -= timedelta(hours=1)
    return rollcall


async def _shown(tenant: Tenant, view: ScreenView, names: Names = Names.FULL) -> Shown:
    return (await find_views(tenant.id, [view], names))[view]


async def _roll_call(tenant: Tenant, names: Names = Names.FULL) -> RollCall:
    shown = await _shown(tenant, ScreenView.ROLL_CALL, names)
    assert isinstance(shown, RollCall)
    return shown


async def _poc(owner: User, title: str, **facts: object) -> None:
    actor = await sign_in(owner)
    today = clock.now().date()
    form = work.NewPocForm(title=title, customer="Helsinki Freight", start_on=today)
    poc_id = await work.create_poc(actor, form)
    async with transaction() as tx:
        row = await tx.get_one(Poc, poc_id)
        for name, value in facts.items():
            setattr(row, name, value)


async def test_who_is_here_stands_under_their_role_and_whoever_left_is_struck_out_for_a_minute(
    watched: Runtime, tenant: Tenant
) -> None:
    grace = await create_user(tenant, first_name="Grace", last_name="Hopper")
    ada = await create_user(tenant, role=Role.TENANT_ADMIN)
    await create_user(tenant, invited=True)
    for user in (grace, ada):
        presence.page_opened(user.id, tenant.id)
    presence.page_closed(grace.id, tenant.id)
    shown = await _roll_call(tenant)
    assert (shown.here, shown.active) == (1, 2)
    assert [(role.label, role.here) for role in shown.roles] == [
        ("Sales Engineer", 0),
        ("Tenant Admin", 1),
    ]
    (left,), (there,) = (role.people for role in shown.roles)
    assert left.left > 0
    assert there.came > 0
    assert [(move.name, move.arrived) for move in shown.moves] == [
        ("Grace Hopper", False),
        ("Ada Lovelace", True),
        ("Grace Hopper", True),
    ]
    clock.shift(timedelta(seconds=61))
    shown = await _roll_call(tenant)
    assert [role.label for role in shown.roles] == ["Tenant Admin"]
    assert shown.roles[0].people[0].came == 0


async def test_who_was_here_before_a_restart_returns_and_doesn_t_arrive(
    watched: Runtime, tenant: Tenant
) -> None:
    ada = await create_user(tenant)
    moves._moves().started_at = clock.now()
    presence.page_opened(ada.id, tenant.id)
    shown = await _roll_call(tenant)
    assert (shown.here, shown.moves, shown.roles[0].people[0].came) == (1, [], 0)


async def test_another_tenants_people_are_on_no_screen(
    watched: Runtime, tenant: Tenant, other_tenant: Tenant
) -> None:
    stranger = await create_user(other_tenant)
    presence.page_opened(stranger.id, tenant.id)
    shown = await _roll_call(tenant)
    assert (shown.here, shown.roles, shown.moves) == (0, [], [])


@pytest.mark.usefixtures("stopped_clock")
async def test_how_many_were_here_is_kept_for_each_quarter_of_an_hour(
    rollcall: Runtime, tenant: Tenant
) -> None:
    ada = await create_user(tenant)
    presence.page_opened(ada.id, tenant.id)
    for number in range(2):
        clock.shift(timedelta(minutes=15 * number))
        await here_counts.note()
        await here_counts.note()
    shown = await _roll_call(tenant)
    assert [here for _, here in shown.today] == [1, 1]
    clock.shift(timedelta(days=7, minutes=20))
    shown = await _roll_call(tenant)
    assert shown.today == []
    assert [here for _, here in shown.week_ago] == [1, 1]
    clock.shift(timedelta(days=10))
    await here_counts.note()
    assert (await _roll_call(tenant)).week_ago == []


async def test_people_are_counted_and_those_who_end_or_wait_are_named(
    rollcall: Runtime, tenant: Tenant
) -> None:
    ada = await create_user(tenant)
    await create_user(tenant, invited=True, first_name="Chidi")
    async with transaction() as tx:
        row = await tx.get_one(User, ada.id)
        row.end_date = clock.now().date() + timedelta(days=2)
    await sign_in(ada)
    shown = await _shown(tenant, ScreenView.PEOPLE)
    assert isinstance(shown, People)
    assert (shown.active, shown.invited, shown.ending) == (1, 1, 1)
    assert [one.name for one in shown.ends_soon] == ["Ada Lovelace"]
    assert [one.name for one in shown.waiting] == ["Chidi Lovelace"]
    assert shown.signed_in[-1] == (clock.now().date(), 1)


async def test_who_signed_in_counts_on_the_day_that_it_was_in_utc(
    rollcall: Runtime, tenant: Tenant
) -> None:
    day = clock.now().date() + timedelta(days=2)
    for hour in (0, 23):  # in no other zone are both of one day
        clock.shift(datetime.combine(day, time(hour, 30), UTC) - datetime.now(UTC))
        await sign_in(await create_user(tenant))
    shown = await _shown(tenant, ScreenView.PEOPLE)
    assert isinstance(shown, People)
    assert shown.signed_in[-2:] == [(day - timedelta(days=1), 0), (day, 2)]


async def test_days_begin_where_the_organisation_has_its_midnight(
    rollcall: Runtime, tenant: Tenant
) -> None:
    day = clock.now().date() + timedelta(days=2)
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).time_zone = "Pacific/Auckland"
    clock.shift(datetime.combine(day, time(23, 30), UTC) - datetime.now(UTC))
    await sign_in(await create_user(tenant))
    people = await _shown(tenant, ScreenView.PEOPLE)
    pocs = await _shown(tenant, ScreenView.POCS)
    assert isinstance(people, People)
    assert isinstance(pocs, Pocs)
    assert people.signed_in[-1] == (day + timedelta(days=1), 1)
    assert pocs.today == day + timedelta(days=1)


async def test_pocs_are_counted_and_the_late_ones_come_first(
    rollcall: Runtime, tenant: Tenant
) -> None:
    owner = await create_user(tenant, first_name="Bjørn", last_name="Halvorsen")
    today = clock.now().date()
    await _poc(owner, "Later", status=PocStatus.ACTIVE, end_on=today + timedelta(days=9))
    await _poc(owner, "Late", status=PocStatus.ACTIVE, end_on=today - timedelta(days=3))
    await _poc(owner, "Draft")
    closed = {"status": PocStatus.COMPLETED, "closed_at": clock.now()}
    await _poc(owner, "Done", **closed)
    shown = await _shown(tenant, ScreenView.POCS)
    assert isinstance(shown, Pocs)
    assert shown.by_status == {"draft": 1, "active": 2, "on_hold": 0, "completed": 1}
    assert [(poc.title, poc.owner) for poc in shown.next_to_end] == [
        ("Late", "Bjørn Halvorsen"),
        ("Later", "Bjørn Halvorsen"),
    ]


async def _due(actor: Actor, poc_id: UUID, on: date) -> UUID:
    group_id = await groups.add_group(actor, poc_id, groups.NewGroupForm(title="Kick-off"))
    return await tasks.add_task(
        actor, tasks.NewTaskForm(title="Meet", due_on=on, group_id=group_id)
    )


async def test_open_tasks_are_counted_by_when_they_are_due_and_by_whose_poc_they_are_of(
    rollcall: Runtime, tenant: Tenant
) -> None:
    today = clock.now().date()
    yesterday, next_week = today - timedelta(days=1), week_end(today) + timedelta(days=1)
    late = await create_user(tenant, first_name="Bjørn", last_name="Halvorsen")
    calm = await create_user(tenant, first_name="Ama", last_name="Boateng")
    await _with_tasks(late, [yesterday, yesterday, today, yesterday])
    await _with_tasks(calm, [next_week, None, next_week])  # the last of each is done
    shown = await _shown(tenant, ScreenView.POCS)
    assert isinstance(shown, Pocs)
    assert (shown.overdue, shown.overdue_pocs) == (2, 1)
    assert (shown.due_today, shown.due_this_week) == (1, 1)
    assert shown.by_owner == [
        OwnerTasks("Bjørn Halvorsen", overdue=2, this_week=1, later=0),
        OwnerTasks("Ama Boateng", overdue=0, this_week=0, later=2),
    ]


async def _with_tasks(owner: User, due: Sequence[date | None]) -> None:
    """A POC of this owner with a task for each of these days; the last task is done."""
    actor = await sign_in(owner)
    form = work.NewPocForm(title="Trial", customer="Helsinki Freight", start_on=clock.now().date())
    poc_id = await work.create_poc(actor, form)
    group_id = await groups.add_group(actor, poc_id, groups.NewGroupForm(title="Kick-off"))
    forms = [tasks.NewTaskForm(title="Meet", due_on=on, group_id=group_id) for on in due]
    added = [await tasks.add_task(actor, each) for each in forms]
    async with transaction() as tx:
        (await tx.get_one(Task, added[-1])).status = TaskStatus.DONE


async def test_this_week_has_the_days_of_pocs_groups_and_criteria(
    rollcall: Runtime, tenant: Tenant
) -> None:
    actor = await sign_in(await create_user(tenant))
    today = clock.now().date()
    form = work.NewPocForm(title="Banco", customer="Banco Meridional", start_on=today)
    poc_id = await work.create_poc(actor, form)
    task_id = await _due(actor, poc_id, today)
    async with transaction() as tx:
        await _add_criterion(tx, await tx.get_one(Poc, poc_id), task_id)
    shown = await _shown(tenant, ScreenView.POCS)
    assert isinstance(shown, Pocs)
    assert [(one.on, one.what, one.title) for one in shown.this_week] == [
        (today, "Fast enough", "Banco"),
        (today, "Kick-off", "Banco"),
        (today, "Starts", "Banco"),
    ]
    async with transaction() as tx:
        (await tx.get_one(Task, task_id)).status = TaskStatus.DONE
    shown = await _shown(tenant, ScreenView.POCS)
    assert isinstance(shown, Pocs)
    assert [one.what for one in shown.this_week] == ["Starts"]


async def _add_criterion(tx: Transaction, poc: Poc, task_id: UUID) -> None:
    criterion = SuccessCriterion(
        tenant_id=poc.tenant_id,
        created_at=poc.created_at,
        changed_at=poc.changed_at,
        poc_id=poc.id,
        title="Fast enough",
        position=0,
    )
    tx.add(criterion)
    await tx.flush()
    tx.add(CriterionTask(tenant_id=poc.tenant_id, criterion_id=criterion.id, task_id=task_id))


async def test_a_review_is_shown_with_what_is_to_be_decided_and_then_when_the_next_is_due(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    await create_user(tenant)
    review_id = await reviews.begin(admin, EVERY_REASON)
    people = await reviews.list_people(admin, review_id)
    person = next(one for one in people if one.holder_id != admin.user_id)
    await reviews.decide(admin, review_id, [person.id], Decision.KEEP)
    review = await _review(tenant, Names.INITIALS)
    assert (review.name, review.people - review.to_decide) == ("Autumn review", 1)
    assert (await _review(tenant, Names.COUNTS)).name == ""
    now = clock.now()
    async with transaction() as tx:
        (await tx.get_one(Review, review_id)).closed_at = now
        (await tx.get_one(Tenant, tenant.id)).review_every_days = 90
    review = await _review(tenant, Names.INITIALS)
    assert (review.people, review.next_due) == (0, int((now + timedelta(days=90)).timestamp()))


async def _review(tenant: Tenant, names: Names) -> ReviewShown:
    shown = await _shown(tenant, ScreenView.PEOPLE, names)
    assert isinstance(shown, People)
    return shown.review


async def test_what_a_screen_hides_of_names_is_in_nothing_that_it_is_told(
    watched: Runtime, tenant: Tenant, admin: Actor
) -> None:
    ada = await create_user(tenant, first_name="Zuzana", last_name="Quillfeather")
    await create_user(tenant, invited=True, first_name="Zuzana", last_name="Quillfeather")
    async with transaction() as tx:
        (await tx.get_one(User, ada.id)).end_date = clock.now().date() + timedelta(days=2)
    end = clock.now().date() + timedelta(days=1)
    await _poc(ada, "Scanning", status=PocStatus.ACTIVE, end_on=end)
    await fail_sign_ins(ada)
    presence.page_opened(ada.id, tenant.id)
    told = {}
    for names in Names:
        views = await find_views(tenant.id, ALL, names)
        told[names] = json.dumps([asdict(view) for view in views.values()], default=_as_text)
    assert "Zuzana" in told[Names.FULL]
    assert '"ZQ"' in told[Names.INITIALS]
    for hidden in (told[Names.INITIALS], told[Names.COUNTS]):
        assert not any(part in hidden for part in ("Zuzana", "Quillfeather", str(ada.id)))
    assert '"ZQ"' not in told[Names.COUNTS]
    assert "Scanning" not in told[Names.COUNTS]
    assert not any("@" in text or "192.0.2" in text for text in told.values())


def _as_text(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()
