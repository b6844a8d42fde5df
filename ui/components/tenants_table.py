"""The table of organisations, with what Platform Admins do to each."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from nicegui.events import GenericEventArguments

from ui.input import as_uuid
from ui.tables.live_table import IMPORTS, LiveTable


class TenantsTable(LiveTable, script="tenants_table.js", imports=IMPORTS):
    """The live table of organisations, whose names lead into them."""

    def on_act(self, name: str, handler: Callable[[UUID], Awaitable[None]]) -> None:
        """Have this do what the button of a row asks for: `rename`, `close` or `reopen`."""

        async def asked(event: GenericEventArguments) -> None:
            row_id = as_uuid(event.args.get("id")) if isinstance(event.args, dict) else None
            if row_id is not None:
                await handler(row_id)

        self.on(name, asked)
