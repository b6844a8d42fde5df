"""The workspace: templates, POCs, and what belongs to a POC."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

AT = sa.DateTime(timezone=True)
CHOICE = sa.String(length=40)


def upgrade() -> None:
    """Change the schema."""
    _templates()
    _pocs()
    _tasks()
    _criteria()
    _resources()
    _comments()


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _choice(name: str) -> sa.Column[Any]:
    return sa.Column(name, CHOICE, nullable=False)


def _yes_or_no(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _at(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, AT, nullable=nullable)


def _day(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _table(
    name: str,
    columns: Sequence[sa.Column[Any]],
    points_at: dict[str, str],
    *more: sa.schema.SchemaItem,
    indexed: Sequence[str] = (),
) -> None:
    """A table whose columns point at other tables' ids."""
    op.create_table(
        name,
        _id("id"),
        _id("tenant_id"),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}")
            )
            for column, table in {"tenant_id": "tenant", **points_at}.items()
        ),
        *more,
    )
    for column in indexed:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _row() -> list[sa.Column[Any]]:
    """What every row has that people make, change and archive."""
    return [
        _number("version"),
        _at("created_at", nullable=False),
        _id("created_by_id", nullable=True),
        _at("changed_at", nullable=False),
        _id("changed_by_id", nullable=True),
        _at("archived_at"),
    ]


def _once(name: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{'_'.join(columns)}"))


def _templates() -> None:
    titles = [_text("title", 200), _text("title_key", 1000), _text("description")]
    _table(
        "task_template",
        [*_row(), *titles, _choice("side"), _number("start_day"), _number("days")],
        {},
    )
    titles = [_text("title", 200), _text("title_key", 1000), _text("description")]
    _table("group_template", [*_row(), *titles], {})
    for name in ("task_template", "group_template"):
        op.create_index(f"ix_{name}_tenant_title", name, ["tenant_id", "title_key", "id"])
    _table(
        "group_template_task",
        [_id("group_id"), _id("task_id"), _number("position")],
        {"group_id": "group_template", "task_id": "task_template"},
        _once("group_template_task", "group_id", "task_id"),
        indexed=["task_id"],
    )


def _pocs() -> None:
    _table(
        "poc",
        [
            *_row(),
            _text("title", 200),
            _text("title_key", 1000),
            _text("customer", 200),
            _text("customer_key", 1000),
            _text("description"),
            _text("objectives"),
            _id("owner_id"),
            _day("start_on", nullable=False),
            _day("end_on"),
            _choice("status"),
            _text("outcome"),
            _text("handover_note"),
            _at("closed_at"),
        ],
        {"owner_id": "user_account"},
        indexed=["owner_id"],
    )
    op.create_index("ix_poc_tenant_title", "poc", ["tenant_id", "title_key", "id"])
    op.create_index("ix_poc_tenant_status", "poc", ["tenant_id", "status"])
    _table(
        "poc_member",
        [
            _id("poc_id"),
            _id("user_id"),
            _at("added_at", nullable=False),
            _id("added_by_id", nullable=True),
            _at("removed_at"),
            _id("removed_by_id", nullable=True),
        ],
        {"poc_id": "poc", "user_id": "user_account"},
        indexed=["poc_id", "user_id"],
    )
    present = sa.text("removed_at IS NULL")
    op.create_index(
        "uq_poc_member_present",
        "poc_member",
        ["poc_id", "user_id"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )
    op.create_table(
        "home_visit",
        _id("user_id"),
        _at("seen_at", nullable=False),
        _at("before_at"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_home_visit")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_home_visit_user_id_user_account")
        ),
    )


def _tasks() -> None:
    _table(
        "task_group",
        [
            *_row(),
            _id("poc_id"),
            _id("template_id", nullable=True),
            _text("title", 200),
            _text("description"),
            _number("position"),
        ],
        {"poc_id": "poc", "template_id": "group_template"},
        indexed=["poc_id", "template_id"],
    )
    _table(
        "task",
        [
            *_row(),
            _id("poc_id"),
            _id("group_id"),
            _text("title", 200),
            _text("description"),
            _choice("side"),
            _number("position"),
            _day("start_on"),
            _day("due_on"),
            _choice("status"),
            _text("blocked_reason"),
            _at("completed_at"),
        ],
        {"poc_id": "poc", "group_id": "task_group"},
        indexed=["poc_id", "group_id"],
    )
    _table(
        "task_assignee",
        [_id("task_id"), _id("user_id")],
        {"task_id": "task", "user_id": "user_account"},
        _once("task_assignee", "task_id", "user_id"),
        indexed=["user_id"],
    )


def _criteria() -> None:
    _table(
        "success_criterion",
        [
            *_row(),
            _id("poc_id"),
            _text("title", 200),
            _text("target", 200),
            _text("achieved", 200),
            _choice("importance"),
            _choice("side"),
            _choice("result"),
            _number("position"),
        ],
        {"poc_id": "poc"},
        indexed=["poc_id"],
    )
    _table(
        "criterion_task",
        [_id("criterion_id"), _id("task_id")],
        {"criterion_id": "success_criterion", "task_id": "task"},
        _once("criterion_task", "criterion_id", "task_id"),
        indexed=["task_id"],
    )


def _resources() -> None:
    places = {
        "task_template_id": "task_template",
        "group_template_id": "group_template",
        "poc_id": "poc",
        "group_id": "task_group",
        "task_id": "task",
    }
    belongs = " + ".join(
        f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in list(places)[:3]
    )
    _table(
        "resource",
        [
            *_row(),
            _choice("kind"),
            _text("title", 200),
            _text("content"),
            _text("language", 40),
            _yes_or_no("shared"),
            *(_id(column, nullable=True) for column in places),
        ],
        places,
        sa.CheckConstraint(f"{belongs} = 1", name="ck_resource_belongs"),
        indexed=list(places)[:3],
    )


def _comments() -> None:
    _table(
        "comment",
        [
            _id("poc_id"),
            _id("task_id", nullable=True),
            _id("author_id"),
            _text("body"),
            _yes_or_no("shared"),
            _number("version"),
            _at("created_at", nullable=False),
            _at("edited_at"),
            _at("removed_at"),
            _id("removed_by_id", nullable=True),
        ],
        {"poc_id": "poc", "task_id": "task", "author_id": "user_account"},
        indexed=["task_id"],
    )
    op.create_index("ix_comment_poc", "comment", ["poc_id", "id"])
    _table(
        "comment_mention",
        [_id("comment_id"), _id("user_id"), _text("name", 401)],
        {"comment_id": "comment", "user_id": "user_account"},
        _once("comment_mention", "comment_id", "user_id"),
        indexed=["user_id"],
    )
