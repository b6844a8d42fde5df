"""The short cuts that tests take really are taken: without them the same tests take twice as long."""

from services.core.runtime import Runtime
from tests import quick


async def test_a_query_is_compiled_once_for_all_databases_of_a_kind(rollcall: Runtime) -> None:
    reader, writer = rollcall.database.reader.sync_engine, rollcall.database.writer.sync_engine
    first = quick._first[reader.dialect.name]
    assert reader._compiled_cache is first._compiled_cache
    assert writer._compiled_cache is first._compiled_cache
