"""The table of customers' people, with the switch that lets them in and shuts them out."""

from ui.tables.live_table import IMPORTS, LiveTable


class CustomersTable(LiveTable, script="customers_table.js", imports=IMPORTS):
    """The live table of customers' people. The acts on its rows are `deactivate` and `activate`."""

    def link_pocs(self, url: str) -> None:
        """Have each POC lead to its own page, below this url."""
        self._props["pocs_url"] = url
