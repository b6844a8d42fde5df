"""A customer's people and screens, and sessions, mails and comments that belong to them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the schema."""
    _customers()
    _screens()
    _belonging(
        "login_session",
        "user_id",
        ["user_id", "customer_id", "screen_id"],
        "ck_login_session_belongs",
        children=["sso_session"],
    )
    _belonging("outgoing_mail", "user_id", ["user_id", "customer_id"], "ck_outgoing_mail_belongs")
    _belonging(
        "comment",
        "author_id",
        ["author_id", "customer_id"],
        "ck_comment_author",
        children=["comment_mention"],
        indexed=False,
    )
    _add_customer("one_time_link", "customer_id")
    op.create_index(op.f("ix_one_time_link_customer_id"), "one_time_link", ["customer_id"])
    op.add_column(
        "task", sa.Column("reason_shared", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("task", sa.Column("accepted_at", AT, nullable=True))
    _add_customer("task", "accepted_by_id")


def _customers() -> None:
    op.create_table(
        "customer_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status_version", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(200), nullable=False),
        sa.Column("last_name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(400), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("first_here_at", AT, nullable=True),
        sa.Column("last_active_at", AT, nullable=True),
        sa.Column("deactivated_at", AT, nullable=True),
        sa.Column("deactivated_by_id", sa.Uuid(), nullable=True),
        _foreign_key("customer_person", "tenant_id", "tenant"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_person")),
        sa.UniqueConstraint(
            "tenant_id", "email_key", name=op.f("uq_customer_person_tenant_id_email_key")
        ),
    )
    op.create_index(
        "ix_customer_person_tenant_name", "customer_person", ["tenant_id", "name_key", "id"]
    )
    op.create_table(
        "poc_customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("poc_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", AT, nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=True),
        sa.Column("removed_at", AT, nullable=True),
        sa.Column("removed_by_id", sa.Uuid(), nullable=True),
        _foreign_key("poc_customer", "tenant_id", "tenant"),
        _foreign_key("poc_customer", "poc_id", "poc"),
        _foreign_key("poc_customer", "customer_id", "customer_person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poc_customer")),
    )
    op.create_index(op.f("ix_poc_customer_poc_id"), "poc_customer", ["poc_id"])
    op.create_index(op.f("ix_poc_customer_customer_id"), "poc_customer", ["customer_id"])
    op.create_index(
        "uq_poc_customer_present",
        "poc_customer",
        ["poc_id", "customer_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _screens() -> None:
    op.create_table(
        "screen",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("options", sa.String(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", AT, nullable=True),
        _foreign_key("screen", "tenant_id", "tenant"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen")),
    )
    op.create_index(op.f("ix_screen_tenant_id"), "screen", ["tenant_id"])


def _belonging(
    table: str,
    user: str,
    holders: Sequence[str],
    check: str,
    *,
    children: Sequence[str] = (),
    indexed: bool = True,
) -> None:
    """Let the rows of a table belong to others than users: to one of these each.

    SQLite copies the table for that, and rows that refer to it would be left without: they stand
    aside meanwhile.
    """
    parts = " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in holders)
    aside = children if op.get_context().dialect.name == "sqlite" else ()
    for child in aside:
        op.execute(f"CREATE TABLE {child}_aside AS SELECT * FROM {child}")  # noqa: S608 - our names
        op.execute(f"DELETE FROM {child}")  # noqa: S608 - our names
    with op.batch_alter_table(table) as batch:
        batch.alter_column(user, existing_type=sa.Uuid(), nullable=True)
        for column in holders[1:]:
            other = "screen" if column == "screen_id" else "customer_person"
            batch.add_column(sa.Column(column, sa.Uuid(), nullable=True))
            batch.create_foreign_key(
                batch.f(f"fk_{table}_{column}_{other}"), other, [column], ["id"]
            )
            if indexed:
                batch.create_index(batch.f(f"ix_{table}_{column}"), [column])
        batch.create_check_constraint(batch.f(check), sa.text(f"{parts} = 1"))
    for child in aside:
        op.execute(f"INSERT INTO {child} SELECT * FROM {child}_aside")  # noqa: S608 - our names
        op.execute(f"DROP TABLE {child}_aside")


def _add_customer(table: str, column: str) -> None:
    """Add a reference to a customer's person, without which SQLite would copy the table."""
    kind = sa.Uuid().compile(dialect=op.get_context().dialect)
    name = f"fk_{table}_{column}_customer_person"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} "
        f"CONSTRAINT {name} REFERENCES customer_person (id)"
    )


def _foreign_key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)
