"""The tables of templates: of groups, and of tasks, each with the acts on it."""

from ui.tables.live_table import IMPORTS, LiveTable


class TemplatesTable(LiveTable, script="templates_table.js", imports=IMPORTS):
    """A live table of templates. If the page offers acts on its rows, they are `edit`, `archive`
    and `restore`."""
