"""Ends to the minute in an organisation's time zone, their reminders and calendars, and what new
people are welcomed with."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Change the schema."""
    _change_tenants()
    _change_users()
    op.create_table(
        "onboarding",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        _key("onboarding", "user_id", "user_account"),
        _key("onboarding", "tenant_id", "tenant"),
        _key("onboarding", "contact_id", "user_account"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_onboarding")),
    )
    op.create_table(
        "end_reminder",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        _key("end_reminder", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("user_id", "ends_at", "days", name=op.f("pk_end_reminder")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _key("calendar_feed", "tenant_id", "tenant"),
        _key("calendar_feed", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
        sa.UniqueConstraint(
            "tenant_id", "user_id", name=op.f("uq_calendar_feed_tenant_id_user_id")
        ),
    )
    op.create_index(op.f("ix_calendar_feed_user_id"), "calendar_feed", ["user_id"])


def _change_tenants() -> None:
    for column in (
        sa.Column("time_zone", sa.String(length=64), nullable=False, server_default="UTC"),
        sa.Column("welcome_text", sa.String(), nullable=False, server_default=""),
        sa.Column("documentation_url", sa.String(length=2000), nullable=False, server_default=""),
    ):
        op.add_column("tenant", column)


def _change_users() -> None:
    no = sa.false()
    for column in (
        sa.Column("end_time", sa.Time(), nullable=True),
        sa.Column("end_zone", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_set_by_id", sa.Uuid(), nullable=True),
        sa.Column("wants_end_reminders", sa.Boolean(), nullable=False, server_default=no),
    ):
        op.add_column("user_account", column)
    # So far an end's day began in UTC. Each database writes such a moment in its own way.
    begins = (
        "end_date || ' 00:00:00.000000'"
        if op.get_bind().dialect.name == "sqlite"
        else "end_date::timestamp AT TIME ZONE 'UTC'"
    )
    op.execute(f"UPDATE user_account SET ends_at = {begins} WHERE end_date IS NOT NULL")  # noqa: S608 - no values from outside
    op.create_index("ix_user_account_active_ends", "user_account", ["active", "ends_at"])


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)
