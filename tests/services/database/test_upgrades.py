"""Upgrading from each released schema keeps what is there; a migration that fails harms nothing.

A new release adds the data of its schema as `schemas/<revision>.sql`.
"""

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlmodel import select

import models
from models import Role
from services.audit.check import verify
from services.core import clock
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database import migrations, rewritten_schemas, vault
from services.database.engines import Database
from services.database.startup import started
from services.database.transaction import reading
from services.sessions import sessions
from services.sign_in.sign_in import sign_in
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.conftest import BOTH, make_settings
from tests.factories import CALLER, PASSWORD
from tests.postgres import PostgresServer

SCHEMAS = Path(__file__).parents[1] / "schemas"
RELEASED = sorted(path.stem for path in SCHEMAS.glob("*.sql"))
SECRET = "the secret of the populated database"
# A cookie of Ada's, and Noor's invitation, as they had them before the upgrade.
COOKIE = "0AusZ7290T7H-h9Rl96QFWJmyPn5qO3OeAz5cLRWe8o"
INVITATION = "53Y07G3FgkjHctcGF-j8NSw047HkSXZxs-ZvbRZkY-A"
RIGHT_AFTER = datetime(2026, 1, 15, 9, 23, tzinfo=UTC)


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a database without any table."""
    url: str | None = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.url(server.create_database(empty=True))
    settings = make_settings(tmp_path, url)
    return settings.model_copy(update={"secret": SecretStr(SECRET)})


async def _populate(
    settings: Settings, revision: str, *, data: str = "", then: Sequence[str] = ()
) -> None:
    """Fill the database as a Rollcall of that schema had it (or with the data of an older one),
    then change the tables."""
    database = Database(settings.sqlalchemy_url)

    def fill(connection: Connection) -> None:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:
            connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        written = (SCHEMAS / f"{data or revision}.sql").read_text(encoding="utf-8")
        for line in written.splitlines():
            if not line.startswith("--"):
                statement = re.sub(r"x'([0-9a-f]+)'", r"'\\x\1'", line) if postgresql else line
                connection.exec_driver_sql(statement)

    async with database.writer.begin() as connection:
        await connection.run_sync(fill)
    async with database.writer.begin() as connection:
        for statement in then:
            await connection.exec_driver_sql(statement)
    await database.close()


@pytest.mark.slow
@pytest.mark.parametrize("revision", RELEASED)
async def test_an_upgrade_keeps_every_account_session_link_and_entry(
    empty: Settings, revision: str
) -> None:
    await _populate(empty, revision)
    await _assert_nothing_is_lost(empty)


@pytest.mark.long
async def test_an_upgrade_keeps_what_is_sealed(empty: Settings) -> None:
    await _populate(empty, "0008")
    async with started(empty):
        (ada,) = await books.users_with("ada@example.com")
        async with reading() as tx:
            authenticator = await tx.get_one(models.Authenticator, ada.id)
            passkey = (await tx.exec(select(models.Passkey))).one()
            connection = (await tx.exec(select(models.SsoConnection))).one()
        assert vault.unseal(authenticator.sealed_secret) == "JBSWY3DPEHPK3PXP"
        assert vault.unseal(connection.sealed_secret) == "client secret"
        assert passkey.sign_count == 3_000_000_000
        assert await vault.rotate() == 3


# Second factors as schemas 0002 to 0004 had them for a while.
EARLY = (
    *(f"CREATE TABLE {table} (id INTEGER)" for table in rewritten_schemas.REMOVED),
    "ALTER TABLE tenant ADD COLUMN second_factor_policy VARCHAR(40) DEFAULT 'optional' NOT NULL",
    "ALTER TABLE user_account ADD COLUMN has_second_factor BOOLEAN DEFAULT false NOT NULL",
)
SSO = ("sso_session", "sso_connection", "external_identity", "seen_logout_token")
# Each schema of the branch of releases that was rewritten later: its number, the nearest
# revision of today's, and what is different.
REWRITTEN = {
    "0001, no index of counts": ("0001", ["DROP INDEX ix_user_account_tenant_counts"]),
    "0002, second factors": ("0002", EARLY),
    "0004, second factors, no single sign-on": (
        "0004",
        (*EARLY, *(f"DROP TABLE {table}" for table in SSO)),
    ),
    "0004, second factors": ("0004", EARLY),
    "0006, now 0005": ("0005", ["UPDATE alembic_version SET version_num = '0006'"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REWRITTEN)
async def test_a_database_of_a_schema_that_was_rewritten_upgrades_too(
    empty: Settings, name: str
) -> None:
    revision, changes = REWRITTEN[name]
    await _populate(empty, revision, data="0001", then=changes)
    await _assert_nothing_is_lost(empty)


# Migrations that had an earlier number for a while, until others were put before them: the last
# before them, those in the order in which they ran, and the number that they left.
OUT_OF_LINE = {
    "looks before customers": ("0015", ["0020"], "0016"),
    "passkeys before lists": ("0011", ["0014"], "0014"),
    "files of templates, which add no column, last": ("0023", ["0026", "0028", "0027"], "0026"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OUT_OF_LINE)
async def test_a_database_whose_migrations_ran_in_another_order_upgrades_too(
    empty: Settings, name: str
) -> None:
    revision, then, number = OUT_OF_LINE[name]
    await _populate(empty, revision, data="0001")
    await _run_out_of_line(empty, then, number)
    await _assert_nothing_is_lost(empty)


async def _run_out_of_line(settings: Settings, migrations_run: list[str], number: str) -> None:
    scripts = ScriptDirectory.from_config(migrations._config())

    def run(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        with Operations.context(context):
            for revision in migrations_run:
                scripts.get_revision(revision).module.upgrade()
        connection.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": number})

    database = Database(settings.sqlalchemy_url)
    async with database.writer.begin() as connection:
        await connection.run_sync(run)
    await database.close()


@pytest.mark.parametrize(
    ("revision", "then", "number"),
    [
        pytest.param("0019", "0021", "0019", id="a migration that isn't counted"),
        pytest.param("0031", "0033", "0032", id="columns of the next number"),
    ],
)
async def test_a_number_that_does_not_count_the_migrations_is_refused_with_the_way_on(
    empty: Settings, revision: str, then: str, number: str
) -> None:
    await _populate(empty, revision, data="0001")
    await _run_out_of_line(empty, [then], number)
    with pytest.raises(OperatorError, match=r"Or run the version that made it, export there"):
        async with started(empty):
            pass


async def test_what_nobody_can_take_over_is_told_and_left(empty: Settings) -> None:
    rows = ("INSERT INTO authenticator (id) VALUES (1)",)
    await _populate(empty, "0002", data="0001", then=(*EARLY, *rows))
    with pytest.raises(OperatorError, match=r"its authenticator holds .* Empty that table"):
        async with started(empty):
            pass


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TABLE recovery_code", "without recovery_code.code_hash"),
        (
            "ALTER TABLE user_account DROP COLUMN invited_by_id",
            "without user_account.invited_by_id",
        ),
        ("CREATE TABLE passkey (id INTEGER)", "with passkey"),
        ("ALTER TABLE tenant ADD COLUMN time_zone TEXT", r"with tenant\.time_zone"),
    ],
)
async def test_a_schema_of_no_release_is_told_before_anything_changes(
    empty: Settings, change: str, told: str
) -> None:
    await _populate(empty, "0006", data="0001", then=[change])
    for _ in range(2):
        with pytest.raises(OperatorError, match=f"schema is 0006, .*{told}") as refusal:
            async with started(empty):
                pass
        assert "Nothing was changed" in str(refusal.value)


async def test_a_database_of_the_newest_number_without_its_columns_is_told(empty: Settings) -> None:
    await _populate(empty, "head", data="0008", then=["ALTER TABLE tenant DROP COLUMN closed_at"])
    with pytest.raises(OperatorError, match=r"without tenant\.closed_at"):
        async with started(empty):
            pass


async def _assert_nothing_is_lost(settings: Settings) -> None:
    clock.shift(RIGHT_AFTER - datetime.now(UTC))
    async with started(settings):
        found, newest = await migrations.schema()
        assert found == newest
        assert await verify() == (22, None)
        (soren, again) = await books.users_with("søren@xn--bcher-kva.example")
        assert (soren.full_name, soren.role, soren.active) == (
            "Søren Åge O'Brien",
            Role.ADMINISTRATOR,
            False,
        )
        assert soren.successor_id == again.id
        visit = await sessions.recognise(COOKIE, "acme", CALLER)
        assert visit.name == "Ada Lovelace"
        assert (await sign_in("acme", "grace@example.com", PASSWORD, CALLER)).token
        assert (await sign_in(None, "robin@example.com", PASSWORD, CALLER)).token
        noor = await invitations.accept("acme", INVITATION, PASSWORD, CALLER)
        assert noor.role is Role.SALES_ENGINEER
        (mail,) = await books.mails_of((await books.users_with("else@example.com"))[0].id)
        assert mail.state is models.MailState.WAITING
        assert (await verify())[1] is None


BROKEN = '''
"""Changes everything, and then fails."""
from alembic import op
import sqlalchemy as sa
revision, down_revision = "9999", "{head}"

def upgrade():
    op.create_table("half_done", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("user_account", sa.Column("half_done", sa.Integer()))
    op.execute("UPDATE user_account SET first_name = 'Half done'")
    op.execute("DELETE FROM audit_event")
    op.execute("INSERT INTO half_done (id) VALUES (1), (1)")
'''


@pytest.mark.long
async def test_a_failed_migration_leaves_the_old_database_usable(
    empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(empty):
        tenant = await factories.create_tenant()
        ada = await factories.create_admin(tenant)
        admin = await factories.sign_in(ada)
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(models.migrations.__file__).parent, scripts)
    head = max(path.name[:4] for path in (scripts / "versions").glob("0*.py"))
    (scripts / "versions" / "9999_broken.py").write_text(BROKEN.replace("{head}", head))
    with monkeypatch.context() as patched:
        patched.setattr(models.migrations, "__file__", str(scripts / "__init__.py"))
        with pytest.raises(OperatorError, match=r"failed.*as it was") as refusal:
            async with started(empty):
                pass
    assert "UNIQUE" in str(refusal.value).upper()
    async with started(empty):  # the old version runs on it
        assert (await books.user_of(ada.id)).first_name == "Ada"
        form = InvitationForm(
            first_name="Grace", last_name="H", email="g@example.com", role="administrator"
        )
        await invitations.invite(admin, form)
        assert (await verify())[1] is None
