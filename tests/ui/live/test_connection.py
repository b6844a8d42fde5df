"""What a socket says is told to its page at once, and to nobody once the page is closed."""

from starlette.types import Message

from services.database.runtime import Runtime
from ui.live.connection import Connection


async def test_a_page_hears_each_frame_before_it_is_passed_on_until_it_is_closed(
    rollcall: Runtime,
) -> None:
    async def receive() -> Message:
        return {"type": "websocket.receive", "text": '42["event",{}]'}

    connection = Connection(receive)
    try:
        await connection.receive()
        heard: list[str] = []
        connection.heard = heard.append
        message = await connection.receive()
        assert heard == [message["text"]]
        connection.spend_its_own()
        await connection.receive()
        assert len(heard) == 1
    finally:
        connection.hang_up()
