"""The table of customers' people, with the switch that lets them in and shuts them out."""

from collections.abc import Mapping

from models import MailProgress
from ui.tables.live_table import IMPORTS, LiveTable
from ui.words import DEAD_LINK, DEAD_LINK_CLOSED


class CustomersTable(LiveTable, script="customers_table.js", imports=IMPORTS):
    """The live table of customers' people. The acts on its rows are `deactivate` and `activate`."""

    def set_up(self, *, pocs_url: str, mail_words: Mapping[MailProgress, str]) -> None:
        """Have each POC lead to its own page, below this url, and a mail told in these words."""
        self._props["pocs_url"] = pocs_url
        self._props["mail_words"] = {mail.value: words for mail, words in mail_words.items()}
        self._props["dead_link"] = DEAD_LINK
        self._props["dead_link_closed"] = DEAD_LINK_CLOSED
