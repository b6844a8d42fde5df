"""Upgrading from each released schema keeps what is there; a migration that fails harms nothing.

A new release adds the data of its schema as `schemas/<revision>.sql`.
"""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import Connection, text

import models
from models import Role
from services import clock, invitations, migrations, sessions
from services.audit_check import verify
from services.db import Database
from services.errors import OperatorError
from services.settings import Settings
from services.sign_in import sign_in
from services.startup import started
from tests import books, factories
from tests.conftest import BOTH, make_settings
from tests.factories import CALLER, PASSWORD
from tests.postgres import PostgresServer

SCHEMAS = Path(__file__).parent / "schemas"
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


async def _populate(settings: Settings, revision: str) -> None:
    """Fill the database as a Rollcall of that schema had it."""
    database = Database(settings.sqlalchemy_url)

    def fill(connection: Connection) -> None:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:
            connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        written = (SCHEMAS / f"{revision}.sql").read_text(encoding="utf-8")
        for line in written.splitlines():
            if not line.startswith("--"):
                statement = re.sub(r"x'([0-9a-f]+)'", r"'\\x\1'", line) if postgresql else line
                connection.exec_driver_sql(statement)

    async with database.writer.begin() as connection:
        await connection.run_sync(fill)
    await database.close()


@pytest.mark.parametrize("revision", RELEASED)
async def test_an_upgrade_keeps_every_account_session_link_and_entry(
    empty: Settings, revision: str
) -> None:
    await _populate(empty, revision)
    clock.shift(RIGHT_AFTER - datetime.now(UTC))
    async with started(empty):
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
        form = invitations.InvitationForm(
            first_name="Grace", last_name="H", email="g@example.com", role="administrator"
        )
        await invitations.invite(admin, form)
        assert (await verify())[1] is None
