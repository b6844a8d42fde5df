"""The tables of templates: of groups, and of tasks with what may be done to each."""

from ui.tables.live_table import IMPORTS, LiveTable


class TemplatesTable(LiveTable, script="templates_table.js", imports=IMPORTS):
    """A live table of templates. The acts of its rows, where the page gives them some, are `edit`,
    `archive` and `restore`."""
