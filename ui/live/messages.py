"""What each message of a page must look like, so that NiceGUI can process it without an error."""

import logging
import re
from typing import Any

from nicegui import Client, json

from ui.live.pages import OpenPage

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

MOST_NESTED = 32
"""How deep an argument's lists and objects may be nested. A form's values have four levels; what
was read can be too deep to be written again (orjson writes 254)."""

_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,15}")


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return type(value) is int or (isinstance(value, str) and _NUMBER.fullmatch(value) is not None)


def is_greeting(query: dict[str, Any]) -> bool:
    """Whether a handshake (or the query of a connection) has everything that it needs."""
    return (
        all(_is_token(query.get(name)) for name in ("client_id", "tab_id", "document_id"))
        and (query.get("old_tab_id") is None or _is_token(query["old_tab_id"]))
        and (query.get("next_message_id") is None or _is_number(query["next_message_id"]))
    )


def is_handshake(message: dict[str, Any], _page: OpenPage) -> bool:
    """Whether this is an explicit handshake."""
    return is_greeting(message)


def is_event(message: dict[str, Any], page: OpenPage) -> bool:
    """Whether the page has such an element with such a listener, and the arguments are JSON."""
    client, args = Client.instances.get(page.client_id), message.get("args", [])
    if client is None or type(message.get("id")) is not int or not isinstance(args, list):
        return False
    element, listener_id = client.elements.get(message["id"]), message.get("listener_id")
    if element is None or not isinstance(listener_id, str):
        return False
    return listener_id in element._event_listeners and all(map(_is_argument, args))


def _is_argument(arg: object) -> bool:
    if arg is None:
        return True
    if not isinstance(arg, str):
        return False
    try:
        value = json.loads(arg)
    except ValueError:
        return False
    return arg.count("[") + arg.count("{") <= MOST_NESTED or not _is_too_deep(value)


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MOST_NESTED + 1):
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
        if not below:
            return False
        level = below
    return True


def is_response(message: dict[str, Any], _page: OpenPage) -> bool:
    """Whether this is the result of JavaScript that the server asked for."""
    return isinstance(message.get("request_id"), str)


def is_ack(message: dict[str, Any], _page: OpenPage) -> bool:
    """Whether this says which messages have arrived."""
    return type(message.get("next_message_id")) is int


def is_log(message: dict[str, Any], _page: OpenPage) -> bool:
    """Whether this is something to be logged."""
    level = message.get("level")
    return isinstance(level, str) and level in LEVELS and isinstance(message.get("message"), str)
