"""What puts a page at an address."""

from functools import partial

from ui.live import TurnedPage

# Seconds: a little more than a request waits for a database that went silent (10, as
# services/core/postgresql.py has it), whose sentence says more. NiceGUI gives up after 3, which a
# machine that is merely busy takes now and then.
BUILD_SECONDS = 12.0

add_page = partial(TurnedPage, response_timeout=BUILD_SECONDS)
