"""Pages are built as NiceGUI builds them, with less work: cached values are the same that it would
compute."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from nicegui import Client, client, observables
from nicegui.classes import Classes
from nicegui.helpers.functions import expects_arguments as theirs
from nicegui.props import Props

from ui.live import building


class Handlers:
    """Methods as pages have them."""

    def nothing(self) -> None:
        """Takes nothing."""

    def one(self, event: object) -> None:
        """Takes what happened."""

    def perhaps(self, event: object = None, *more: object, **named: object) -> None:
        """Takes what happened, and needs nothing."""


def bound_within(value: object) -> Callable[..., Any]:
    """A method that is made anew each time."""

    class Local:
        def method(self, event: object) -> object:
            return value, event

    return Local().method


HANDLERS = Handlers()


@pytest.mark.parametrize(
    "called",
    [
        HANDLERS.nothing,
        HANDLERS.one,
        HANDLERS.perhaps,
        bound_within(1),
        partial(HANDLERS.one, 1),
        Handlers.one,
        lambda: None,
        lambda event: event,
        Classes._update,
        [].append,
    ],
)
def test_whether_something_has_to_be_given_is_found_as_nicegui_finds_it(
    called: Callable[..., Any],
) -> None:
    assert building.expects_arguments(called) is theirs(called)
    assert building.expects_arguments(called) is theirs(called), "the second time, too"


def test_a_method_is_looked_at_once_however_many_objects_have_it() -> None:
    building._of_method.cache_clear()
    for _ in range(5):
        assert not building.expects_arguments(Handlers().nothing)
    assert building._of_method.cache_info().misses == 1


def test_what_a_method_was_made_with_is_not_kept() -> None:
    building._of_method.cache_clear()
    building.expects_arguments(bound_within(object()))
    assert building._of_method.cache_info().currsize == 0


@pytest.mark.parametrize(
    "text", ["", "plain", "a & b < c > d ` e $ f", "&amp; &#36; $$ “…” \U0001f600"]
)
def test_a_text_is_escaped_as_pythons_own_way_does_it(text: str) -> None:
    table = client.HTML_ESCAPE_TABLE
    assert building.Escaping(text).translate(table) == text.translate(table)


def test_nicegui_asks_and_escapes_where_it_is_changed() -> None:
    source = inspect.getsource(Client.build_response)
    assert "elements = json.dumps({" in source
    assert "elements.translate(HTML_ESCAPE_TABLE)" in source
    assert "helpers.expects_arguments(on_change)" in inspect.getsource(observables)
    for kept in (Classes, Props):
        assert "on_change=self._update" in inspect.getsource(kept.__init__)
