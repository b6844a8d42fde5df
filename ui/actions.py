"""What handlers share: a refusal becomes what the person sees (bugs go on to the log), and the
browser is led to another page."""

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from nicegui import context, ui

from services.core.errors import FreshSignInNeededError, RollcallError, SessionEndedError
from ui.components.toast import Toast

P = ParamSpec("P")


def go_to(url: str) -> None:
    """Have the browser open another page; nothing happens if this one has closed meanwhile."""
    if not context.client.is_deleted:
        ui.navigate.to(url)


def told(
    toast: Toast,
) -> Callable[[Callable[P, Awaitable[None]]], Callable[P, Awaitable[None]]]:
    """Decorate a handler: what it refuses is shown in a toast. (A form's dialog shows it itself.)

    If a fresh sign-in is needed, the password is asked for, and then the handler runs again by
    itself. If the session has ended, the cut brings the sign-in page by itself.
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
                    toast.ask_proof(functools.partial(run, *args, **kwargs), error.why)
                    return
                toast.show(str(error), tone="error")

        return run

    return decorate
