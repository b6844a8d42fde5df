"""The table of organisations, with the acts of Platform Admins on each."""

from ui.tables.live_table import IMPORTS, LiveTable


class TenantsTable(LiveTable, script="tenants_table.js", imports=(*IMPORTS, "written.js")):
    """The live table of organisations, whose names lead into them. The acts on its rows are
    `rename`, `close` and `reopen`."""
