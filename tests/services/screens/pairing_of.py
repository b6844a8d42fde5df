"""A screen as it is paired: by a code, an admin, and a key."""

from services.access.actor import Actor
from services.access.outsiders import ScreenActor
from services.screens import pairing, screens
from tests.factories import CALLER
from tests.services.screen_calls import new_screen


async def paired(admin: Actor, **shown: object) -> tuple[ScreenActor, str]:
    """A new screen of the admin's tenant, and its cookie's token."""
    offer = await pairing.offer_code(CALLER, None)
    await pairing.pair_screen(admin, new_screen(offer.code, **shown))
    token = await pairing.claim_session(CALLER, offer.key)
    return await screens.recognise(token, CALLER), token
