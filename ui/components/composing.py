"""What an element with a field for a new comment (composer.js) hears and says."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from services.core.errors import InvalidInputError, RollcallError, SessionEndedError

Values = Mapping[str, Any]
SCRIPTS = ("live_socket.js", "comment_mentions.js", "composer.js")
"""What the script of such an element imports."""


class Composing(Element):
    """Passes acts on to `on_act`: an act's name, if it is one of `acts`, with the values that a
    browser sent."""

    def hear(self, acts: tuple[str, ...], on_act: Callable[[str, Values], Awaitable[None]]) -> None:
        """Begin to pass them on."""

        async def acted(event: GenericEventArguments) -> None:
            sent = event.args if isinstance(event.args, dict) else {}
            act = sent.get("act")
            if act in acts:
                await on_act(act, sent)

        self.on("act", acted)

    async def post(self, posting: Callable[[], Awaitable[object]]) -> None:
        """Have a comment posted, and empty its field; or say why it isn't: what was written
        stays."""
        try:
            await posting()
        except SessionEndedError:
            return  # the cut brings the page that says it
        except InvalidInputError as error:
            self.run_method("refused", next(iter(error.fields.values())))
        except RollcallError as error:
            self.run_method("refused", str(error))
        else:
            self.run_method("posted")
