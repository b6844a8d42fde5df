"""A row of each table of the workspace, put straight into the database."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from models import (
    Comment,
    CustomerPerson,
    FileChunk,
    GroupTemplate,
    GroupTemplateTask,
    Poc,
    PocCustomer,
    PocMember,
    Resource,
    ResourceFile,
    ResourceKind,
    SuccessCriterion,
    Task,
    TaskGroup,
    TaskTemplate,
)
from services.core import clock
from services.database.transaction import transaction

START = date(2026, 3, 2)


@dataclass(frozen=True)
class Rows:
    """A POC with a group, a task and a comment, and a group template with a task template. Their
    ids are of nothing where the actor is in no tenant."""

    poc: UUID = field(default_factory=uuid4)
    group: UUID = field(default_factory=uuid4)
    task: UUID = field(default_factory=uuid4)
    comment: UUID = field(default_factory=uuid4)
    criterion: UUID = field(default_factory=uuid4)
    resource: UUID = field(default_factory=uuid4)
    file: UUID = field(default_factory=uuid4)
    template_resource: UUID = field(default_factory=uuid4)
    group_template: UUID = field(default_factory=uuid4)
    task_template: UUID = field(default_factory=uuid4)
    customer: UUID = field(default_factory=uuid4)


async def create_rows(tenant_id: UUID | None, owner_id: UUID) -> Rows:
    """Put such rows into the database: the owner works on the POC, and has written the comment."""
    rows = Rows()
    if tenant_id is None:
        return rows
    now = clock.now()
    own: dict[str, Any] = {"tenant_id": tenant_id, "created_at": now, "changed_at": now}
    title: dict[str, Any] = {"title": "Trial", "title_key": "trial"}
    in_poc: dict[str, Any] = {"poc_id": rows.poc, "title": "Trial", "position": 1024}
    # SQLAlchemy orders by foreign keys that it knows of: of tables, not of rows.
    async with transaction() as tx:
        tx.add(
            Poc(
                **own,
                **title,
                id=rows.poc,
                customer="Customer",
                customer_key="customer",
                owner_id=owner_id,
                start_on=START,
            )
        )
        tx.add(GroupTemplate(**own, **title, id=rows.group_template))
        tx.add(TaskTemplate(**own, **title, id=rows.task_template))
        await tx.flush()
        tx.add(PocMember(tenant_id=tenant_id, poc_id=rows.poc, user_id=owner_id, added_at=now))
        tx.add(TaskGroup(**own, **in_poc, id=rows.group))
        tx.add(
            GroupTemplateTask(
                tenant_id=tenant_id,
                group_id=rows.group_template,
                task_id=rows.task_template,
                position=1024,
            )
        )
        await tx.flush()
        tx.add(Task(**own, **in_poc, id=rows.task, group_id=rows.group))
        tx.add(
            CustomerPerson(
                id=rows.customer,
                tenant_id=tenant_id,
                first_name="Reto",
                last_name="Bianchi",
                name_key="reto bianchi",
                email=f"{rows.customer.hex}@helvetia.example",
                email_key=f"{rows.customer.hex}@helvetia.example",
                created_at=now,
            )
        )
        await tx.flush()
        tx.add(
            PocCustomer(
                tenant_id=tenant_id, poc_id=rows.poc, customer_id=rows.customer, added_at=now
            )
        )
        tx.add(SuccessCriterion(**own, **in_poc, id=rows.criterion))
        note: dict[str, Any] = {"kind": ResourceKind.NOTE, "title": "Trial", "content": "Said"}
        tx.add(Resource(**own, **note, id=rows.resource, poc_id=rows.poc))
        tx.add(
            Resource(
                **own,
                **note,
                id=rows.template_resource,
                group_template_id=rows.group_template,
            )
        )
        tx.add(
            Resource(
                **own,
                id=rows.file,
                poc_id=rows.poc,
                kind=ResourceKind.FILE,
                title="a.txt",
                content="",
            )
        )
        await tx.flush()
        tx.add(
            ResourceFile(
                resource_id=rows.file,
                tenant_id=tenant_id,
                poc_id=rows.poc,
                name="a.txt",
                media_type="text/plain; charset=utf-8",
                size=4,
                sha256="0" * 64,
            )
        )
        await tx.flush()
        tx.add(FileChunk(resource_id=rows.file, number=0, data=b"Said"))
        tx.add(
            Comment(
                id=rows.comment,
                tenant_id=tenant_id,
                poc_id=rows.poc,
                author_id=owner_id,
                body="Said",
                created_at=now,
            )
        )
    return rows
