"""What a running Rollcall keeps in memory belongs to it, and to no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.database import runtime
from services.database.postgresql_transport import PostgresqlTransport
from services.database.sqlite_transport import SqliteTransport
from services.database.startup import assemble
from tests.conftest import make_settings


class _Counted(list[str]):
    """What a noun might remember."""


@pytest.fixture
def _nothing_runs() -> Iterator[None]:
    runtime.use(None)
    yield
    runtime.use(None)


def test_a_part_is_made_once_for_each_rollcall(tmp_path: Path) -> None:
    first, second = (assemble(make_settings(tmp_path), b"") for _ in range(2))
    first.part(_Counted).append("remembered")
    assert first.part(_Counted) == ["remembered"]
    assert second.part(_Counted) == []
    assert first.process_id != second.process_id


@pytest.mark.usefixtures("_nothing_runs")
def test_before_the_start_nothing_is_there() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        runtime.current()


def test_the_database_decides_how_events_travel(tmp_path: Path) -> None:
    on_sqlite = assemble(make_settings(tmp_path), b"")
    on_postgresql = assemble(
        make_settings(tmp_path, "postgresql://rollcall@localhost/rollcall"), b""
    )
    assert isinstance(on_sqlite.transport, SqliteTransport)
    assert isinstance(on_postgresql.transport, PostgresqlTransport)
