"""The work of the demo organisation: 40 POCs in every state, with owners active and not."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from string import ascii_lowercase
from typing import Any

from models import (
    Comment,
    CriterionResult,
    CriterionTask,
    CustomerPerson,
    GroupAssignee,
    GroupTemplate,
    GroupTemplateTask,
    Importance,
    LinkPurpose,
    Poc,
    PocCustomer,
    PocMember,
    PocStatus,
    Resource,
    ResourceKind,
    Role,
    SuccessCriterion,
    Task,
    TaskAssignee,
    TaskGroup,
    TaskStatus,
    TaskTemplate,
    Tenant,
    User,
)
from models.base import id_made_at
from services.access import one_time_links
from services.core import clock
from services.core.emails import email_key
from services.core.names import fold
from services.database.transaction import Transaction
from services.operations.demo_texts import (
    COMMENTS,
    CRITERIA,
    CUSTOMER_FIRST_NAMES,
    CUSTOMER_LAST_NAMES,
    CUSTOMER_TITLES,
    CUSTOMERS,
    GROUPS,
    TITLES,
)
from services.workspace.positions import STEP

POCS = 40
# How often a POC is in each state, of the 40.
STATES = (
    *(PocStatus.ACTIVE,) * 4,
    PocStatus.DRAFT,
    PocStatus.ON_HOLD,
    *(PocStatus.COMPLETED,) * 3,
    PocStatus.CANCELLED,
)


class DemoWork:
    """Makes the rows, in the caller's transaction.

    They are the same every time, except for their days, which count from today. `begun` are the
    POCs, each with the person who began it, for the log.
    """

    def __init__(self, tx: Transaction, tenant: Tenant, users: Sequence[User]) -> None:
        self.tx = tx
        self.tenant = tenant
        self.chance = random.Random(POCS)  # noqa: S311 - the demo is the same each time
        came = [user for user in users if user.first_sign_in_at is not None]
        self.engineers = [user for user in came if user.role is Role.SALES_ENGINEER][:24]
        self.author = next(u for u in came if u.role is Role.ADMINISTRATOR and u.active)
        self.templates: list[tuple[GroupTemplate, list[TaskTemplate]]] = []
        self.begun: list[tuple[Poc, User]] = []

    async def add(self) -> None:
        """Add the templates and the POCs."""
        for title, description, tasks in GROUPS:
            await self._add_group_template(title, description, tasks)
        for number in range(POCS):
            await self._add_poc(number)

    def _own(self, by: User, days_ago: int) -> dict[str, Any]:
        at = clock.now() - timedelta(days=days_ago)
        return {
            "tenant_id": self.tenant.id,
            "created_at": at,
            "created_by_id": by.id,
            "changed_at": at,
            "changed_by_id": by.id,
        }

    async def _add_group_template(
        self, title: str, description: str, tasks: Sequence[tuple[Any, ...]]
    ) -> None:
        own = self._own(self.author, 400)
        group = GroupTemplate(**own, title=title, title_key=fold(title), description=description)
        made = [
            TaskTemplate(
                **own, title=name, title_key=fold(name), side=side, start_day=start, days=days
            )
            for name, side, start, days in tasks
        ]
        self.tx.add_all([group, *made])
        await self.tx.flush()
        for at, task in enumerate(made, 1):
            self.tx.add(
                GroupTemplateTask(
                    tenant_id=self.tenant.id,
                    group_id=group.id,
                    task_id=task.id,
                    position=at * STEP,
                )
            )
        self._add_steps(own, title, group_template_id=group.id)
        self.templates.append((group, made))

    def _add_steps(self, own: dict[str, Any], title: str, **belongs_to: Any) -> None:
        """What a group of tasks comes with."""
        self.tx.add(
            Resource(
                **own,
                kind=ResourceKind.LINK,
                title=f"{title}, step by step",
                content="https://docs.nordwind.example/poc",
                shared=True,
                **belongs_to,
            )
        )

    async def _add_poc(self, number: int) -> None:
        chance = self.chance
        status = STATES[number % len(STATES)]
        owner = self.engineers[number % len(self.engineers)]
        began = chance.randint(60, 200) if status.is_closed else chance.randint(-10, 25)
        if status is PocStatus.DRAFT:  # nothing is overdue in what is yet to begin
            began = -1 - began % 10
        start = clock.now().date() - timedelta(days=began)
        title = TITLES[number % len(TITLES)]
        if number >= len(TITLES):
            title = f"{title}, second phase"
        customer = CUSTOMERS[number % len(CUSTOMERS)]
        poc = Poc(
            **self._own(owner, max(began, 0) + 3),
            title=title,
            title_key=fold(title),
            customer=customer,
            customer_key=fold(customer),
            search_key=f"{fold(title)} {fold(customer)}",
            objectives="To see in four weeks whether it carries a whole year.",
            owner_id=owner.id,
            start_on=start,
            end_on=None if number % 9 == 8 else start + timedelta(days=28),
            status=status,
            outcome="Met what was asked for." if status is PocStatus.COMPLETED else "",
            closed_at=clock.now() - timedelta(days=began - 30) if status.is_closed else None,
        )
        self.tx.add(poc)
        await self.tx.flush()
        team = [owner, *chance.sample([u for u in self.engineers if u is not owner], 3)]
        for member in team:
            self.tx.add(
                PocMember(
                    tenant_id=self.tenant.id,
                    poc_id=poc.id,
                    user_id=member.id,
                    added_at=poc.created_at,
                    added_by_id=owner.id,
                )
            )
        self.begun.append((poc, owner))
        await self._add_customers(poc, owner, number)
        tasks = await self._add_tasks(poc, team, number)
        await self._add_criteria(poc, owner, tasks)
        self._add_comments(poc, team, tasks)

    async def _add_customers(self, poc: Poc, owner: User, number: int) -> None:
        """Two people at the customer's of every second POC; one of them hasn't come yet."""
        if number % 2:
            return
        for at in range(2):
            first = CUSTOMER_FIRST_NAMES[(number + at) % len(CUSTOMER_FIRST_NAMES)]
            last = CUSTOMER_LAST_NAMES[(number + at) % len(CUSTOMER_LAST_NAMES)]
            email = f"{_in_letters(first)}.{_in_letters(last)}@{_host_of(poc.customer)}"
            person = CustomerPerson(
                id=id_made_at(poc.created_at),
                tenant_id=self.tenant.id,
                first_name=first,
                last_name=last,
                name_key=fold(f"{first} {last}"),
                email=email,
                email_key=email_key(email),
                title=CUSTOMER_TITLES[(number + at) % len(CUSTOMER_TITLES)],
                active=number % 8 != 6,
                created_at=poc.created_at,
                created_by_id=owner.id,
                first_here_at=None if at else poc.created_at,
                last_active_at=None if at else poc.created_at,
            )
            self.tx.add(person)
            await self.tx.flush()
            if person.invited and person.active and not poc.status.is_closed:
                one_time_links.issue(
                    self.tx, LinkPurpose.CUSTOMER_INVITATION, None, customer_id=person.id
                )
            self.tx.add(
                PocCustomer(
                    tenant_id=self.tenant.id,
                    poc_id=poc.id,
                    customer_id=person.id,
                    added_at=poc.created_at,
                    added_by_id=owner.id,
                )
            )

    async def _add_tasks(self, poc: Poc, team: Sequence[User], number: int) -> list[Task]:
        tasks: list[Task] = []
        chosen = [each for at, each in enumerate(self.templates) if at != 2 or number % 3 == 0]
        own = self._own(team[0], 1)
        for at, (template, of_group) in enumerate(chosen, 1):
            group = TaskGroup(
                **own,
                poc_id=poc.id,
                template_id=template.id,
                title=template.title,
                start_on=poc.start_on + timedelta(days=min(one.start_day for one in of_group) - 1),
                due_on=poc.start_on
                + timedelta(days=max(one.start_day + one.days for one in of_group) - 2),
                position=at * STEP,
            )
            self.tx.add(group)
            await self.tx.flush()
            self._add_steps(own, template.title, poc_id=poc.id, group_id=group.id)
            sees_to = team[at % len(team)]
            self.tx.add(
                GroupAssignee(tenant_id=self.tenant.id, group_id=group.id, user_id=sees_to.id)
            )
            for nth, of_task in enumerate(of_group, 1):
                begins = poc.start_on + timedelta(days=of_task.start_day - 1)
                task = Task(
                    **own,
                    poc_id=poc.id,
                    group_id=group.id,
                    title=of_task.title,
                    side=of_task.side,
                    position=nth * STEP,
                    start_on=begins,
                    due_on=begins + timedelta(days=of_task.days - 1),
                )
                self._set_status(task, poc.status)
                tasks.append(task)
        self.tx.add_all(tasks)
        await self.tx.flush()
        for task in tasks:
            for user in self.chance.sample(team, self.chance.randint(1, 2)):
                self.tx.add(
                    TaskAssignee(tenant_id=self.tenant.id, task_id=task.id, user_id=user.id)
                )
        return tasks

    def _set_status(self, task: Task, of_poc: PocStatus) -> None:
        today = clock.now().date()
        luck = self.chance.random()
        if of_poc is PocStatus.DRAFT:
            return
        if of_poc is PocStatus.COMPLETED or (_before(task.due_on, today) and luck < 0.85):
            task.status = TaskStatus.DONE
            task.completed_at = clock.now() - timedelta(days=1)
        elif _before(task.start_on, today):
            task.status = TaskStatus.BLOCKED if luck > 0.9 else TaskStatus.IN_PROGRESS
            if task.status is TaskStatus.BLOCKED:
                task.blocked_reason = "The change window is at the end of the month."

    async def _add_criteria(self, poc: Poc, owner: User, tasks: Sequence[Task]) -> None:
        for at, (title, target, side) in enumerate(CRITERIA, 1):
            result = CriterionResult.PENDING
            if poc.status is PocStatus.COMPLETED:
                result = CriterionResult.MET if at != 3 else CriterionResult.PARTLY_MET
            criterion = SuccessCriterion(
                **self._own(owner, 1),
                poc_id=poc.id,
                title=title,
                target=target,
                importance=(Importance.MUST, Importance.MUST, Importance.SHOULD, Importance.COULD)[
                    at - 1
                ],
                side=side,
                result=result,
                position=at * STEP,
            )
            self.tx.add(criterion)
            await self.tx.flush()
            self.tx.add(
                CriterionTask(
                    tenant_id=self.tenant.id,
                    criterion_id=criterion.id,
                    task_id=self.chance.choice(tasks).id,
                )
            )

    def _add_comments(self, poc: Poc, team: Sequence[User], tasks: Sequence[Task]) -> None:
        count = 0 if poc.status is PocStatus.DRAFT else self.chance.randint(1, len(COMMENTS))
        for at, body in enumerate(COMMENTS[:count]):
            self.tx.add(
                Comment(
                    tenant_id=self.tenant.id,
                    poc_id=poc.id,
                    task_id=self.chance.choice(tasks).id if at % 2 else None,
                    author_id=self.chance.choice(team).id,
                    body=body,
                    shared=at % 3 == 0,
                    created_at=clock.now() - timedelta(hours=30 * (count - at)),
                )
            )


def _before(day: date | None, today: date) -> bool:
    return day is not None and day < today


def _in_letters(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter in ascii_lowercase)


def _host_of(company: str) -> str:
    return f"{_in_letters(company.split(maxsplit=1)[0]) or 'customer'}.example"
