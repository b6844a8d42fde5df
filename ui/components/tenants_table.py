"""The table of organisations, with what Platform Admins do to each."""

from ui.tables.live_table import IMPORTS, LiveTable


class TenantsTable(LiveTable, script="tenants_table.js", imports=IMPORTS):
    """The live table of organisations, whose names lead into them. The acts of its rows are
    `rename`, `close` and `reopen`."""
