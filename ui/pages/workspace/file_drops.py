"""Where files are dropped on a page, with how much room there is, live."""

from collections.abc import Awaitable, Callable

from services.workspace.files import Room
from ui.components.file_drop import FileDrop
from ui.components.refresher import Refresher
from ui.components.toast import Toast


async def dropped(
    toast: Toast, url: str, find_room: Callable[[], Awaitable[Room]], *, event: str
) -> None:
    """Take files to `url`; after `event` the room may be another."""
    room = await find_room()
    drop = FileDrop(url, used=room.used, most=room.most, most_of_file=room.most_of_file)

    async def refresh() -> None:
        drop.show_used((await find_room()).used)

    Refresher(event, refresh, toast)
