"""The short cuts of the tests really are taken: without them, the same tests take twice as long."""

from models import Tenant
from services.core.database import Database
from services.core.runtime import Runtime


async def test_a_query_is_compiled_once_for_all_databases_of_a_kind(
    rollcall: Runtime, tenant: Tenant
) -> None:
    another, one_more = (Database(rollcall.settings.sqlalchemy_url) for _ in range(2))
    compiled = another.reader.sync_engine._compiled_cache
    assert compiled
    for engine in (another.writer, another.urgent, one_more.reader, one_more.urgent):
        assert engine.sync_engine._compiled_cache is compiled
