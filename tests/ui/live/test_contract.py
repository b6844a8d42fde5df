"""What `ui.live` relies on in NiceGUI, socket.io and engine.io, beside their public names.

An upgrade that moves one of these fails here, and not in the middle of a cut.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import engineio
import nicegui
import pytest
import socketio
from engineio.async_drivers import asgi
from engineio.async_socket import AsyncSocket
from nicegui import Client, core, run
from nicegui import nicegui as server
from nicegui.element import Element
from nicegui.elements.mixins import visibility
from nicegui.middlewares import RedirectWithPrefixMiddleware, SetCacheControlMiddleware
from nicegui.outbox import Outbox
from starlette.middleware import Middleware
from starlette.requests import Request

from ui.live import leftovers
from ui.live.connection import EVENTS
from ui.live.errors import CutPages
from ui.live.page_template import THEIR_FALLBACK, UNUSED
from ui.live.unused import without_middlewares

PACKAGE = Path(nicegui.__file__).parent
SCRIPT = (PACKAGE / "static" / "nicegui.js").read_text(encoding="utf-8")
TEMPLATE = (PACKAGE / "templates" / "index.html").read_text(encoding="utf-8")
UI = Path(__file__).parents[3] / "ui"
SIGNED_IN = UI / "styles" / "21-signed-in.css"
LIVE_SCRIPT = UI / "static" / "live.js"
# What pages take of `nicegui.ui`: none of it is drawn by Quasar.
PLAIN = {
    "add_head_html",
    "context",
    "download",
    "element",
    "navigate",
    "page",
    "page_title",
    "run_with",
}

page_module = importlib.import_module("nicegui.page")


def test_nicegui_is_the_version_that_was_read() -> None:
    assert nicegui.__version__ == "3.18.0", "read its changes, then this file and ui/live again"


def test_the_server_takes_the_messages_that_are_guarded_and_no_others() -> None:
    assert set(core.sio.handlers["/"]) == EVENTS | {"connect", "disconnect"}
    assert "*" not in core.sio.handlers
    assert not core.sio.namespace_handlers


def test_the_page_says_what_is_let_through_and_nothing_else() -> None:
    said = set(re.findall(r'socket\??\.emit\(\s*"(\w+)"', SCRIPT))
    said |= set(re.findall(r'42\["(\w+)"', SCRIPT))
    assert said == EVENTS


@pytest.mark.parametrize(
    ("handler", "parameters"),
    [
        (server._on_connect, 3),
        (server._on_handshake, 2),
        (server._on_disconnect, 1),
        (server._on_event, 2),
        (server._on_javascript_response, 2),
        (server._on_ack, 2),
        (Client._cancel_delete_task, 2),
        (Client.delete, 1),
    ],
)
def test_a_handler_takes_what_it_is_given(handler: Callable[..., object], parameters: int) -> None:
    assert len(inspect.signature(handler).parameters) == parameters


def test_only_connecting_and_the_handshake_are_awaited() -> None:
    awaited = {
        handler.__name__
        for handler in vars(server).values()
        if inspect.iscoroutinefunction(handler) and handler.__name__.startswith("_on_")
    }
    assert awaited == {"_on_connect", "_on_handshake"}


def test_connecting_takes_the_handshake_from_the_query() -> None:
    source = inspect.getsource(server._on_connect)
    assert "implicit_handshake" in source
    assert "data.get('QUERY_STRING', '')" in source
    handshake = inspect.getsource(server._on_handshake)
    taken = set(re.findall(r"data(?:\.get\(|\[)'(\w+)'", handshake))
    assert taken == {"client_id", "tab_id", "old_tab_id", "document_id", "next_message_id"}


def test_a_client_is_in_the_table_until_it_is_deleted() -> None:
    assert isinstance(Client.instances, dict)
    source = inspect.getsource(Client)
    for line in (
        "self._delete_tasks: dict[str, asyncio.Task] = {}",
        "self._request = request",
        "self._request.scope['nicegui_page_path'] = self.page.path",
        "del Client.instances[self.id]",
        "self.outbox.stop()",
    ):
        assert line in source


def test_nothing_is_asked_of_a_pages_request_later_but_what_is_kept() -> None:
    asked = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"client\.request\.scope(?:\.get\(|\[)'(\w+)'", source))
    assert asked == {"route", "headers"}
    assert asked | {"client"} < leftovers.KEPT
    assert {"_receive", "_send"} <= vars(Request({"type": "http"})).keys()


def test_nothing_is_asked_of_a_sockets_environment_later_but_what_is_kept() -> None:
    theirs = (engineio.AsyncServer._make_response, engineio.AsyncServer._cors_headers)
    asked = set()
    for function in (*theirs, asgi.make_response):
        source = inspect.getsource(function)
        asked |= set(re.findall(r"environ\['([\w.]+)'\]", source))
    assert "asgi.scope" in asked
    # Its headers are asked for only if they are there.
    assert {name for name in asked if not name.startswith("HTTP_")} <= leftovers.ASKED_FOR


def test_events_are_looked_up_where_they_are_checked() -> None:
    assert "self.elements.get(msg['id'])" in inspect.getsource(Client.handle_event)
    assert "self._event_listeners[msg['listener_id']]" in inspect.getsource(Element._handle_event)


def test_messages_go_to_the_room_of_the_client() -> None:
    assert "core.sio.emit(message_type, data, room=client_id)" in inspect.getsource(Outbox._emit)
    assert "sio.enter_room(sid, client.id)" in inspect.getsource(server._on_handshake)


def test_a_page_that_is_given_up_shows_the_error_content() -> None:
    source = inspect.getsource(page_module)
    assert "from .error import error_content" in source
    assert source.count("create_terminal_error_page(") == 3
    assert "error_content(500, message)" in source
    assert "if page_exception_handler is None:\n                raise e" in source


def test_engine_io_serves_connections_where_they_are_wrapped() -> None:
    assert isinstance(core.sio, socketio.AsyncServer)
    assert inspect.iscoroutinefunction(engineio.AsyncServer.handle_request)
    assert "self.eio.handle_request(" in inspect.getsource(socketio.AsyncServer.handle_request)
    assert "'asgi.scope': scope" in inspect.getsource(asgi.translate_request)
    for name in ("transports", "cors_allowed_origins", "max_http_buffer_size"):
        assert hasattr(core.sio.eio, name)
    assert inspect.signature(core.sio.manager.basic_leave_room).parameters.keys() == {
        "sid",
        "namespace",
        "room",
    }
    assert core.sio.reason.CLIENT_DISCONNECT == "client disconnect"


def test_engine_io_ends_a_websocket_when_receiving_ends() -> None:
    source = inspect.getsource(asgi.WebSocket.wait)
    assert "if event['type'] != 'websocket.receive':\n            raise OSError()" in source


def test_the_settings_exist_that_the_guard_sets() -> None:
    assert isinstance(core.app.config.socket_io_js_transports, list)
    assert isinstance(core.app.storage.max_tab_storage_age, float)


def test_the_script_finds_its_hooks_in_nicegui_s_page() -> None:
    assert "window.socket = io(url" in SCRIPT
    assert "window.socket.on(event, async" in SCRIPT
    assert "connect_error: (err) =>" in SCRIPT
    assert "window.nextMessageId" in SCRIPT
    assert re.search(
        r'<div id="popup"[^>]*>\s*<span>[^<]*</span>\s*<span>[^<]*</span>\s*</div>', TEMPLATE
    )
    assert TEMPLATE.index("{{ head_html") < TEMPLATE.index("nicegui.js")
    assert "rollcall_cut" in LIVE_SCRIPT.read_text(encoding="utf-8")


def test_the_pool_of_processes_is_made_where_it_is_left_out() -> None:
    assert "run.setup()" in inspect.getsource(server._startup)
    assert "if process_pool is not None" in inspect.getsource(run.tear_down)


def test_every_script_of_the_template_can_carry_a_nonce() -> None:
    assert not re.search(r"\son\w+\s*=\s*[\"']", TEMPLATE), "an inline handler needs unsafe-inline"
    assert "'X-NiceGUI-Content': 'page'" in inspect.getsource(Client.build_response)


def test_the_template_has_the_words_that_ours_replace_until_the_scripts_are_there() -> None:
    assert f'<div id="esm-fallback">{THEIR_FALLBACK}</div>' in TEMPLATE
    assert 'document.getElementById("esm-fallback")?.remove();' in TEMPLATE


def test_the_template_has_what_is_left_out_and_nothing_else_of_it() -> None:
    left = TEMPLATE
    for unused in UNUSED:
        left, times = unused.subn("", left)
        assert times == 1, f"this is to be left out: {unused.pattern}"
    assert not re.search(r"quasar|fonts\.css|nicegui\.css|dompurify", left, re.IGNORECASE)
    assert "app.mount(" in left
    # Without Quasar: a notice is the only thing for which NiceGUI's own script needs it.
    assert re.findall(r"Quasar\.\w+", SCRIPT) == ["Quasar.Notify"]


def test_pages_use_only_what_works_without_quasar() -> None:
    used, tags = set(), set()
    for path in UI.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        tags |= set(re.findall(r"[eE]lement\(\"(q-[\w-]+)\"", text))
        if re.search(r"^from nicegui import .*\bui\b", text, re.MULTILINE):
            used |= {
                node.attr
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "ui"
            }
    assert used
    assert used <= PLAIN
    assert not tags


def test_the_three_elements_around_a_page_are_those_that_are_made_plain() -> None:
    source = inspect.getsource(Client)
    assert re.findall(r"Element\('(q-[\w-]+)'", source) == [
        "q-layout",
        "q-page-container",
        "q-page",
    ]
    assert "as self.layout:" in source
    assert "as self.page_container:" in source
    assert "self.content = Element('div')" in source


def test_an_element_that_is_not_visible_has_the_class_that_our_styles_hide() -> None:
    assert "append('hidden')" in inspect.getsource(visibility)
    assert "#app .hidden {\n    display: none !important;" in SIGNED_IN.read_text(encoding="utf-8")


def test_an_outbox_waits_in_one_place_and_is_woken_to_stop() -> None:
    source = inspect.getsource(Outbox)
    assert source.count("wait_for(") == 1
    assert "await asyncio.wait_for(self._enqueue_event.wait(), timeout=1.0)" in source
    assert "self._set_enqueue_event()" in inspect.getsource(Outbox.stop)


def test_an_outbox_sleeps_where_its_page_has_no_socket_and_after_a_failure() -> None:
    source = inspect.getsource(Outbox)
    assert re.findall(r"(.*)\n +await asyncio\.sleep\(0\.1\)", source) == [
        " " * 16 + "if not client or not client.has_socket_connection:",
        " " * 16 + "core.app.handle_exception(e)",
    ]
    assert source.count("asyncio.sleep(") == 2


def test_engine_io_makes_and_asks_its_sockets_as_ours_are() -> None:
    assert "s = async_socket.AsyncSocket(self, sid)" in inspect.getsource(
        engineio.AsyncServer._handle_connect
    )
    assert "if self.start_service_task:" in inspect.getsource(engineio.AsyncServer)
    source = inspect.getsource(AsyncSocket)
    assert re.findall(r"self\.schedule_ping\(\)", source) == ["self.schedule_ping()"]
    assert "self.last_ping = time.time()" in source
    assert "await self.queue.put(None)  # unlock the writer task" in source


def test_the_middlewares_around_the_pages_are_those_that_are_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = inspect.getsource(importlib.import_module("nicegui.ui_run_with"))
    added = set(re.findall(r"\.add_middleware\((\w+)", source))
    assert added == {
        "gzip_middleware_factory",  # we give none
        RedirectWithPrefixMiddleware.__name__,
        SetCacheControlMiddleware.__name__,
    }

    ours = Middleware(CutPages)
    theirs = [Middleware(RedirectWithPrefixMiddleware), Middleware(SetCacheControlMiddleware)]
    monkeypatch.setattr(core.app, "user_middleware", [ours, *theirs])
    without_middlewares()
    assert core.app.user_middleware == [ours]
