"""Open pages: who they belong to, closing them at once, guarding their sockets, telling them news.

This is the only package that touches NiceGUI's private names; `tests/ui/live/test_contract.py`
watches them.
"""

from ui.live.asking import InTurn, end_pause, known_as
from ui.live.collector import quiet_gc
from ui.live.connection import MOST_UNFINISHED
from ui.live.cut import cut
from ui.live.errors import plain_errors
from ui.live.flood import install, keep_pace, require_calm
from ui.live.guard import tell_missed
from ui.live.page_template import lay_out_plainly
from ui.live.pages import (
    OpenPage,
    all_pages,
    any_open,
    hurry,
    opened,
    pages_of_sessions,
    register,
    session_ids,
)
from ui.live.rest import slow_pings
from ui.live.rooms import Room, broadcast, broadcast_soon, is_watched
from ui.live.turns import TurnedPage, actor_in, turn_to_read
from ui.live.unused import without_middlewares, without_process_pool, without_redirects

__all__ = [
    "MOST_UNFINISHED",
    "InTurn",
    "OpenPage",
    "Room",
    "TurnedPage",
    "actor_in",
    "all_pages",
    "any_open",
    "broadcast",
    "broadcast_soon",
    "cut",
    "end_pause",
    "hurry",
    "install",
    "is_watched",
    "keep_pace",
    "known_as",
    "lay_out_plainly",
    "opened",
    "pages_of_sessions",
    "plain_errors",
    "quiet_gc",
    "register",
    "require_calm",
    "session_ids",
    "slow_pings",
    "tell_missed",
    "turn_to_read",
    "without_middlewares",
    "without_process_pool",
    "without_redirects",
]
