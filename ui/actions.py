"""Turns a refusal into what the person sees. Bugs go on to the log."""

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from services.core.errors import FreshSignInNeededError, RollcallError, SessionEndedError
from ui.components.toast import Toast

P = ParamSpec("P")


def told(
    toast: Toast,
) -> Callable[[Callable[P, Awaitable[None]]], Callable[P, Awaitable[None]]]:
    """Decorate a handler: what it refuses is told in a toast. (A form's dialog tells it itself.)

    What needs a fresh sign-in asks for the password, and is then done again by itself. A session
    that ended is told by the sign-in page, which the cut brings by itself.
    """

    def decorate(handler: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
        @functools.wraps(handler)
        async def run(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                await handler(*args, **kwargs)
            except SessionEndedError:
                return
            except RollcallError as error:
                if isinstance(error, FreshSignInNeededError) and toast.ask_proof:
                    toast.ask_proof(functools.partial(run, *args, **kwargs))
                    return
                toast.show(str(error), tone="error")

        return run

    return decorate
