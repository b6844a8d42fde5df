"""Work that is handed over from who leaves, and reviews of who still needs access."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("tenant", sa.Column("review_every_days", sa.Integer(), nullable=True))
    op.add_column("tenant", _at("review_reminded_at"))
    op.add_column("user_account", _at("returned_at"))
    op.execute(
        "UPDATE user_account SET returned_at = (SELECT MAX(audit_event.at) FROM audit_event "
        "WHERE audit_event.subject_id = user_account.id "
        "AND audit_event.action = 'user.activated')"
    )
    op.create_table(
        "handover",
        _id("id"),
        _id("tenant_id"),
        _id("user_id"),
        sa.Column("cause", sa.Uuid(), nullable=True),
        _at("at", nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        _text("by_name", 401),
        sa.Column("items", sa.JSON(), nullable=False),
        _at("undone_at"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_handover_tenant_id_tenant"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_handover_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_handover"),
    )
    op.create_index("ix_handover_user_id", "handover", ["user_id"])
    _reviews()


def _reviews() -> None:
    op.create_table(
        "review",
        _id("id"),
        _id("tenant_id"),
        _text("name", 200),
        sa.Column("days", sa.Integer(), nullable=False),
        _at("begun_at", nullable=False),
        _text("begun_by", 401),
        _at("closes_at"),
        _at("closing_at"),
        _text("closing_by", 401),
        sa.Column("ends_undecided", sa.Boolean(), nullable=False),
        _at("closed_at"),
        _at("leased_until"),
        sa.Column("first_number", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=True),
        _text("digest", 64),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_review_tenant_id_tenant"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
    )
    op.create_index("ix_review_tenant_begun", "review", ["tenant_id", "begun_at"])
    op.create_index("ix_review_closes_at", "review", ["closes_at"])
    op.create_table(
        "review_person",
        _id("id"),
        _id("tenant_id"),
        _id("review_id"),
        _id("user_id"),
        _text("name", 401),
        _text("name_key", 400),
        _text("email", 254),
        _text("role", 40),
        sa.Column("reasons", sa.JSON(), nullable=False),
        _at("last_active_at"),
        sa.Column("status_version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(40), nullable=True),
        _text("decided_by", 401),
        _at("decided_at"),
        sa.Column("outcome", sa.String(40), nullable=True),
        _text("note", 500),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name="fk_review_person_tenant_id_tenant"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_review_person_review_id_review"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_review_person_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_person"),
        sa.UniqueConstraint("review_id", "user_id", name="uq_review_person_review_id_user_id"),
    )
    op.create_index("ix_review_person_review_id", "review_person", ["review_id"])
    op.create_index("ix_review_person_user_id", "review_person", ["user_id"])


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _at(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
