"""Which addresses take a post whose origin is "null", as the defence against other sites decides
it: those that are secrets, and two that need no cookie."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from services.core.names import RESERVED_SLUGS
from tests.robustness.routing import addresses, filled
from tests.robustness.test_routes import SECRET
from ui.headers.requests import CrossOriginDefence

# One changes nothing; to the other, providers' servers post, who sign what they say.
NEEDS_NO_COOKIE = {"/password/strength", "/t/{slug}/sso/backchannel-logout"}


async def _takes(path: str) -> bool:
    """Whether such a post comes through to this path."""
    came: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        came.append(scope["path"])

    def refuse(_request: Request, status: int, sentence: str) -> Response:
        return PlainTextResponse(sentence, status)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        return

    headers = [(b"host", b"rollcall.example"), (b"origin", b"null")]
    scope = {"type": "http", "method": "POST", "scheme": "https", "path": path, "headers": headers}
    await CrossOriginDefence(app, origin="https://rollcall.example", render=refuse)(
        scope, receive, send
    )
    return bool(came)


def _posts() -> set[tuple[str, bool]]:
    """Every path to which something is posted, in organisations with every kind of name; and
    whether it may come from nowhere."""
    return {
        (
            filled(address.path, slug=slug),
            SECRET.fullmatch(address.path) is not None or address.path in NEEDS_NO_COOKIE,
        )
        for address in addresses()
        if address.method == "POST"
        for slug in (*RESERVED_SLUGS, "acme")
    }


async def test_only_addresses_that_are_secrets_take_a_post_from_nowhere() -> None:
    assert [path for path, may in _posts() if await _takes(path) is not may] == []


async def test_no_longer_address_takes_one_since_one_of_them_is_a_part_of_it() -> None:
    longer = {part for path, may in _posts() if may for part in (f"/x{path}", f"{path}/more")}
    assert longer
    assert [path for path in longer if await _takes(path)] == []
