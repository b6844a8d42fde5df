"""What a person's browser has the server keep for their other browsers."""

from typing import Any

from services.access.actor import Actor
from services.lists import choices
from services.lists.declaration import LiveList
from tests.replicas.people import until


async def views_are_kept(actor: Actor, live_list: LiveList[Any], *names: str) -> None:
    """Wait until these are the saved views of a list: the page shows a view as saved before the
    server has it, and another page that is opened before that hears of nothing."""

    async def is_kept() -> bool:
        kept = await choices.find_choices(actor, live_list)
        return tuple(view.name for view in kept.views) == names

    await until(is_kept)
