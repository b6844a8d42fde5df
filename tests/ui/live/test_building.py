"""Pages are built as NiceGUI builds them, with less work: cached values are the same that it would
compute."""

import gc
import inspect
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from nicegui import Client, client, observables
from nicegui.classes import Classes
from nicegui.element import Element
from nicegui.helpers.functions import expects_arguments as theirs
from nicegui.observables import ObservableCollection
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
    """A method that is made again each time."""

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


class Told:
    """An element, as far as its parts know it."""

    def __init__(self) -> None:
        self.times = 0

    def update(self) -> None:
        """It has changed."""
        self.times += 1


PARTS = [building._Classes, building._Style, building._Props]


@pytest.mark.parametrize("part", PARTS)
def test_an_element_is_told_when_a_part_of_it_changes(part: Callable[..., Any]) -> None:
    told = Told()
    made = part(element=told)
    others: list[object] = []
    made.on_change(lambda: others.append(made))
    made.append("wide") if isinstance(made, list) else made.update(width="1px")
    assert told.times == len(others) == 1


def test_an_element_is_told_of_a_change_deep_within_its_properties() -> None:
    told = Told()
    props = building._Props({"rows": [1]}, element=told)
    props["rows"] = [1]
    props["rows"].append(2)
    assert told.times == 2


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_an_element_is_freed_without_the_garbage_collector(
    part: Callable[..., Any],
) -> None:
    told = Told()
    gc.disable()
    try:
        made = part(element=told)
        freed = weakref.ref(made)
        del made
        assert freed() is None
    finally:
        gc.enable()


def test_elements_are_made_of_these_parts_and_nicegui_of_the_same() -> None:
    source = inspect.getsource(Element.__init__)
    for name in ("Classes", "Style", "Props"):
        assert f"{name}(self._default_" in source
    assert "self._change_handlers_with_args" in inspect.getsource(ObservableCollection)
    assert "self.outbox.enqueue_delete(element)" in inspect.getsource(Client.remove_elements)
