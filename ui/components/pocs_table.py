"""The table of POCs."""

from ui.tables.live_table import IMPORTS, LiveTable


class PocsTable(LiveTable, script="pocs_table.js", imports=IMPORTS):
    """The live table of POCs, each with its owner, its status, both sides and its last day."""

    def count_days_in(self, zone: str) -> None:
        """Have it tell how many days are left in this time zone (no name: UTC)."""
        self._props["zone"] = zone
